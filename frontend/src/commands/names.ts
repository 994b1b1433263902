/** Words of a command to things of the picture: units by call sign, incidents by number. */

import * as store from "../store";
import type { Incident, Status, Unit } from "../types";

/** Short names of a status, as said on the radio; the first is the one offered. */
export const STATUS_WORDS: [Status, string[]][] = [
  ["available", ["av", "a", "available"]],
  ["en_route", ["er", "r", "enroute", "rolling"]],
  ["on_scene", ["os", "onscene", "scene"]],
  ["transporting", ["tr", "t", "transporting"]],
  ["at_hospital", ["ho", "h", "hospital"]],
  ["returning", ["re", "returning"]],
  ["out_of_service", ["oo", "oos", "off"]],
  ["dispatched", ["di", "dispatched"]],
];

export function statusOf(word: string): Status | null {
  const low = word.toLowerCase();
  return STATUS_WORDS.find(([status, list]) => status === low || list.includes(low))?.[0] ?? null;
}

const squash = (text: string): string => text.toLowerCase().replace(/[\s-]/g, "");

export function findUnit(word: string): Unit | null {
  const low = squash(word);
  if (!low) return null;
  for (const unit of store.everyUnit())
    if (squash(unit.callsign) === low || unit.id.toLowerCase() === low) return unit;
  return null;
}

/** Units whose call sign starts so, or is one letter off: for completion and "did you mean". */
export function unitsLike(word: string, limit: number): Unit[] {
  const low = squash(word);
  const starts = store.unitList.value.filter((u) => squash(u.callsign).startsWith(low));
  if (starts.length || !low) return starts.slice(0, limit);
  return store.unitList.value.filter((u) => near(squash(u.callsign), low)).slice(0, limit);
}

function near(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let off = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) off++;
  return off === 1;
}

/** An incident by its spoken number ("101", "i101"); open ones before closed ones, newest first. */
export function findIncident(word: string): Incident | null {
  const match = /^i?0*(\d+)$/i.exec(word);
  if (!match) return null;
  const number = Number(match[1]);
  const found = [...store.everyIncident()].filter((i) => i.number === number);
  found.sort(
    (a, b) =>
      Number(a.state === "closed") - Number(b.state === "closed") || b.opened_us - a.opened_us,
  );
  return found[0] ?? null;
}

export const isIncidentWord = (word: string): boolean => /^i?\d+$/i.test(word);

/** "101, Harbour Street fire" as the sentence says it: number, what, where. */
export function spoken(incident: Incident): string {
  const place = store.placeOf(incident);
  return place ? `${store.labelOf(incident)}, ${place}` : store.labelOf(incident);
}
