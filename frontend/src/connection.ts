/** How live the picture is. The heartbeat is one message a second; silence is counted out loud. */

import { computed, signal } from "@preact/signals";

export const LATE_S = 1.5;
export const LOST_S = 2.5;

export interface Connection {
  state: "connecting" | "live" | "late" | "lost";
  /** Seconds since anything was heard, sampled once a second while live, ten times when late. */
  behindS: number;
  attempt: number;
  /** Seconds until the next attempt to connect; 0 while trying. */
  nextS: number;
}

export const connection = signal<Connection>({
  state: "connecting",
  behindS: 0,
  attempt: 0,
  nextS: 0,
});

/** Server time in ms of the picture shown while lost; null while it is live. */
export const pictureMs = signal<number | null>(null);
export const lost = computed(() => connection.value.state === "lost");

/** Whether what is shown was kept from before a reload, and not heard. */
export const keptShown = signal(false);

/** What was said while this page was away, shown on return until seen. `anew`: the whole picture was
 * taken again after a reload, so nobody knows what is different. */
export const away = signal<{ seconds: number; lines: string[]; anew: boolean } | null>(null);

/** Since when (server time, ms) the journal takes nothing, and whether for want of room; null: it does. */
export const stopped = signal<{ ms: number; full: boolean } | null>(null);

export function setConnection(next: Connection): void {
  const before = connection.value;
  const same =
    before.state === next.state &&
    before.attempt === next.attempt &&
    before.nextS === next.nextS &&
    before.behindS.toFixed(1) === next.behindS.toFixed(1);
  if (!same) connection.value = next;
}
