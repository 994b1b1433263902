/** The lock: the server decides when, the page follows. Alarms go on showing and sounding. */

import { door } from "./door";
import { say } from "./said";
import { locked, session } from "./session";
import { words } from "./words";

const TELL_MS = 60_000;
let toldAt = Number.NEGATIVE_INFINITY;

/** Tells the server at most once a minute that somebody is here. */
export function startActivity(): void {
  for (const name of ["pointerdown", "pointermove", "keydown", "wheel"])
    document.addEventListener(name, somebody, { capture: true, passive: true });
}

function somebody(): void {
  const at = performance.now();
  if (at - toldAt < TELL_MS || !session.value?.person || locked.value) return;
  toldAt = at;
  door.active().catch(() => {
    // The next touch after a minute tells again; half an hour is long.
  });
}

/** By its person, on leaving the desk. Covered once the server has locked it, not before. */
export async function lockNow(): Promise<void> {
  try {
    await door.lock();
    await lookAtLock();
  } catch (error) {
    say(words.done.failed((error as Error).message), "bad");
  }
}

/** Asks the server whether the session is locked; says nothing when it cannot be asked. */
export async function lookAtLock(): Promise<void> {
  const found = await door.session().catch(() => null);
  if (found?.person) session.value = found;
}
