/** The picture: units, incidents and alarms as last told by the server, and what is chosen here.
 *
 * The big collections are plain maps with a revision signal each: a thousand units a second must
 * not make a thousand signals. Read them through the functions below, inside a component.
 */

import { computed, signal } from "@preact/signals";
import { keptShown } from "./connection";
import type { Alarm, Closure, Incident, Place, Recommendation, Room, Storage, Unit } from "./types";
import { words } from "./words";

const SILENT_S = 600;

export { session } from "./session";
export const room = signal<Room | null>(null);
export const closures = signal<Closure[]>([]);
/** Room on the journal's disk; null until the server has said. */
export const storage = signal<Storage | null>(null);

const units = new Map<string, Unit>();
const byNumber = new Map<number, Unit>();
const incidents = new Map<string, Incident>();
const alarms = new Map<string, Alarm>();
/** performance.now() of each unit's latest position, and its age at that moment. */
const heard = new Map<string, { at: number; age_s: number }>();

export const unitsRev = signal(0);
export const incidentsRev = signal(0);
export const alarmsRev = signal(0);
export const positionsRev = signal(0);
/** The newest entry this page has seen. */
let seen = -1;
export const seenSeq = (): number => seen;
export const sawSeq = (seq: number): void => {
  seen = Math.max(seen, seq);
};

export const selected = signal<string | null>(null);
export const selectedUnit = signal<string | null>(null);
export const detail = signal<Incident | null>(null);
export const advice = signal<{
  incident: string;
  at: number;
  answer: Recommendation | null;
  error: string;
} | null>(null);

export function forgetPicture(): void {
  for (const map of [units, byNumber, incidents, alarms, heard]) map.clear();
  order = [];
  seen = -1;
  changed({ units: true, incidents: true, alarms: true });
}

export function putUnit(unit: Unit): void {
  const before = units.get(unit.id);
  // Entries carry the position of their moment; a newer one may have come through the lane.
  const lane = before?.position?.source === "device" ? before.position : null;
  if (lane && unit.position?.source === "device" && heard.has(unit.id)) unit.position = lane;
  else if (unit.position)
    heard.set(unit.id, { at: performance.now(), age_s: unit.position.age_s ?? Infinity });
  units.set(unit.id, unit);
  byNumber.set(unit.number, unit);
}

export function putPosition(
  number: number,
  lon: number,
  lat: number,
  heading: number | null,
  ageS: number,
): void {
  const unit = byNumber.get(number);
  if (!unit) return;
  // Too old to rank by: the server has said where to look for the crew instead.
  if (ageS > SILENT_S && unit.position?.source !== "device") return;
  unit.position = { lon, lat, heading, age_s: ageS, source: "device" };
  heard.set(unit.id, { at: performance.now(), age_s: ageS });
}

export const putIncident = (incident: Incident): void => void incidents.set(incident.id, incident);
export const putAlarm = (alarm: Alarm): void => void alarms.set(alarm.id, alarm);

export function changed(what: { units?: boolean; incidents?: boolean; alarms?: boolean }): void {
  if (what.units) unitsRev.value++;
  if (what.incidents) incidentsRev.value++;
  if (what.alarms) alarmsRev.value++;
}

/** Age of a unit's position in seconds; Infinity when it never had one from a device. */
export function positionAge(unit: Unit): number {
  const last = heard.get(unit.id);
  if (!last || unit.position?.source !== "device") return Number.POSITIVE_INFINITY;
  return last.age_s + (performance.now() - last.at) / 1000;
}

export const unitOf = (id: string): Unit | undefined => units.get(id);
export const incidentOf = (id: string | null): Incident | undefined =>
  id === null ? undefined : incidents.get(id);
export const alarmOf = (id: string): Alarm | undefined => alarms.get(id);
export const everyUnit = (): Iterable<Unit> => units.values();
export const everyIncident = (): Iterable<Incident> => incidents.values();
export const everyAlarm = (): Iterable<Alarm> => alarms.values();

/** Call signs as people sort them: E2 before E10. */
const natural = new Intl.Collator("en", { numeric: true });
export const byCallsign = (a: Unit, b: Unit): number => natural.compare(a.callsign, b.callsign);

/** Every unit by call sign. Sorted anew only when there is another unit: names hardly change. */
let order: string[] = [];
export const unitList = computed(() => {
  unitsRev.value;
  if (order.length !== units.size) order = [...units.values()].sort(byCallsign).map((u) => u.id);
  return order.map((id) => units.get(id)).filter((u) => u !== undefined);
});

const urgent = (a: Incident, b: Incident): number =>
  a.priority - b.priority || a.opened_us - b.opened_us || a.number - b.number;

export const incidentLists = computed(() => {
  incidentsRev.value;
  const all = [...incidents.values()];
  const of = (state: Incident["state"]) => all.filter((i) => i.state === state);
  return {
    waiting: of("waiting").sort(urgent),
    active: of("active").sort(urgent),
    closed: of("closed").sort((a, b) => (b.closed_us ?? 0) - (a.closed_us ?? 0)),
  };
});

/** Alarms nobody has answered: highest level first, then the one that waits longest. */
export const unanswered = computed(() => {
  alarmsRev.value;
  return [...alarms.values()]
    .filter((a) => !a.acknowledged && !a.incident)
    .sort((a, b) => b.level - a.level || a.raised_us - b.raised_us);
});

export const maydays = computed(() => unitList.value.filter((u) => u.mayday));

/** "101": the number people say. */
export const numberOf = (incident: Incident): string => String(incident.number);
/** A place's name, with UNVERIFIED before one that nobody has checked. */
export const placed = (place: Place): string =>
  [place.verified === false ? words.card.unchecked : "", place.name || words.alarms.onMap]
    .filter(Boolean)
    .join(" ");
/** Where it is, in words: the street, or that only the map knows; and whether nobody checked. */
export const placeOf = (incident: Incident): string =>
  incident.place
    ? placed(incident.place)
    : incident.erased
      ? words.card.erasedPlace
      : keptShown.value
        ? words.lost.placeNotKept
        : "";
/** "101 House fire". */
export const labelOf = (incident: Incident): string =>
  `${numberOf(incident)} ${incident.type.name}`;
