/** close and open: roads, by name or by pointing at them while the command stands in the line. */

import { roadPoints } from "../roadpoints";
import * as store from "../store";
import { clockTime, serverNow } from "../time";
import type { Closure } from "../types";
import { words } from "../words";
import { type Reading, refuse } from "./reading";

const say = words.roads;
const SPAN = /^(\d+)(m|min|h|d)$/;
/** The word that makes the points on the map the corners of an area. */
const AREA = "area";
const MINUTES = { m: 1, min: 1, h: 60, d: 1440 };

/** close bridge street [2h] [flood]: read from the end, the rest is the name. */
export function close(args: string[]): Reading {
  const rest = [...args];
  let minutes: number | null = null;
  let why = "blocked";
  for (;;) {
    const last = rest.at(-1)?.toLowerCase() ?? "";
    const span = SPAN.exec(last);
    if (span) minutes = Number(span[1]) * MINUTES[span[2] as keyof typeof MINUTES];
    else if (last in say.why) why = last;
    else break;
    rest.pop();
  }
  const named = rest.join(" ");
  const points = roadPoints.value;
  const isArea = named.toLowerCase() === AREA;
  if (isArea && points.length < 3) return refuse("close", say.corners(3 - points.length));
  const street = isArea ? "" : named;
  if (!street && !points.length) return refuse("close", say.which, say.whichHow);
  const name = isArea
    ? say.area
    : street || [...new Set(points.map((p) => p.name || say.road))].join(", ");
  const until =
    minutes === null ? say.untilOpen : say.until(clockTime(serverNow() + minutes * 6e4));
  return {
    verb: "close",
    sentence: say.close(name, say.why[why as keyof typeof say.why], until),
    detail: say.closeDetail,
    act: {
      do: "closeRoad",
      street,
      isArea,
      points: street ? [] : points.map((p) => [p.lon, p.lat]),
      minutes,
      why,
    },
    incident: null,
    units: [],
  };
}

/** open bridge street: lifts the closure of that name. */
export function open(args: string[]): Reading {
  const wanted = args.join(" ").toLowerCase();
  const found = store.closures.value.filter((c) => c.name.toLowerCase().startsWith(wanted));
  if (!store.closures.value.length) return refuse("open", say.none);
  if (!wanted || found.length > 1)
    return refuse("open", say.whichOpen, names(found.length ? found : store.closures.value));
  const one = found[0];
  if (!one) return refuse("open", say.notClosed(args.join(" ")), names(store.closures.value));
  return {
    verb: "open",
    sentence: say.open(one.name),
    detail: stands(one),
    act: { do: "openRoad", closure: one.id, name: one.name },
    incident: null,
    units: [],
  };
}

const names = (list: Closure[]): string => list.map((closure) => closure.name).join(", ");

/** "flood, until 14:30". */
export function stands(closure: Closure): string {
  const why = say.why[closure.why as keyof typeof say.why] ?? closure.why;
  const until =
    closure.until_us === null ? say.untilOpen : say.until(clockTime(closure.until_us / 1000));
  return `${why}, ${until}`;
}
