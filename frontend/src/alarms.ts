/** An alarm in words: what it is, who pressed, where. */

import type { Alarm } from "./types";
import { words } from "./words";

const say = words.alarms;

export const kindOf = (alarm: Alarm): string => say.kind[alarm.kind] ?? alarm.kind;

/** "Panic button, Ferry Terminal desk 3". */
export const alarmTitle = (alarm: Alarm): string =>
  alarm.device ? `${kindOf(alarm)}, ${alarm.device}` : kindOf(alarm);

/** Where it is; an alarm without a fix says how to find out. */
export const alarmWhere = (alarm: Alarm): string =>
  alarm.place ? alarm.place.name || say.onMap : say.noFix;
