/** The acts: each asks the server, then says in words what was done or why not. */

import { alarmTitle } from "./alarms";
import { api, Problem } from "./api";
import type { Act } from "./commands/reading";
import { lost } from "./connection";
import {
  busy,
  conflict,
  type Draft,
  decisionSeq,
  draft,
  emptyDraft,
  formOpen,
  helpOpen,
  openForm,
  setCommand,
} from "./desk";
import { refreshAdvice } from "./follow";
import { keep, keepNote } from "./outbox";
import { roadPoints } from "./roadpoints";
import { said, say } from "./said";
import * as store from "./store";
import { clockTime, serverNow } from "./time";
import type { Alarm } from "./types";
import { words } from "./words";

const label = (id: string): string => {
  const incident = store.incidentOf(id);
  return incident ? store.labelOf(incident) : id;
};
const callsign = (id: string): string => store.unitOf(id)?.callsign ?? id;

async function closeRoad(act: Extract<Act, { do: "closeRoad" }>): Promise<boolean> {
  const { street, isArea, points, minutes, why } = act;
  const where = street ? { street } : isArea ? { area: points } : { points };
  const made = await api.closeRoad({ ...where, minutes, why });
  roadPoints.value = [];
  say(words.roads.closed(made.closure.name));
  return true;
}

async function openRoad(closure: string, name: string): Promise<boolean> {
  await api.openRoad(closure);
  say(words.roads.opened(name));
  return true;
}

/** Does what a command says; returns whether the line may be cleared. */
export async function perform(act: Act): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  try {
    return await dispatch(act);
  } catch (error) {
    say(words.done.failed((error as Error).message), "bad");
    return false;
  } finally {
    busy.value = false;
  }
}

async function dispatch(act: Act): Promise<boolean> {
  if (act.do === "send") return send(act.incident, act.units, act.divert, decisionSeq());
  if (act.do === "status") return status(act.unit, act.status);
  if (act.do === "mayday") return mayday(act.unit, act.on);
  if (act.do === "note") return note(act.incident, act.text);
  if (act.do === "close") return close(act.incident, act.reason);
  if (act.do === "answer") return answer(act.alarm);
  if (act.do === "closeRoad") return closeRoad(act);
  if (act.do === "openRoad") return openRoad(act.closure, act.name);
  if (act.do === "show") select(act.incident);
  else if (act.do === "unit") chooseUnit(act.unit);
  else if (act.do === "form") openForm();
  else if (act.do === "place") openForm({ ...emptyDraft(), incident: act.incident });
  else if (act.do === "help") helpOpen.value = true;
  return true;
}

/** Chooses a unit; its line takes the place of what was said last. */
export function chooseUnit(unit: string | null): void {
  store.selectedUnit.value = unit;
  if (unit) said.value = null;
}

export function select(incident: string | null): void {
  store.selected.value = incident;
  formOpen.value = false;
  if (conflict.value?.incident !== incident) conflict.value = null;
}

async function send(
  incident: string,
  units: string[],
  divert: boolean,
  seq: number,
): Promise<boolean> {
  try {
    const answer = await api.assign(incident, units, seq, divert);
    conflict.value = null;
    const lines = [words.done.sent(answer.assigned.map(callsign), label(incident))];
    for (const { unit, from } of answer.diverted)
      lines.push(words.done.diverted(callsign(unit), label(from)));
    say(lines.join(". "));
    store.selected.value = incident;
    return true;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 409) throw error;
    await refused(incident, units, error);
    return false;
  }
}

/** The picture changed under the decision: says who and what, and offers the next best. */
async function refused(incident: string, tried: string[], error: Problem): Promise<void> {
  conflict.value = { incident, changed: error.changed, tried };
  store.selected.value = incident;
  say(words.done.failed(error.message), "bad");
  await refreshAdvice(incident);
  const gone = new Set(error.changed.map((c) => c.id.replace(/^unit\//, "")));
  const lacking = tried.filter((u) => store.unitOf(u)?.incident !== incident);
  const kept = lacking.filter((u) => !gone.has(u));
  const next = store.advice.value?.answer?.ranked.find((r) => !tried.includes(r.unit));
  const offer = kept.length < lacking.length && next ? [...kept, next.unit] : kept;
  const target = store.incidentOf(incident);
  if (target && offer.length)
    setCommand(
      `d ${store.numberOf(target)} ${offer.map((u) => callsign(u).toLowerCase()).join(" ")} `,
    );
  else setCommand("");
}

async function status(unit: string, next: keyof typeof words.status): Promise<boolean> {
  await api.status(unit, next);
  say(words.done.status(callsign(unit), words.status[next]));
  return true;
}

async function mayday(unit: string, on: boolean): Promise<boolean> {
  await api.status(unit, null, on);
  say((on ? words.cmd.mayday : words.cmd.maydayEnd)(callsign(unit)), on ? "bad" : "plain");
  return true;
}

async function note(incident: string, text: string): Promise<boolean> {
  if (lost.value) {
    keepNote(incident, label(incident), text, clockTime(serverNow()));
    say(words.done.queued(label(incident)));
    return true;
  }
  await api.note(incident, text);
  say(words.done.note(label(incident)));
  return true;
}

async function close(incident: string, reason: string): Promise<boolean> {
  const name = label(incident);
  await api.close(incident, reason);
  say(words.done.closed(name));
  return true;
}

/** Answers an alarm: takes it, then opens the form with everything it said. */
export async function answer(id: string): Promise<boolean> {
  const alarm = store.alarmOf(id);
  if (!alarm) return false;
  await api.acknowledge(id);
  openForm(draftOf(alarm));
  say(words.done.answered);
  return true;
}

/** The alarm's kind picks the type of incident when their names agree; else the person does. */
function draftOf(alarm: Alarm): Draft {
  const types = store.room.value?.types ?? [];
  const kind = alarm.kind.toLowerCase();
  const match =
    types.find((t) => t.code.toLowerCase() === kind) ??
    types.find((t) => t.code.toLowerCase().includes(kind) || t.name.toLowerCase().includes(kind)) ??
    types.find((t) => /panic|alarm|unknown|help/i.test(`${t.code} ${t.name}`));
  return {
    ...emptyDraft(),
    alarms: [alarm.id],
    from: alarmTitle(alarm),
    type: match?.code ?? "",
    priority: match?.priority ?? 1,
    place: alarm.place ? { ...alarm.place } : null,
    text: alarm.text ? `${alarm.text}\n` : "",
  };
}

/** Gives an incident the place of a draft. */
export async function placeIncident(given: Draft): Promise<void> {
  if (!given.incident || !given.place) return;
  const { lon, lat, name, verified } = given.place;
  await api.setPlace(given.incident, { lon, lat, place: name, verified: verified !== false });
  say(words.done.placed(label(given.incident)));
  select(given.incident);
  draft.value = null;
}

/** Opens the incident of a draft; while the connection is lost it is kept with its true time. */
export async function openIncident(given: Draft): Promise<boolean> {
  const clock = clockTime(serverNow());
  const asSaid = given.place ? "" : given.search.trim().replace(/\.+$/, "");
  const text = [given.text.trim(), asSaid ? words.form.saidPlace(asSaid) : ""]
    .filter(Boolean)
    .join(" ");
  const body = (extra: string) => ({
    type: given.type,
    priority: given.priority,
    alarms: given.alarms,
    ...(given.place
      ? {
          lon: given.place.lon,
          lat: given.place.lat,
          place: given.place.name,
          verified: given.place.verified !== false,
        }
      : {}),
    ...(text || extra ? { text: [text, extra].filter(Boolean).join(" ") } : {}),
  });
  if (lost.value) {
    const name = store.room.value?.types.find((t) => t.code === given.type)?.name ?? given.type;
    keep(name, () => api.open(body(words.lost.keptCall(clock))));
    say(words.done.queued(name));
  } else {
    const opened = await api.open(body(""));
    say(words.done.opened(opened.run));
    store.selected.value = opened.id;
  }
  draft.value = null;
  formOpen.value = false;
  return true;
}
