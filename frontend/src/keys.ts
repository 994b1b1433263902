/** The keyboard of the page. Any letter starts a command; function keys act; digits choose. */

import { perform } from "./actions";
import { lost } from "./connection";
import {
  boardOpen,
  command,
  conflict,
  formOpen,
  helpOpen,
  picks,
  reading,
  setCommand,
  tab,
  togglePick,
} from "./desk";
import { tryNow } from "./live";
import { lockNow } from "./lock";
import { say } from "./said";
import { locked } from "./session";
import { toggleMute } from "./sound";
import * as store from "./store";
import { words } from "./words";

const PANELS: Record<string, string> = {
  q: "queue",
  m: "map",
  b: "board",
  c: "card",
  w: "who",
};

const inField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
const commandInput = (): HTMLInputElement | null => document.querySelector("#command");

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (functionKey(event)) event.preventDefault();
    else if (locked.value || !store.session.value) return;
    else if (panelKey(event) || lockKey(event)) event.preventDefault();
    else if (event.key === "Escape") leave(event);
    else if (!inField(event.target) && typed(event)) event.preventDefault();
  });
}

function functionKey(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "F2") {
    if (!locked.value) answerTop();
    return true;
  }
  if (event.key === "F4" && lost.value) {
    tryNow();
    return true;
  }
  if (event.key === "F8") {
    toggleMute();
    return true;
  }
  return false;
}

export function answerTop(): void {
  const top = store.unanswered.value[0];
  if (top) void answerOne(top.id);
  else say(words.cmd.noAlarm);
}

export async function answerOne(id: string): Promise<void> {
  if (lost.value) say(words.lost.offNow, "bad");
  else await perform({ do: "answer", alarm: id });
}

/** Alt and a letter put the focus in a panel: its chosen row, else its first. */
function panelKey(event: KeyboardEvent): boolean {
  const panel = event.altKey && !event.ctrlKey ? PANELS[event.key.toLowerCase()] : undefined;
  if (!panel) return false;
  if (panel === "board") boardOpen.value = true;
  tab.value = panel === "who" ? "card" : (panel as typeof tab.value);
  requestAnimationFrame(() => focusPanel(panel));
  return true;
}

/** Alt L on leaving the desk. */
function lockKey(event: KeyboardEvent): boolean {
  if (!event.altKey || event.ctrlKey || event.key.toLowerCase() !== "l") return false;
  void lockNow();
  return true;
}

export function focusPanel(panel: string): void {
  const region = document.querySelector<HTMLElement>(`[data-panel="${panel}"]`);
  const target =
    region?.querySelector<HTMLElement>("[aria-pressed=true],[aria-current=true]") ??
    region?.querySelector<HTMLElement>("[data-row],button,canvas,[tabindex]") ??
    region;
  target?.focus();
}

function leave(event: KeyboardEvent): void {
  if (helpOpen.value) helpOpen.value = false;
  else if (command.value) setCommand("");
  else if (formOpen.value) formOpen.value = false;
  else if (conflict.value) conflict.value = null;
  else if (boardOpen.value) boardOpen.value = false;
  else if (store.selectedUnit.value) store.selectedUnit.value = null;
  else if (event.target instanceof HTMLElement) event.target.blur();
}

/** Keys typed on the page itself, not in a field. */
function typed(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Enter") return enter(event);
  if (event.key.startsWith("Arrow")) return arrow(event);
  if (/^[1-9]$/.test(event.key) && !formOpen.value) return digit(Number(event.key));
  if (event.key === "?") {
    helpOpen.value = !helpOpen.value;
    return true;
  }
  const starts = event.key === "/" || (event.key.length === 1 && /\p{L}/u.test(event.key));
  if (!starts) return false;
  // The letter itself lands in the input: focus moves before the browser inserts it.
  commandInput()?.focus();
  return event.key === "/";
}

/** With a sentence in view Enter does it, wherever the focus is, except on a button of its own. */
function enter(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  const own = target.closest("button,a") && !target.closest("[data-row]");
  if (own || !command.value.trim()) return false;
  void runCommand();
  return true;
}

export async function runCommand(): Promise<void> {
  const now = reading.value;
  if (!now) return;
  if (!now.act) {
    say(words.done.failed([now.sentence, now.detail].join(" ")), "bad");
    return;
  }
  const text = command.value;
  if ((await perform(now.act)) && command.value === text) setCommand("");
}

function digit(n: number): boolean {
  const row = store.advice.value?.answer?.ranked[n - 1];
  if (!row || (command.value && !picks.value.typed)) return false;
  togglePick(row.unit);
  return true;
}

/** Arrows move among the rows of a list. */
function arrow(event: KeyboardEvent): boolean {
  const row = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
  if (!row) return false;
  const rows = [
    ...(row.closest("[data-panel]")?.querySelectorAll<HTMLElement>("[data-row]") ?? []),
  ];
  const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1;
  const next = rows[rows.indexOf(row) + step];
  if (!next) return true;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  // In the queue looking is choosing: the card follows the arrows.
  if (next.dataset.follows) next.click();
  return true;
}
