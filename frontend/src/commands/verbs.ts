/** The registry of commands. Each verb reads its own words and says what it would do. */

import { alarmTitle, alarmWhere } from "../alarms";
import * as store from "../store";
import type { Incident, Unit } from "../types";
import { words } from "../words";
import { findIncident, findUnit, isIncidentWord, spoken, statusOf, unitsLike } from "./names";
import { type Reading, refuse } from "./reading";
import * as roads from "./roads";

export type Reader = (args: string[], open: string | null) => Reading;

const say = words.cmd;

/** Takes an incident number from the front of the words; without one, the card that is open. */
function incidentFrom(args: string[], open: string | null): [Incident | null, string[], string] {
  const first = args[0];
  if (first && isIncidentWord(first) && !findUnit(first)) {
    const found = findIncident(first);
    const rank = !found && open !== null && /^[1-9]$/.test(first);
    if (rank) return [store.incidentOf(open) ?? null, args, ""];
    return [found, args.slice(1), found ? "" : say.noIncident(first)];
  }
  const current = store.incidentOf(open) ?? null;
  return [current, args, current ? "" : say.whichIncident];
}

function unknownUnit(verb: string, word: string): Reading {
  const like = unitsLike(word, 3).map((u) => u.callsign);
  return refuse(verb, say.noUnit(word), like.length ? say.didYouMean(like) : "");
}

/** d [101] e7 m2: send units. Naming a unit that is elsewhere says who loses it. */
const send: Reader = (args, open) => {
  const [incident, names, why] = incidentFrom(args, open);
  if (!incident) return refuse("d", why);
  const about = (reading: Reading): Reading => ({ ...reading, incident: incident.id });
  if (incident.state === "closed") return about(refuse("d", say.isClosed(store.labelOf(incident))));
  const units: Unit[] = [];
  for (const name of names) {
    const unit = findUnit(name) ?? ranked(name, incident);
    if (!unit) return { ...about(unknownUnit("d", name)), units: units.map((u) => u.id) };
    if (!units.includes(unit)) units.push(unit);
  }
  const ids = units.map((u) => u.id);
  if (!units.length) return about(refuse("d", say.whichUnit, spoken(incident)));
  const off = units.find((u) => u.status === "out_of_service");
  if (off) return { ...about(refuse("d", say.outOfService(off.callsign))), units: ids };
  // Somebody else may have sent one of them here already: the others still go.
  const there = units.filter((u) => u.incident === incident.id).map((u) => u.callsign);
  const going = units.filter((u) => u.incident !== incident.id);
  if (!going.length) return { ...about(refuse("d", say.already(there))), units: ids };
  const notes = [
    ...(there.length ? [say.already(there)] : []),
    ...going.filter((u) => u.incident).map(losing),
  ];
  return {
    verb: "d",
    sentence: say.send(
      going.map((u) => u.callsign),
      spoken(incident),
    ),
    detail: notes.length ? notes.join(" ") : say.sendDetail,
    act: {
      do: "send",
      incident: incident.id,
      units: going.map((u) => u.id),
      divert: going.some((u) => u.incident),
    },
    incident: incident.id,
    units: ids,
  };
};

/** A single digit names a row of "Who should go", when that list is of this incident. */
function ranked(name: string, incident: Incident): Unit | null {
  const answer = store.advice.value?.answer;
  if (!/^[1-9]$/.test(name) || answer?.incident !== incident.id) return null;
  return store.unitOf(answer.ranked[Number(name) - 1]?.unit ?? "") ?? null;
}

function losing(unit: Unit): string {
  const from = store.incidentOf(unit.incident);
  return say.loses(from ? store.labelOf(from) : (unit.incident ?? ""), unit.callsign);
}

/** s e7 os: a unit's status, as it says it on the radio. */
const status: Reader = (args) => {
  if (!args[0]) return refuse("s", say.whichUnit);
  const unit = findUnit(args[0]);
  if (!unit) return unknownUnit("s", args[0]);
  const next = statusOf(args.slice(1).join("_"));
  const was = words.status[unit.status];
  if (!next)
    return {
      ...refuse("s", say.whichStatus, `${unit.callsign}: ${say.statusFrom(was)}`),
      units: [unit.id],
    };
  return {
    verb: "s",
    sentence: say.status(unit.callsign, words.status[next]),
    detail: say.statusFrom(was),
    act: { do: "status", unit: unit.id, status: next },
    incident: null,
    units: [unit.id],
  };
};

const mayday: Reader = (args) => {
  const unit = args[0] ? findUnit(args[0]) : null;
  if (!unit) return args[0] ? unknownUnit("mayday", args[0]) : refuse("mayday", say.whichUnit);
  const on = args[1] !== "end";
  return {
    verb: "mayday",
    sentence: (on ? say.mayday : say.maydayEnd)(unit.callsign),
    detail: "",
    act: { do: "mayday", unit: unit.id, on },
    incident: null,
    units: [unit.id],
  };
};

/** n 101 text: a note, kept as typed. */
const note: Reader = (args, open) => {
  const [incident, rest, why] = incidentFrom(args, open);
  if (!incident) return refuse("n", why);
  const text = rest.join(" ");
  const label = store.labelOf(incident);
  if (!text) return { ...refuse("n", say.emptyNote, label), incident: incident.id };
  return {
    verb: "n",
    sentence: say.note(label, text),
    detail: "",
    act: { do: "note", incident: incident.id, text },
    incident: incident.id,
    units: [],
  };
};

/** c 101 [reason]: closes an incident and says who is released. */
const close: Reader = (args, open) => {
  const [incident, rest, why] = incidentFrom(args, open);
  if (!incident) return refuse("c", why);
  if (incident.state === "closed")
    return { ...refuse("c", say.isClosed(store.labelOf(incident))), incident: incident.id };
  const on = incident.units.filter((u) => u.left_us === null).map((u) => u.id);
  const names = on.map((id) => store.unitOf(id)?.callsign ?? id);
  return {
    verb: "c",
    sentence: say.close(spoken(incident)),
    detail: names.length ? say.releases(names) : say.noOneReleased,
    act: { do: "close", incident: incident.id, reason: rest.join(" ") },
    incident: incident.id,
    units: on,
  };
};

const show: Reader = (args) => {
  const incident = args[0] ? findIncident(args[0]) : null;
  if (!incident) return refuse("i", args[0] ? say.noIncident(args[0]) : say.whichIncident);
  const act = { do: "show" as const, incident: incident.id };
  const sentence = say.show(spoken(incident));
  return { verb: "i", sentence, detail: "", act, incident: incident.id, units: [] };
};

const unit: Reader = (args) => {
  const found = args[0] ? findUnit(args[0]) : null;
  if (!found) return args[0] ? unknownUnit("u", args[0]) : refuse("u", say.whichUnit);
  return {
    verb: "u",
    sentence: say.showUnit(found.callsign),
    detail: words.status[found.status],
    act: { do: "unit", unit: found.id },
    incident: null,
    units: [found.id],
  };
};

/** p 101: sets the place of an incident, by street or on the map. */
const place: Reader = (args, open) => {
  const [incident, , why] = incidentFrom(args, open);
  if (!incident) return refuse("p", why);
  const act = { do: "place" as const, incident: incident.id };
  return { ...refuse("p", say.place(store.labelOf(incident))), act, incident: incident.id };
};

const form: Reader = () => ({
  ...refuse("new", say.openForm),
  act: { do: "form" },
});

const answer: Reader = () => {
  const alarm = store.unanswered.value[0];
  if (!alarm) return refuse("a", say.noAlarm);
  const sentence = say.answer(alarmTitle(alarm));
  return { ...refuse("a", sentence, alarmWhere(alarm)), act: { do: "answer", alarm: alarm.id } };
};

const help: Reader = () => ({ ...refuse("help", say.help), act: { do: "help" } });

export const VERBS: Record<string, Reader> = {
  d: send,
  s: status,
  n: note,
  c: close,
  i: show,
  u: unit,
  p: place,
  a: answer,
  new: form,
  close: roads.close,
  open: roads.open,
  mayday,
  help,
  "?": help,
};
