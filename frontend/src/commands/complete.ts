/** What Tab would write next: at most a handful, the likeliest first. */

import * as store from "../store";
import { travel } from "../time";
import type { Status, Unit } from "../types";
import { words } from "../words";
import { findIncident, findUnit, isIncidentWord, STATUS_WORDS, unitsLike } from "./names";
import { VERBS } from "./verbs";

export interface Completion {
  /** The whole command line after Tab. */
  text: string;
  /** What is completed, in bold, and what it is. */
  word: string;
  label: string;
  status: Status | null;
}

const LIMIT = 4;

export function completions(text: string, open: string | null): Completion[] {
  const tokens = text.split(/\s+/);
  const last = (tokens.pop() ?? "").toLowerCase();
  const before = tokens.filter(Boolean);
  if (!text.trim()) return [];
  const head = before.length ? `${before.join(" ")} ` : "";
  const make = (word: string, label: string, status: Status | null = null): Completion => ({
    text: `${head}${word} `,
    word,
    label,
    status,
  });
  if (!before.length) return firstWord(last, make);
  const verb = before[0]!.toLowerCase();
  if (verb === "s" || verb === "u" || verb === "mayday") return unitThen(verb, before, last, make);
  if ("dncp".includes(verb) && verb in VERBS) return afterVerb(verb, before, last, open, make);
  if (verb === "i") return incidents(last, make);
  if (findUnit(verb)) return statuses(last, make);
  return [];
}

type Make = (word: string, label: string, status?: Status | null) => Completion;

function firstWord(last: string, make: Make): Completion[] {
  const verbs = words.help.rows
    .map(([form, meaning]) => [form.split(" ")[0]!, meaning] as const)
    .filter(([verb]) => verb.startsWith(last))
    .map(([verb, meaning]) => make(verb, meaning));
  const units = unitsLike(last, LIMIT).filter((u) => u.callsign.toLowerCase().startsWith(last));
  return [...verbs, ...units.map((u) => unit(u, make))].slice(0, LIMIT);
}

function unit(u: Unit, make: Make): Completion {
  return make(
    u.callsign.toLowerCase(),
    `${kindName(u.kind)}, ${words.status[u.status].toLowerCase()}`,
    u.status,
  );
}

export function kindName(kind: string): string {
  const text = kind.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function statuses(last: string, make: Make): Completion[] {
  return STATUS_WORDS.filter(([, list]) => list[0]!.startsWith(last) || !last)
    .map(([status, list]) => make(list[0]!, words.status[status], status))
    .slice(0, 8);
}

function unitThen(verb: string, before: string[], last: string, make: Make): Completion[] {
  if (before.length === 1) return unitsLike(last, LIMIT).map((u) => unit(u, make));
  return verb === "s" && before.length === 2 ? statuses(last, make) : [];
}

function incidents(last: string, make: Make): Completion[] {
  const { waiting, active } = store.incidentLists.value;
  const wanted = last.replace(/^i/, "");
  return [...waiting, ...active]
    .filter((i) => store.numberOf(i).startsWith(wanted))
    .slice(0, LIMIT)
    .map((i) => make(store.numberOf(i), `${i.type.name}, ${words.state[i.state]}`));
}

function afterVerb(
  verb: string,
  before: string[],
  last: string,
  open: string | null,
  make: Make,
): Completion[] {
  const numbered = before[1] !== undefined && isIncidentWord(before[1]);
  if (before.length === 1 && (/^i?\d*$/.test(last) || !open)) {
    const found = incidents(last, make);
    if (found.length && (last || !open)) return found;
  }
  if (verb !== "d") return before.length === 1 && !open ? incidents(last, make) : [];
  const target = numbered ? findIncident(before[1]!)?.id : open;
  const taken = before.slice(1).map((word) => findUnit(word)?.id);
  const answer = store.advice.value?.answer;
  const ranked = answer && answer.incident === target ? answer.ranked : [];
  const best = ranked
    .filter((row) => !taken.includes(row.unit) && row.callsign.toLowerCase().startsWith(last))
    .map((row) =>
      make(
        row.callsign.toLowerCase(),
        `${kindName(row.kind)}, ${travel(row.travel_ms)}`,
        store.unitOf(row.unit)?.status ?? null,
      ),
    );
  const rest = unitsLike(last, LIMIT)
    .filter((u) => last && !taken.includes(u.id) && !ranked.some((row) => row.unit === u.id))
    .map((u) => unit(u, make));
  return [...best, ...rest].slice(0, LIMIT);
}
