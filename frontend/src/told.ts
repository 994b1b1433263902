/** An entry of the journal in a few words: what was missed while away, what changed under a send. */

import { alarmTitle } from "./alarms";
import * as store from "./store";
import type { EntryMessage } from "./types";
import { words } from "./words";

const say = words.told;

/** One short line, or nothing for entries that only accompany another. */
export function told(entry: EntryMessage): string {
  const code = entry.type.split(".")[0] ?? "";
  const { unit, incident, alarm } = entry;
  if (unit) return ofUnit(code, unit.callsign, unit.status, unit.incident);
  if (incident && code in say.incident)
    return say.incident[code as keyof typeof say.incident](store.labelOf(incident));
  if (alarm && code in say.alarm)
    return say.alarm[code as keyof typeof say.alarm](alarmTitle(alarm));
  return "";
}

function ofUnit(
  code: string,
  callsign: string,
  status: keyof typeof words.status,
  on: string | null,
): string {
  if (code === "UnitDispatched") {
    const incident = store.incidentOf(on);
    return say.sent(callsign, incident ? store.labelOf(incident) : "");
  }
  if (code === "MaydayRaised") return words.cmd.mayday(callsign);
  if (code === "UnitStatusSet" || code === "UnitCleared" || code === "MaydayEnded")
    return words.cmd.status(callsign, words.status[status]);
  return "";
}

/** What a fact's name means to a person: "UnitStatusSet" is "status changed". */
export const changeWords = (code: string): string =>
  say.change[code as keyof typeof say.change] ?? code;

/** "person/d1" as people know it here. */
export function whoWords(actor: string): string {
  const [kind, name] = actor.split("/") as [string, string | undefined];
  if (kind === "person" && name === store.session.value?.person) return say.you;
  if (kind === "device") return say.device(name ?? "");
  return name ?? (kind === "system" ? say.system : kind);
}
