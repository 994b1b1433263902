/** What this desk is doing: the command being typed, the form being filled, the refusal in view. */

import { computed, signal } from "@preact/signals";
import { read } from "./commands/read";
import { roadPoints } from "./roadpoints";
import * as store from "./store";
import type { Changed, Place } from "./types";

/** The text of the command line: the one place a choice of units lives, typed or clicked. */
export const command = signal("");
/** The newest entry on screen when the command was last edited: the version it is decided on. */
let decidedOn = -1;
export const decisionSeq = (): number => (decidedOn < 0 ? store.seenSeq() : decidedOn);

export function setCommand(text: string): void {
  if (text === command.value) return;
  command.value = text;
  if (!text.startsWith("close")) roadPoints.value = [];
  decidedOn = store.seenSeq();
}

export const reading = computed(() => {
  store.unitsRev.value;
  store.incidentsRev.value;
  store.alarmsRev.value;
  store.closures.value;
  roadPoints.value;
  return read(command.value, store.selected.value);
});

export interface Draft {
  /** The incident whose place is being set; null for a new one. */
  incident: string | null;
  alarms: string[];
  from: string;
  type: string;
  priority: number;
  search: string;
  place: Place | null;
  text: string;
  typeTouched: boolean;
  priorityTouched: boolean;
}

export const emptyDraft = (): Draft => ({
  incident: null,
  alarms: [],
  from: "",
  type: "",
  priority: 2,
  search: "",
  place: null,
  text: "",
  typeTouched: false,
  priorityTouched: false,
});

/** The call being taken, or kept for later while the form is closed. */
export const draft = signal<Draft | null>(null);
export const formOpen = signal(false);

export function openForm(next?: Draft): void {
  if (next) draft.value = next;
  else if (!draft.value || draft.value.incident) draft.value = emptyDraft();
  formOpen.value = true;
}

/** A send that was refused because the picture changed. */
export const conflict = signal<{ incident: string; changed: Changed[]; tried: string[] } | null>(
  null,
);

export const helpOpen = signal(false);
export const boardOpen = signal(false);
export const tab = signal<"queue" | "map" | "card" | "board">("queue");
/** Acts under way: their buttons wait. */
export const busy = signal(false);

/** Units the command names for the incident in view; else, for a waiting one, who is first. */
export const picks = computed((): { units: string[]; typed: boolean } => {
  const now = reading.value;
  if (now?.verb === "d" && (!now.incident || now.incident === store.selected.value))
    return { units: now.units, typed: true };
  if (command.value.trim()) return { units: [], typed: false };
  const incident = store.incidentOf(store.selected.value);
  store.incidentsRev.value;
  const answer = store.advice.value?.answer;
  if (incident?.state !== "waiting" || answer?.incident !== incident.id)
    return { units: [], typed: false };
  const first = answer.ranked.find((row) => !row.diverts);
  return { units: first ? [first.unit] : [], typed: false };
});

/** The chosen units as one string: changes only when the choice does, unlike the array. */
export const pickedKey = computed(() => picks.value.units.join(" "));

/** Adds or removes a unit of the dispatch command for the incident in view. */
export function togglePick(unitId: string): void {
  const incident = store.incidentOf(store.selected.value);
  const unit = store.unitOf(unitId);
  if (!incident || !unit || incident.state === "closed") return;
  const typed = picks.value.typed ? picks.value.units : [];
  const next = typed.includes(unitId) ? typed.filter((u) => u !== unitId) : [...typed, unitId];
  const names = next.map((u) => (store.unitOf(u)?.callsign ?? u).toLowerCase());
  setCommand(next.length ? `d ${store.numberOf(incident)} ${names.join(" ")} ` : "");
}
