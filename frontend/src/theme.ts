/** Dark or light: the system's wish, unless this desk chose. */

import { computed, signal } from "@preact/signals";

export type Theme = "dark" | "light";
export type Choice = "auto" | Theme;

const KEY = "callout.theme";
const wish = window.matchMedia("(prefers-color-scheme: light)");
const system = signal<Theme>(wish.matches ? "light" : "dark");
wish.addEventListener("change", () => {
  system.value = wish.matches ? "light" : "dark";
});

const kept = (): Choice => {
  try {
    const text = localStorage.getItem(KEY);
    return text === "dark" || text === "light" ? text : "auto";
  } catch {
    return "auto"; // storage may be forbidden; the choice then lasts as long as the page
  }
};

export const choice = signal<Choice>(kept());
export const theme = computed<Theme>(() => (choice.value === "auto" ? system.value : choice.value));

export function setTheme(next: Choice): void {
  choice.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // See above.
  }
}
