/** Who sits here, as the server last said; and whether the console is locked. */

import { computed, signal } from "@preact/signals";
import type { Session } from "./types";

export const session = signal<Session | null>(null);

/** Why this console shows nothing but alarms and maydays; null when it is not locked. */
export const locked = computed(() => session.value?.locked ?? null);

/** Any answer may say first that the session has locked. */
export function hearLock(why: unknown): void {
  const now = session.value;
  if (!now || now.locked === why) return;
  if (why === "idle" || why === "reauth" || why === "shift")
    session.value = { ...now, locked: why };
}
