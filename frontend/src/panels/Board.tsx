/** The unit board: every unit by status, with how long it has had it and how old its position is. */

import { chooseUnit } from "../actions";
import { kindName } from "../commands/complete";
import { boardOpen, reading, setCommand, togglePick } from "../desk";
import type { MarkKind } from "../marks";
import * as store from "../store";
import { age, now } from "../time";
import type { Status, Unit } from "../types";
import { words } from "../words";
import { Key, Region, UnitSince } from "./bits";
import { Mark } from "./Mark";

const say = words.board;
const SHOWN = 120;
const OLD_S = 30;
/** Columns of the board; a column may hold two groups, the second below the first. */
const COLUMNS: Status[][] = [
  ["available"],
  ["dispatched", "out_of_service"],
  ["en_route", "returning"],
  ["on_scene"],
  ["transporting", "at_hospital"],
];

export function Board() {
  const groups = new Map<Status, Unit[]>();
  for (const unit of store.unitList.value) {
    const list = groups.get(unit.status);
    if (list) list.push(unit);
    else groups.set(unit.status, [unit]);
  }
  return (
    <Region name="board" label={say.region} class={`board ${boardOpen.value ? "open" : ""}`}>
      <Counts groups={groups} />
      {COLUMNS.map((column) => (
        <div key={column[0]} class={`column ${column[0]}`}>
          {column.map((status) => (
            <Group key={status} status={status} units={groups.get(status) ?? []} />
          ))}
        </div>
      ))}
    </Region>
  );
}

/** The one row that stands for the board on narrow screens. */
function Counts({ groups }: { groups: Map<Status, Unit[]> }) {
  return (
    <button
      type="button"
      class="counts"
      aria-expanded={boardOpen.value}
      onClick={() => {
        boardOpen.value = !boardOpen.value;
      }}
    >
      {COLUMNS.flat().map((status) => (
        <span key={status}>
          <Mark kind={status} /> <span class="name">{words.status[status]}</span>{" "}
          <b>{groups.get(status)?.length ?? 0}</b>
        </span>
      ))}
      <span class="grow" />
      {say.open} <Key>Alt B</Key>
    </button>
  );
}

function Group({ status, units }: { status: Status; units: Unit[] }) {
  const sorted =
    status === "available" ? units : [...units].sort((a, b) => a.since_us - b.since_us);
  return (
    <div class={`group ${status}`}>
      <h2>
        <Mark kind={status as MarkKind} size={17} /> {words.status[status]}
        <span class="n">{units.length}</span>
      </h2>
      <ul>
        {sorted.slice(0, SHOWN).map((unit) => (
          <Row key={unit.id} unit={unit} />
        ))}
        {units.length > SHOWN ? <li class="none">{say.more(units.length - SHOWN)}</li> : null}
      </ul>
    </div>
  );
}

function Row({ unit }: { unit: Unit }) {
  const incident = store.incidentOf(unit.incident);
  const touched = reading.value?.units.includes(unit.id);
  return (
    <li>
      <button
        type="button"
        data-row
        class={`unit-row ${touched ? "touched" : ""} ${unit.mayday ? "mayday" : ""}`}
        aria-pressed={store.selectedUnit.value === unit.id}
        onClick={(event) => choose(unit, event)}
      >
        <b>{unit.callsign}</b>
        <span class="what">
          {incident && unit.status !== "available" ? store.numberOf(incident) : kindName(unit.kind)}
        </span>
        <span class="t">
          {unit.mayday ? <b class="late">{say.mayday}</b> : <Timer unit={unit} />}
        </span>
      </button>
    </li>
  );
}

/** With Ctrl or Shift, or while a dispatch is typed, a click adds the unit to it. */
function choose(unit: Unit, event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || reading.value?.verb === "d") {
    togglePick(unit.id);
    return;
  }
  chooseUnit(unit.id);
  if (!reading.value?.act) setCommand("");
}

/** Free units show the age of their position when it is old; busy ones how long they have been. */
function Timer({ unit }: { unit: Unit }) {
  if (unit.status !== "available") return <UnitSince us={unit.since_us} />;
  now.value;
  const old = store.positionAge(unit);
  if (old <= OLD_S) return null;
  if (Number.isFinite(old)) return <>{age(old)}</>;
  return <>{unit.position?.source === "scene" ? say.atScene : say.atStation}</>;
}
