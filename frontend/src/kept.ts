/** The last picture, kept on this machine for a reload while the server is away.
 *
 * What callers said and where they are is erasable, so it never gets here: an incident is kept
 * with its number, type, clocks and units, without place and words. Dropped at sign-out (of any tab)
 * and after twelve hours, written anew at an erasure.
 */

import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { keptShown, pictureMs } from "./connection";
import * as store from "./store";
import { seedTime, serverNow } from "./time";
import type { Alarm, Incident, Room, Session, Unit } from "./types";

const KEY = "callout.picture";
const FORMAT = 1; // another shape is another number: an older page's picture is not shown
const EVERY_MS = 10_000;
const FIRST_MS = 3_000;
const TILES = 150; // of the city, kept for a map without a server
const OLDEST_MS = 12 * 3600 * 1000;

interface Kept {
  format: number;
  /** Server time and this machine's time when it was kept, ms. */
  serverMs: number;
  localMs: number;
  session: Session;
  room: Room;
  units: Unit[];
  incidents: Incident[];
  alarms: Alarm[];
}

let stopped = false;

/** Whether there is a picture to show when the server is away. */
export const hasKept = (): boolean => read() !== null;

/** After a sign-in; `dropKept` ends it. */
export function keepAgain(): void {
  stopped = false;
}

export function startKeeping(): void {
  // Signed out in another tab: the session was this tab's too.
  addEventListener("storage", (event) => {
    if (event.key === KEY && event.newValue === null) stopped = true;
  });
  setTimeout(keep, FIRST_MS);
  setInterval(keep, EVERY_MS);
  const sw = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  sw?.register("/sw.js").then(
    () => {
      // Now, and once more when the map has arrived.
      void sw.ready.then(tellAssets);
      setTimeout(() => void sw.ready.then(tellAssets), EVERY_MS);
    },
    () => {}, // the page works without it; a reload needs the server then
  );
}

export function dropKept(): void {
  stopped = true;
  remove();
}

function remove(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Storage may be off; then nothing was kept either.
  }
}

/** Puts the kept picture into the store; how old it is in ms, or null when there is none. */
export function showKept(): number | null {
  const kept = read();
  if (!kept) return null;
  const ageMs = Date.now() - kept.localMs;
  seedTime(kept.serverMs + ageMs);
  store.session.value = kept.session;
  store.room.value = kept.room;
  for (const unit of kept.units) {
    const heard = unit.position?.age_s;
    if (unit.position && typeof heard === "number") unit.position.age_s = heard + ageMs / 1000;
    store.putUnit(unit);
  }
  kept.incidents.forEach(store.putIncident);
  kept.alarms.forEach(store.putAlarm);
  store.changed({ units: true, incidents: true, alarms: true });
  pictureMs.value = kept.serverMs;
  keptShown.value = true;
  return ageMs;
}

/** The first live snapshot takes the place of what was kept. */
export function replaceKept(): void {
  if (!keptShown.value) return;
  keptShown.value = false;
  store.forgetPicture();
}

/** Writes over what was kept before with what is known now: each ten seconds, at an erasure, and
 * when the console is locked (its picture holds alarms and maydays only). */
export function keep(): void {
  const kept = read(); // what is too old is removed, here too
  if (kept && stopped) remove();
  const session = store.session.value;
  const room = store.room.value;
  if (
    stopped ||
    keptShown.value ||
    pictureMs.value !== null ||
    !session?.person ||
    !room ||
    store.seenSeq() < 0
  )
    return;
  const picture: Kept = {
    format: FORMAT,
    serverMs: serverNow(),
    localMs: Date.now(),
    session,
    room,
    units: [...store.everyUnit()].map((unit) => ({
      ...unit,
      // Where a crew is taken to be at its scene is the caller's address.
      position:
        unit.position && unit.position.source !== "scene"
          ? { ...unit.position, age_s: finite(store.positionAge(unit)) }
          : null,
    })),
    incidents: [...store.everyIncident()].map(({ log: _, ...incident }) => ({
      ...incident,
      place: null,
      text: null,
    })),
    alarms: [...store.everyAlarm()]
      .filter((alarm) => !alarm.acknowledged)
      .map((alarm) => ({ ...alarm, place: null, text: null, device: null })),
  };
  try {
    localStorage.setItem(KEY, JSON.stringify(picture));
  } catch {
    // Full or off: an old picture would be worse than none.
    remove();
  }
}

/** What was kept; what is too old, from the future, or of another shape is removed. */
function read(): Kept | null {
  try {
    const text = localStorage.getItem(KEY);
    if (!text) return null;
    const kept = JSON.parse(text) as Kept;
    const ageMs = Date.now() - kept.localMs;
    if (kept.format === FORMAT && ageMs >= 0 && ageMs <= OLDEST_MS) return kept;
  } catch {
    // Storage is off, or what it holds is no picture.
  }
  remove();
  return null;
}

const finite = (age: number): number | null => (Number.isFinite(age) ? age : null);

/** What was loaded, and the map's worker, which the browser does not list. */
function tellAssets(registration: ServiceWorkerRegistration): void {
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name));
  const paths = loaded
    .filter((url) => url.origin === location.origin && url.pathname.startsWith("/assets/"))
    .map((url) => url.pathname);
  registration.active?.postMessage({ keep: ["/", ...paths, workerUrl, ...cityTiles()] });
}

/** The tiles of the whole city, from far to as near as few enough of them reach (slippy-map numbers). */
function cityTiles(): string[] {
  const city = store.room.value?.city;
  if (!city) return [];
  const [west, south, east, north] = city.bbox;
  const paths: string[] = [];
  for (let z = 6; z <= city.max_zoom; z++) {
    const [left, top] = tileOf(west, north, z);
    const [right, bottom] = tileOf(east, south, z);
    if (paths.length + (right - left + 1) * (bottom - top + 1) > TILES) break;
    for (let x = left; x <= right; x++)
      for (let y = top; y <= bottom; y++) paths.push(`/tiles/${z}/${x}/${y}`);
  }
  return paths;
}

/** The Web Mercator tile of a place: column and row from the north-west. */
function tileOf(lon: number, lat: number, z: number): [number, number] {
  const most = 2 ** z - 1;
  const mercator = Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI;
  const at = (share: number) => Math.max(0, Math.min(most, Math.floor(share * 2 ** z)));
  return [at((lon + 180) / 360), at((1 - mercator) / 2)];
}
