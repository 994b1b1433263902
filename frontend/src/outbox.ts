/** What may wait while the connection is lost: notes and calls taken, with their true times.
 *
 * Kept in memory only: a caller's words do not belong in the browser's storage.
 */

import { signal } from "@preact/signals";
import { api, Problem } from "./api";
import { say } from "./said";
import { words } from "./words";

export interface Waiting {
  label: string;
  send: () => Promise<unknown>;
}

export const outbox = signal<Waiting[]>([]);
let flushing = false;
let again = 0;

const AGAIN_MS = 10_000;
/** Nobody has refused these entries: the server is away, full, stopped, busy, or wants a sign-in. */
const NOT_NOW = new Set([0, 401, 423, 429, 502, 503, 504, 507]);

export function keep(label: string, send: () => Promise<unknown>): void {
  outbox.value = [...outbox.value, { label, send }];
}

export function keepNote(incident: string, label: string, text: string, clock: string): void {
  keep(label, () => api.note(incident, `${text} ${words.lost.keptNote(clock)}`));
}

/** Sends what waited, oldest first; the first that cannot be taken now stays, and is tried again. */
export async function flushOutbox(): Promise<void> {
  clearTimeout(again);
  if (flushing) return;
  flushing = true;
  try {
    while (outbox.value.length) {
      const first = outbox.value[0]!;
      try {
        await first.send();
      } catch (error) {
        if (error instanceof Problem && NOT_NOW.has(error.status)) {
          if (error.status && !again)
            say(words.done.failed(`${first.label}: ${error.message}`), "bad");
          again = window.setTimeout(() => void flushOutbox(), AGAIN_MS);
          return;
        }
        say(words.done.failed(`${first.label}: ${(error as Error).message}`), "bad");
      }
      outbox.value = outbox.value.slice(1);
    }
  } finally {
    flushing = false;
  }
}
