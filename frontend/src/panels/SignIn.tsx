/** The first page: in a drill one button, else name and password. */

import { signal } from "@preact/signals";
import { api, Problem } from "../api";
import { words } from "../words";

const say = words.signIn;
const problem = signal("");
const waiting = signal(false);

/** `drill` is null when the server has not said which it is. */
export function SignIn({ drill, enter }: { drill: boolean | null; enter: () => Promise<void> }) {
  return (
    <main class={`sign-in ${drill ? "drill" : ""}`}>
      <b class="brand">{words.name}</b>
      {drill === false ? <Password enter={enter} /> : <Demo enter={enter} />}
      <p class="late" role="alert">
        {problem.value}
      </p>
    </main>
  );
}

async function attempt(signIn: () => Promise<unknown>, enter: () => Promise<void>): Promise<void> {
  if (waiting.value) return;
  waiting.value = true;
  problem.value = "";
  try {
    await signIn();
    await enter();
  } catch (error) {
    const refused = error instanceof Problem && (error.status === 401 || error.status === 403);
    problem.value = refused ? say.wrong : (error as Error).message;
  } finally {
    waiting.value = false;
  }
}

function Demo({ enter }: { enter: () => Promise<void> }) {
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
        disabled={waiting.value}
        ref={(node) => node?.focus()}
        onClick={() => void attempt(api.signInDemo, enter)}
      >
        {say.enter}
      </button>
    </>
  );
}

function Password({ enter }: { enter: () => Promise<void> }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const [name, password] = [String(data.get("name")), String(data.get("password"))];
        void attempt(() => api.signIn(name, password), enter);
      }}
    >
      <h1>{say.title}</h1>
      <label class="field">
        <span>{say.name}</span>
        <input name="name" autocomplete="username" required maxLength={200} />
      </label>
      <label class="field">
        <span>{say.password}</span>
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxLength={1000}
        />
      </label>
      <button type="submit" class="big main" disabled={waiting.value}>
        {say.go}
      </button>
    </form>
  );
}
