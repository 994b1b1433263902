/** The bars across the page: drill, connection lost, and what changed while it was. */

import { away, connection, keptShown, lost, pictureMs, stopped } from "../connection";
import { tryNow } from "../live";
import * as store from "../store";
import { age, clockTime, span } from "../time";
import { words } from "../words";
import { Key } from "./bits";

export function DrillBar() {
  const room = store.room.value;
  if (!room?.drill) return null;
  return (
    <aside class="bar drill" aria-label={words.drill.word}>
      <b>{words.drill.word}</b>
      <span>
        {words.drill.says(room.city.name, room.speed, room.seed === null ? "" : String(room.seed))}
      </span>
      <span class="grow" />
      <span>{words.drill.own}</span>
    </aside>
  );
}

export function LostBar() {
  if (!lost.value) return <AwayBar />;
  const { behindS, attempt, nextS } = connection.value;
  return (
    <div class="bar lost" role="alert">
      <span class="big">{span(behindS * 1000)}</span>
      <div>
        <b>{words.lost.title(clockTime(pictureMs.value ?? 0))}</b>
        <p>{keptShown.value ? words.lost.kept : words.lost.body}</p>
      </div>
      <span class="grow" />
      <b>{nextS ? words.lost.attempt(attempt, nextS) : words.lost.trying(attempt)}</b>
      <button type="button" onClick={tryNow}>
        {words.lost.tryNow} <Key>F4</Key>
      </button>
      <button type="button" onClick={() => window.print()}>
        {words.lost.print} <Key>Ctrl P</Key>
      </button>
    </div>
  );
}

/** The journal's disk: said early, and louder the less there is. */
export function StorageBar() {
  const storage = store.storage.value;
  if (!storage || storage.level === "ok" || lost.value) return null;
  if (stopped.value && storage.level !== "full") return null; // one bar, and the graver one
  const urgent = storage.level !== "low";
  return (
    <div class={`bar storage ${storage.level}`} role={urgent ? "alert" : "status"}>
      <b>{words.storage.title[storage.level]}</b>
      <span>{words.storage.body[storage.level](storage.free_mb)}</span>
    </div>
  );
}

/** A command was not recorded; until one is. */
export function StoppedBar() {
  const since = stopped.value;
  if (!since || lost.value || store.storage.value?.level === "full") return null;
  return (
    <div class="bar storage full" role="alert">
      <b>{words.stopped.title(clockTime(since.ms))}</b>
      <span>{since.full ? words.stopped.full : words.stopped.journal}</span>
    </div>
  );
}

/** A crew in danger: above everything, also on a locked console. */
export function MaydayBar() {
  const list = store.maydays.value;
  if (!list.length) return null;
  return (
    <div class="bar mayday" role="alert">
      <b>{words.board.mayday}</b>
      <b>{words.join(list.map((unit) => unit.callsign))}</b>
    </div>
  );
}

const LISTED = 4;

/** Back again: what was missed is listed until somebody has seen it. */
function AwayBar() {
  const list = away.value;
  if (!list) return null;
  const rest = list.lines.length - LISTED;
  return (
    <div class="bar away" role="status">
      <b>{words.lost.back(span(list.seconds * 1000))}</b>
      <span class="lines">
        {list.lines.length
          ? words.lost.changed(list.lines.length)
          : list.anew
            ? words.lost.anew
            : words.lost.nothing}{" "}
        {list.lines.slice(-LISTED).join("; ")}
        {rest > 0 ? ` ${words.lost.more(rest)}` : ""}
      </span>
      <span class="grow" />
      <button
        type="button"
        onClick={() => {
          away.value = null;
        }}
      >
        {words.lost.dismiss}
      </button>
    </div>
  );
}

/** Over the map, seen from across the room. */
export function NotLive() {
  if (!lost.value) return null;
  const { behindS } = connection.value;
  return (
    <div class="not-live">
      <b>{words.lost.notLive}</b>
      <span>{words.lost.picture(clockTime(pictureMs.value ?? 0), age(Math.floor(behindS)))}</span>
    </div>
  );
}
