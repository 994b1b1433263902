/** Keeps the card's log and recommendation in step with what the server says. */

import { effect } from "@preact/signals";
import { api } from "./api";
import { connection, lost } from "./connection";
import { command } from "./desk";
import { onEntries } from "./live";
import { locked } from "./session";
import * as store from "./store";

const RANKED = 5;
const AGAIN_MS = 5000; // crews move: a standing recommendation is asked for again this often
const SOON_MS = 400;
let timer = 0;
let asked = 0;

export function startFollowing(): void {
  let shown: string | null = null;
  effect(() => {
    const id = store.selected.value;
    if (id === shown) return;
    shown = id;
    store.detail.value = null;
    store.advice.value = null;
    if (id) void refreshDetail(id);
    if (id) void refreshAdvice(id);
  });
  onEntries((entries) => {
    const id = store.selected.value;
    if (!id) return;
    if (entries.some((e) => e.incident?.id === id || e.stream === `incident/${id}`))
      void refreshDetail(id);
    if (entries.some((e) => e.unit || e.incident?.id === id)) soon();
  });
  setInterval(again, AGAIN_MS);
}

/** Nothing moves under the fingers: while a command is typed the order is held. */
const held = (): boolean => command.value.trim().startsWith("d");

function soon(): void {
  clearTimeout(timer);
  timer = window.setTimeout(again, SOON_MS);
}

function again(): void {
  const id = store.selected.value;
  if (id && !locked.value && !held() && !lost.value && connection.value.state === "live")
    void refreshAdvice(id);
}

async function refreshDetail(id: string): Promise<void> {
  try {
    const found = await api.incident(id);
    if (store.selected.value === id) store.detail.value = found;
  } catch {
    // The card still shows the picture's own copy; only the log is missing, and says so.
  }
}

export async function refreshAdvice(id: string): Promise<void> {
  const incident = store.incidentOf(id);
  if (incident && (incident.state === "closed" || !incident.place)) return;
  const mine = ++asked;
  try {
    const answer = await api.recommend(id, RANKED);
    if (store.selected.value === id && mine === asked)
      store.advice.value = { incident: id, at: performance.now(), answer, error: "" };
  } catch (error) {
    const before = store.advice.value?.answer ?? null;
    if (store.selected.value === id && mine === asked)
      store.advice.value = {
        incident: id,
        at: store.advice.value?.at ?? performance.now(),
        answer: before,
        error: (error as Error).message,
      };
  }
}
