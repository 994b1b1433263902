/** The start of the page: who is here, what room this is, then live. */

import "./styles/index.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { api, Problem } from "./api";
import { door } from "./door";
import { startFollowing } from "./follow";
import { dropKept, hasKept, keepAgain, showKept, startKeeping } from "./kept";
import { startKeys } from "./keys";
import { startLive } from "./live";
import { startActivity } from "./lock";
import { Room } from "./panels/Room";
import { SignIn } from "./panels/SignIn";
import { startSound } from "./sound";
import * as store from "./store";
import { theme } from "./theme";
import { startClock, useZone } from "./time";
import { words } from "./words";

type Stage = "looking" | "no-server" | "sign-in" | "room";
/** With a picture at hand nobody waits long for a server that hangs. */
const HASTE_MS = 2000;
/** Who takes calls, sends, or leads here; the others have the page of people. */
const AT_A_CONSOLE = new Set(["call_taker", "dispatcher", "supervisor"]);
const stage = signal<Stage>("looking");
const drill = signal<boolean | null>(null);
let started = false;

async function look(): Promise<void> {
  try {
    const found = await (hasKept() ? door.session(HASTE_MS) : door.session());
    drill.value = found.drill;
    if (found.person) {
      await enter();
      return;
    }
    dropKept();
    stage.value = "sign-in";
  } catch (error) {
    const refused = error instanceof Problem && (error.status === 401 || error.status === 403);
    if (refused && typeof error.body.drill === "boolean") drill.value = error.body.drill;
    stage.value = refused ? "sign-in" : "no-server";
    if (refused) dropKept();
    else if (!started) enterKept();
  }
}

/** The server is away: what was kept from before, said to be old, until it is back. */
function enterKept(): void {
  const agoMs = showKept();
  if (agoMs !== null) begin(agoMs);
}

async function enter(): Promise<void> {
  const session = await door.session();
  if (!session.roles.some((role) => AT_A_CONSOLE.has(role))) {
    location.replace("/people"); // nothing of the control room is theirs
    return;
  }
  const room = await api.room();
  store.session.value = session;
  store.room.value = room;
  keepAgain();
  begin(0);
}

function begin(agoMs: number): void {
  const room = store.room.value;
  if (room?.timezone) useZone(room.timezone);
  document.title = `${words.name}, ${room?.city.name ?? ""}`;
  stage.value = "room";
  if (started) return;
  started = true;
  startClock();
  startLive(agoMs);
  startKeeping();
  startFollowing();
  startSound();
  startKeys();
  startActivity();
}

function App() {
  if (stage.value === "room" && store.session.value) return <Room />;
  if (stage.value === "looking") return <p class="looking">{words.signIn.loading}</p>;
  if (stage.value === "no-server")
    return (
      <main class="sign-in">
        <b class="brand">{words.name}</b>
        <p role="alert">{words.signIn.noServer}</p>
        <button type="button" class="big" onClick={() => void look()}>
          {words.signIn.retry}
        </button>
      </main>
    );
  return <SignIn drill={drill.value} enter={enter} />;
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
render(<App />, document.querySelector("#app")!);
void look();
