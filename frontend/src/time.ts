/** Clocks. Everything counts in the server's time: this machine's own clock is never trusted. */

import { signal } from "@preact/signals";
import { words } from "./words";

const SAMPLES = 12; // ticks kept to tell how fast the server's clock runs (a drill may be sped up)
const STEP_MS = 250;

let samples: [local: number, server: number][] = [];
let rate = 1;

/** The server's time now, in ms; before the first tick this machine's. */
export function serverNow(): number {
  const last = samples.at(-1);
  return last ? last[1] + (performance.now() - last[0]) * rate : Date.now();
}

/** Server time of each whole second, in ms: what clocks on the page read. */
export const now = signal(Date.now());

/** How many seconds of the room pass in one second at the desk; 1 outside sped-up drills. */
export const clockRate = (): number => rate;

/** Takes the server's time from a message just received. */
export function hearTime(nowUs: number): void {
  samples.push([performance.now(), nowUs / 1000]);
  samples = samples.slice(-SAMPLES);
  const [a, b] = [samples[0]!, samples.at(-1)!];
  if (b[0] - a[0] > 3000) {
    const measured = (b[1] - a[1]) / (b[0] - a[0]);
    rate = Math.abs(measured - 1) < 0.1 ? 1 : Math.max(0.1, measured);
  }
  step();
}

/** Goes on from a picture that was kept: the room's time, not this machine's, until it is heard. */
export function seedTime(serverMs: number): void {
  samples = [[performance.now(), serverMs]];
  step();
}

/** Forgets what was learnt of the server's clock; it may be another server now. */
export function forgetTime(): void {
  samples = [];
}

function step(): void {
  now.value = Math.floor(serverNow() / 1000) * 1000;
}

export function startClock(): void {
  setInterval(step, STEP_MS);
}

/** `m:ss` to an hour, then `h:mm`; never negative. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  return `${Math.floor(s / 3600)}:${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
}

/** Travel time of a ranked unit, rounded up: nobody is there before; in words when no road is known. */
export const travel = (ms: number | null): string =>
  ms === null ? words.who.noRoad : span(Math.ceil(ms / 1000) * 1000);

/** An age in words: "3 s", "4 min", "2 h". */
export function age(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  return s < 5400 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

let clockFormat = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Shows clock times in the agency's zone from now on; an unknown zone changes nothing. */
export function useZone(zone: string): void {
  try {
    clockFormat = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZone: zone,
    });
  } catch {
    // An older browser may not know the zone; the machine's own zone is still a true time.
  }
}

/** 24 h clock with seconds, in the agency's zone when the server names one. */
export function clockTime(ms: number): string {
  return clockFormat.format(ms);
}

export function distance(m: number): string {
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`;
}

/** How a waiting incident stands against its limit: words, whether late, and the share used. */
export function against(openedUs: number, limitS: number, nowMs: number) {
  const used = (nowMs - openedUs / 1000) / 1000;
  const left = Math.floor(limitS - used);
  const late = left < 0;
  const text = late
    ? words.queue.late(span(-left * 1000))
    : words.queue.left(left < 60 ? `${left} s` : span(left * 1000), span(limitS * 1000));
  return { late, text, share: Math.min(1, Math.max(0, used / Math.max(1, limitS))) };
}
