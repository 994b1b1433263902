/** Proving who one is: a passkey first, else a name and password and the code, else a provider. */

import { useEffect, useRef, useState } from "preact/hooks";
import { door } from "../door";
import { Problem } from "../http";
import { passkeysHere, showPasskey } from "../passkey";
import type { Session } from "../types";
import { words } from "../words";

const say = words.signIn;

type Part = "passkey" | "password" | "code" | "drill";

interface Ways {
  passkey: boolean;
  password: boolean;
  drill?: boolean;
  oidc: { id: string; name: string }[];
}

/** What is offered: to sign in, what the room has; to unlock, what this person has. */
export function waysOf(session: Session | null, use: "sign-in" | "unlock"): Ways {
  const room = session?.ways ?? { passkey: false, oidc: [] };
  if (use === "sign-in") return { ...room, password: true };
  const own = session?.unlock ?? ["password"];
  return {
    passkey: own.includes("passkey"),
    password: own.includes("password"),
    drill: own.includes("drill"),
    oidc: room.oidc.filter((one) => own.includes(`oidc:${one.id}`)),
  };
}

export function Prove({
  use,
  ways,
  done,
}: {
  use: "sign-in" | "unlock";
  ways: Ways;
  done: () => Promise<void>;
}) {
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<{ at: Part; text: string } | null>(null);
  const [needCode, setNeedCode] = useState(false);
  const unlock = use === "unlock";
  const passkey = ways.passkey && passkeysHere();

  const first = useFirst<HTMLInputElement>();
  const back = useFirst();

  const attempt = async (at: Part, act: () => Promise<unknown>) => {
    if (waiting) return;
    setWaiting(true);
    setProblem(null);
    try {
      await act();
      await done();
    } catch (error) {
      const wants = error instanceof Problem && error.body.need === "code";
      if (wants) setNeedCode(true);
      if (!wants || at === "code")
        setProblem({ at: wants ? "code" : at, text: (error as Error).message });
    } finally {
      setWaiting(false);
    }
  };
  const byPasskey = async () => {
    const credential = await showPasskey(use);
    await (unlock ? door.passkeyUnlock(credential) : door.passkeySignIn(credential));
  };
  const byPassword = (data: FormData) => {
    const of = (name: string) => String(data.get(name) ?? "");
    const code = of("code").replaceAll(" ", "");
    return unlock
      ? door.unlock(of("password"), code)
      : door.signIn(of("name"), of("password"), code);
  };

  return (
    <div class="prove">
      {passkey ? (
        <div class="way">
          <button
            type="button"
            class="big main"
            disabled={waiting}
            ref={useFirst()}
            onClick={() => void attempt("passkey", byPasskey)}
          >
            {unlock ? say.unlockPasskey : say.passkey}
          </button>
          <Wrong at="passkey" problem={problem} />
        </div>
      ) : null}
      {ways.password ? (
        <form
          class="way"
          onSubmit={(event) => {
            event.preventDefault();
            const data = new FormData(event.currentTarget);
            void attempt(needCode ? "code" : "password", () => byPassword(data));
          }}
        >
          {passkey ? <h2>{unlock ? say.orElse : say.orPassword}</h2> : null}
          {unlock ? null : (
            <label class="field">
              <span>{say.name}</span>
              <input name="name" autocomplete="username" required maxLength={200} />
            </label>
          )}
          <label class="field">
            <span>{say.password}</span>
            <input
              name="password"
              type="password"
              autocomplete="current-password"
              required
              maxLength={1000}
              aria-invalid={problem?.at === "password"}
              aria-describedby="wrong-password"
              ref={unlock && !passkey ? first : null}
            />
          </label>
          <Wrong at="password" problem={problem} />
          {needCode ? <Code wrong={problem?.at === "code"} /> : null}
          <Wrong at="code" problem={problem} />
          <button type="submit" class={`big ${passkey ? "" : "main"}`} disabled={waiting}>
            {unlock ? say.unlock : say.go}
          </button>
        </form>
      ) : null}
      {ways.drill ? (
        <div class="way">
          <button
            type="button"
            class="big main"
            disabled={waiting}
            ref={back}
            onClick={() => void attempt("drill", door.signInDemo)}
          >
            {say.unlockDrill}
          </button>
          <Wrong at="drill" problem={problem} />
        </div>
      ) : null}
      {ways.oidc.map((one) => (
        <a
          key={one.id}
          class="button big"
          href={`/api/oidc/${encodeURIComponent(one.id)}/start${unlock ? "?for=unlock" : ""}`}
        >
          {say.with(one.name)}
        </a>
      ))}
    </div>
  );
}

function Code({ wrong }: { wrong: boolean }) {
  return (
    <label class="field">
      <span>{say.code}</span>
      <input
        name="code"
        inputMode="numeric"
        autocomplete="one-time-code"
        required
        maxLength={40}
        ref={useFirst<HTMLInputElement>()}
        aria-invalid={wrong}
        aria-describedby="wrong-code"
      />
      <small>{say.codeHow}</small>
    </label>
  );
}

function Wrong({ at, problem }: { at: Part; problem: { at: Part; text: string } | null }) {
  return (
    <p class="late" role="alert" id={`wrong-${at}`}>
      {problem?.at === at ? problem.text : ""}
    </p>
  );
}

/** Gives what it is put on the focus once, when that appears. */
function useFirst<T extends HTMLElement = HTMLButtonElement>() {
  const node = useRef<T>(null);
  useEffect(() => node.current?.focus(), []);
  return node;
}
