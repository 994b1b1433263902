/** The first page: in a drill one button, else the ways in that this room has. */

import { useEffect, useState } from "preact/hooks";
import { door } from "../door";
import type { Session } from "../types";
import { words } from "../words";
import { Prove, waysOf } from "./Prove";

const say = words.signIn;

/** `drill` is null when the server has not said which it is. */
export function SignIn({ drill, enter }: { drill: boolean | null; enter: () => Promise<void> }) {
  return (
    <main class={`sign-in ${drill ? "drill" : ""}`}>
      <b class="brand">{words.name}</b>
      {drill === false ? <Door enter={enter} /> : <Demo enter={enter} />}
    </main>
  );
}

function Demo({ enter }: { enter: () => Promise<void> }) {
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState("");
  const go = async () => {
    setWaiting(true);
    setProblem("");
    try {
      await door.signInDemo();
      await enter();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setWaiting(false);
    }
  };
  return (
    <>
      <h1>{say.drillTitle}</h1>
      <p>{say.drillWhat}</p>
      <ul>
        {say.drillPoints.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
      <button
        type="button"
        class="big main"
        disabled={waiting}
        ref={(node) => node?.focus()}
        onClick={() => void go()}
      >
        {say.enter}
      </button>
      <p class="late" role="alert">
        {problem}
      </p>
    </>
  );
}

function Door({ enter }: { enter: () => Promise<void> }) {
  const [found, setFound] = useState<Session | null>(null);
  useEffect(() => {
    door.session().then(setFound, () => {}); // name and password are there anyway
  }, []);
  return (
    <>
      <h1>{say.title}</h1>
      <Prove use="sign-in" ways={waysOf(found, "sign-in")} done={enter} />
      <p>
        <a href="/enrol">{say.invited}</a>
      </p>
    </>
  );
}
