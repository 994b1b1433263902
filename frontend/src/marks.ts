/** The marks of units: one shape and letter a status, drawn alike in lists and on the map.
 *
 * Paths stand in a box of 24 with the centre at 12,12. Colours: Okabe and Ito's set, see the
 * tokens in styles/tokens.css for where else a colour may be used (nowhere).
 */

import type { Status, Unit } from "./types";

export type MarkKind = Status | "mayday";

export interface Shape {
  path: string;
  letter: string;
  /** Outline only, also when the position is fresh. */
  hollow: boolean;
}

const CIRCLE = "M12 2.4a9.6 9.6 0 1 1 0 19.2a9.6 9.6 0 1 1 0-19.2Z";

export const SHAPES: Record<MarkKind, Shape> = {
  available: { path: CIRCLE, letter: "A", hollow: false },
  dispatched: { path: "M12 .8 23.2 12 12 23.2.8 12Z", letter: "D", hollow: false },
  en_route: { path: "M12 .8 22 9.6 19.4 22H4.6L2 9.6Z", letter: "R", hollow: false },
  on_scene: { path: "M2.8 2.8h18.4v18.4H2.8Z", letter: "S", hollow: false },
  transporting: { path: "M6.4 2.4h11.2L23 12l-5.4 9.6H6.4L1 12Z", letter: "T", hollow: false },
  at_hospital: {
    path: "M7.6 1.6h8.8v6h6v8.8h-6v6H7.6v-6h-6V7.6h6Z",
    letter: "H",
    hollow: false,
  },
  returning: { path: CIRCLE, letter: "A", hollow: true },
  out_of_service: { path: `${CIRCLE}M5.4 18.6 18.6 5.4`, letter: "", hollow: true },
  mayday: {
    path: "M7.6 1.4h8.8l6.2 6.2v8.8l-6.2 6.2H7.6l-6.2-6.2V7.6Z",
    letter: "!",
    hollow: false,
  },
};

export interface Ink {
  fill: Record<MarkKind, string>;
  /** Letter on fills; white on the hospital's blue. */
  letter: string;
  outline: string;
  outlineWidth: number;
  grey: string;
}

const FILLS = {
  dispatched: "#f0e442",
  en_route: "#56b4e9",
  on_scene: "#e69f00",
  transporting: "#cc79a7",
  at_hospital: "#0072b2",
  mayday: "#d55e00",
};

export const INKS: Record<"dark" | "light", Ink> = {
  dark: {
    fill: { ...FILLS, available: "#12a87d", returning: "#12a87d", out_of_service: "#6f7a84" },
    letter: "#0a0d11",
    outline: "#0a0d11",
    outlineWidth: 1,
    grey: "#8a939b",
  },
  light: {
    fill: { ...FILLS, available: "#009e73", returning: "#009e73", out_of_service: "#66717b" },
    letter: "#10161c",
    outline: "#10161c",
    outlineWidth: 1.4,
    grey: "#57636f",
  },
};

export const markOf = (unit: Unit): MarkKind => (unit.mayday ? "mayday" : unit.status);
