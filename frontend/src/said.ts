/** The last thing this page did, said in the row above the command line and to screen readers. */

import { signal } from "@preact/signals";
import { clockTime, serverNow } from "./time";

export interface Said {
  text: string;
  tone: "plain" | "bad";
  clock: string;
}

export const said = signal<Said | null>(null);
const SHOWN_MS = 12_000;
let timer = 0;

export function say(text: string, tone: Said["tone"] = "plain"): void {
  said.value = { text, tone, clock: clockTime(serverNow()) };
  clearTimeout(timer);
  timer = window.setTimeout(
    () => {
      said.value = null;
    },
    tone === "bad" ? SHOWN_MS * 2 : SHOWN_MS,
  );
}
