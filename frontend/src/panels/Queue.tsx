/** The queue: who waits for a unit and against what limit; what is active; what was just closed. */

import { select } from "../actions";
import { formOpen, openForm, reading } from "../desk";
import { markOf } from "../marks";
import * as store from "../store";
import { against, now } from "../time";
import type { Incident } from "../types";
import { words } from "../words";
import { Chip, Key, Region, Since } from "./bits";
import { Mark } from "./Mark";

const say = words.queue;
const WAITING_SHOWN = 80;
const ACTIVE_SHOWN = 80;
const CLOSED_MS = 120_000;

export function Queue() {
  const { waiting, active, closed } = store.incidentLists.value;
  return (
    <Region name="queue" label={say.region}>
      <h2 id="queue" tabIndex={-1}>
        {say.waiting} <span class="n">{waiting.length}</span>
        <small>{say.waitingHow}</small>
      </h2>
      <ul>
        {waiting.slice(0, WAITING_SHOWN).map((i) => (
          <Row key={i.id} incident={i} />
        ))}
        {waiting.length ? null : <li class="none">{say.none}</li>}
      </ul>
      <More n={waiting.length - WAITING_SHOWN} />
      <h2>
        {say.active} <span class="n">{active.length}</span>
        <small>{say.activeHow}</small>
      </h2>
      <ul>
        {active.slice(0, ACTIVE_SHOWN).map((i) => (
          <Row key={i.id} incident={i} />
        ))}
        {active.length ? null : <li class="none">{say.noneActive}</li>}
      </ul>
      <More n={active.length - ACTIVE_SHOWN} />
      <Closed list={closed} />
      <div class="foot">
        <button type="button" onClick={() => openForm()} aria-pressed={formOpen.value}>
          {say.newIncident} <Key>new</Key>
        </button>
      </div>
    </Region>
  );
}

const More = ({ n }: { n: number }) => (n > 0 ? <p class="none">{say.more(n)}</p> : null);

/** Closed incidents leave after two minutes, so that a slip of the hand can be seen. */
function Closed({ list }: { list: Incident[] }) {
  const shown = list.filter((i) => now.value - (i.closed_us ?? 0) / 1000 < CLOSED_MS).slice(0, 20);
  if (!shown.length) return null;
  return (
    <>
      <h2>
        {say.closed} <span class="n">{shown.length}</span>
        <small>{say.closedHow}</small>
      </h2>
      <ul class="gone">
        {shown.map((i) => (
          <Row key={i.id} incident={i} />
        ))}
      </ul>
    </>
  );
}

function Row({ incident }: { incident: Incident }) {
  const chosen = store.selected.value === incident.id;
  const touched = reading.value?.incident === incident.id;
  const waits = incident.state === "waiting";
  return (
    <li>
      <button
        type="button"
        data-row
        data-follows
        data-incident={incident.id}
        class={`row ${incident.state} ${touched ? "touched" : ""}`}
        aria-pressed={chosen}
        onClick={() => select(incident.id)}
      >
        <Chip priority={incident.priority} />
        <span class="title">
          <bdi class="no">{store.numberOf(incident)}</bdi> <b>{incident.type.name}</b>
        </span>
        <span class="clock">
          {incident.state === "closed" ? "" : <Since us={incident.opened_us} />}
        </span>
        <span class="place">{store.placeOf(incident) || say.unverified}</span>
        <Limit incident={incident} />
        {waits ? <Quote incident={incident} /> : <Units incident={incident} />}
        {waits && incident.limit_s ? (
          <Bar openedUs={incident.opened_us} limitS={incident.limit_s} />
        ) : null}
      </button>
    </li>
  );
}

function Limit({ incident }: { incident: Incident }) {
  if (incident.state === "closed") return <span class="limit">{say.closedAgo}</span>;
  if (incident.state !== "waiting" || !incident.limit_s) return <span class="limit" />;
  const stand = against(incident.opened_us, incident.limit_s, now.value);
  return <span class={`limit ${stand.late ? "late" : ""}`}>{stand.text}</span>;
}

/** Two pixels that fill towards the limit. */
function Bar({ openedUs, limitS }: { openedUs: number; limitS: number }) {
  const { share, late } = against(openedUs, limitS, now.value);
  return (
    <i
      class={`limit-bar ${late ? "late" : ""}`}
      style={{ inlineSize: `${(share * 100).toFixed(1)}%` }}
    />
  );
}

function Quote({ incident }: { incident: Incident }) {
  const parts = [incident.requeued ? say.requeued : "", incident.text ?? ""].filter(Boolean);
  return parts.length ? <span class="quote">{parts.join(". ")}</span> : null;
}

function Units({ incident }: { incident: Incident }) {
  store.unitsRev.value;
  const units = incident.units.filter((u) => u.left_us === null);
  if (!units.length) return null;
  return (
    <span class="units">
      {units.slice(0, 6).map((joined) => {
        const unit = store.unitOf(joined.id);
        return (
          <span key={joined.id} class="unit">
            {unit ? <Mark kind={markOf(unit)} /> : null} {unit?.callsign ?? joined.id}
          </span>
        );
      })}
      {units.length > 6 ? `+${units.length - 6}` : ""}
    </span>
  );
}
