/** The chosen unit in one row: who, where, since when, and its next statuses as commands. */

import { kindName } from "../commands/complete";
import { STATUS_WORDS } from "../commands/names";
import { setCommand } from "../desk";
import { showPoint } from "../map/camera";
import { markOf } from "../marks";
import * as store from "../store";
import { age, now } from "../time";
import type { Status, Unit } from "../types";
import { words } from "../words";
import { UnitSince } from "./bits";
import { Mark } from "./Mark";

const say = words.unit;

/** What usually comes next, offered as buttons that write the command. */
const NEXT: Record<Status, Status[]> = {
  available: ["out_of_service"],
  dispatched: ["en_route", "on_scene"],
  en_route: ["on_scene"],
  on_scene: ["transporting", "returning", "available"],
  transporting: ["at_hospital"],
  at_hospital: ["returning", "available"],
  returning: ["available", "out_of_service"],
  out_of_service: ["available"],
};

export function UnitLine({ id }: { id: string }) {
  store.unitsRev.value;
  now.value;
  const unit = store.unitOf(id);
  if (!unit) return null;
  const incident = store.incidentOf(unit.incident);
  const facts = [
    kindName(unit.kind),
    unit.station ? say.from(unit.station.name) : "",
    incident ? say.on(store.labelOf(incident)) : "",
    position(unit),
  ].filter(Boolean);
  return (
    <span class="unit-line">
      <Mark kind={markOf(unit)} /> <b>{unit.callsign}</b> {words.status[unit.status]}{" "}
      <UnitSince us={unit.since_us} />, {facts.join(", ")}
      {(unit.warnings ?? []).map((warning) => (
        <b key={warning.closure + warning.kind} class="late">
          {" "}
          {words.roads[warning.kind](warning.name)}
        </b>
      ))}
      {NEXT[unit.status].map((status) => (
        <button key={status} type="button" class="completion" onClick={() => write(unit, status)}>
          <Mark kind={status} /> {words.status[status]}
        </button>
      ))}
      {unit.position ? (
        <button
          type="button"
          class="completion"
          onClick={() => unit.position && showPoint(unit.position.lon, unit.position.lat)}
        >
          {words.card.show}
        </button>
      ) : null}
    </span>
  );
}

function position(unit: Unit): string {
  const old = store.positionAge(unit);
  return Number.isFinite(old) ? say.position(age(old)) : say.noPosition;
}

function write(unit: Unit, status: Status): void {
  const short = STATUS_WORDS.find(([s]) => s === status)?.[1][0] ?? status;
  setCommand(`s ${unit.callsign.toLowerCase()} ${short}`);
  document.querySelector<HTMLInputElement>("#command")?.focus();
}
