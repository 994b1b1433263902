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

export function keep(label: string, send: () => Promise<unknown>): void {
  outbox.value = [...outbox.value, { label, send }];
}

export function keepNote(incident: string, label: string, text: string, clock: string): void {
  keep(label, () => api.note(incident, `${text} ${words.lost.keptNote(clock)}`));
}

/** Sends what waited, oldest first; stops at the first that still finds no server. */
export async function flushOutbox(): Promise<void> {
  if (flushing) return;
  flushing = true;
  try {
    while (outbox.value.length) {
      const first = outbox.value[0]!;
      try {
        await first.send();
      } catch (error) {
        if (error instanceof Problem && error.status === 0) return;
        say(words.done.failed(`${first.label}: ${(error as Error).message}`), "bad");
      }
      outbox.value = outbox.value.slice(1);
    }
  } finally {
    flushing = false;
  }
}
