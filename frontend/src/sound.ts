/** The sounds of the room: the alarm, a mayday, a lost connection. They say nothing the screen does not.
 *
 * Browsers are silent until a gesture; `ready` is false until then and the page says so.
 */

import { computed, effect, signal } from "@preact/signals";
import { lost } from "./connection";
import { maydays, unanswered } from "./store";

const MUTE_MS = 5 * 60_000;
const STEP_MS = 250;

let context: AudioContext | null = null;
export const ready = signal(false);
/** performance.now() when the mute ends by itself; 0 when not muted. */
export const mutedUntil = signal(0);
const clock = signal(0);
/** What sounds at this moment: "alarm", "mayday", both, or nothing. For the page to say so. */
export const sounding = signal("");
export const muteLeftMs = computed(() => Math.max(0, mutedUntil.value - clock.value));

/** Called on every gesture until the browser lets sound out. */
export function wake(): void {
  context ??= new AudioContext();
  const look = () => {
    ready.value = context?.state === "running";
  };
  context.onstatechange = look;
  void context.resume().then(look, look);
}

/** F8: mutes the alarm for five minutes at most, or ends the mute. */
export function toggleMute(): void {
  clock.value = performance.now();
  mutedUntil.value = muteLeftMs.value > 0 ? 0 : performance.now() + MUTE_MS;
}

function tone(hz: number, startS: number, lengthS: number, volume: number, toHz = hz): void {
  if (context?.state !== "running") return;
  const at = context.currentTime + startS;
  const voice = context.createOscillator();
  const loud = context.createGain();
  voice.type = "triangle";
  voice.frequency.setValueAtTime(hz, at);
  if (toHz !== hz) voice.frequency.linearRampToValueAtTime(toHz, at + lengthS);
  loud.gain.setValueAtTime(0, at);
  loud.gain.linearRampToValueAtTime(volume, at + 0.015);
  loud.gain.setValueAtTime(volume, at + lengthS - 0.03);
  loud.gain.linearRampToValueAtTime(0, at + lengthS);
  voice.connect(loud).connect(context.destination);
  voice.start(at);
  voice.stop(at + lengthS + 0.02);
}

/** The rising pair. Each level of escalation is nearer the next and a little louder. */
function alarm(level: number): void {
  const volume = Math.min(0.5, 0.2 + 0.1 * level);
  tone(660, 0, 0.16, volume);
  tone(880, 0.18, 0.22, volume);
  if (level > 1) tone(1100, 0.42, 0.22, volume);
}

const everyMs = (level: number): number => (level <= 0 ? 2000 : level === 1 ? 1300 : 900);

let nextAlarm = 0;
let nextMayday = 0;
let nextLost = 0;

function step(): void {
  const at = performance.now();
  clock.value = at;
  ready.value = context?.state === "running";
  const heard = [
    unanswered.value.length && at >= mutedUntil.value ? "alarm" : "",
    maydays.value.length ? "mayday" : "",
  ];
  sounding.value = ready.value ? heard.filter(Boolean).join(" ") : "";
  if (maydays.value.length && at >= nextMayday) {
    // Alternating, and never muted.
    tone(880, 0, 0.24, 0.4);
    tone(587, 0.25, 0.24, 0.4);
    nextMayday = at + 500;
  }
  if (at < mutedUntil.value) return;
  const top = unanswered.value[0];
  if (top && at >= nextAlarm) {
    alarm(top.level);
    nextAlarm = at + everyMs(top.level);
  }
  if (lost.value && at >= nextLost) {
    tone(520, 0, 0.7, 0.3, 260);
    nextLost = at + 10_000;
  }
}

export function startSound(): void {
  setInterval(step, STEP_MS);
  // A new alarm sounds at once, not at the next step of the old one's rhythm.
  let before = 0;
  effect(() => {
    const count = unanswered.value.length;
    if (count > before) nextAlarm = 0;
    before = count;
    if (!lost.value) nextLost = 0;
  });
  const gesture = () => {
    if (!ready.value) wake();
  };
  for (const name of ["pointerdown", "keydown"])
    document.addEventListener(name, gesture, { capture: true });
}
