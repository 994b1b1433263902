/** What covers the room while its session is locked. Alarms, maydays and the connection stay above. */

import { door } from "../door";
import { dropKept } from "../kept";
import { lookAtLock } from "../lock";
import { locked, session } from "../session";
import { words } from "../words";
import { Prove, waysOf } from "./Prove";

const say = words.lock;

export function Lock() {
  const why = locked.value;
  if (!why) return null;
  const name = session.value?.name ?? "";
  return (
    <main class="lock" aria-label={say.title}>
      <div class="sign-in">
        <h1>{say.title}</h1>
        <p>{say.why[why]}</p>
        <p>
          {say.who} <b>{name}</b>
        </p>
        <Prove use="unlock" ways={waysOf(session.value, "unlock")} done={lookAtLock} />
        <p>{say.still}</p>
        <button
          type="button"
          onClick={() => {
            dropKept();
            void door.signOut().finally(() => location.reload());
          }}
        >
          {say.other(name)}
        </button>
      </div>
    </main>
  );
}
