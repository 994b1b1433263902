/** Colours of the map, dark and light: the tokens of the design's README. */

import type { Theme } from "../theme";

export interface Colours {
  land: string;
  block: string;
  building: string;
  park: string;
  water: string;
  /** Streets from residential to motorway. */
  streets: [string, string, string, string, string];
  casing: string;
  path: string;
  rail: string;
  label: string;
  river: string;
  halo: string;
  ink: string;
  opposite: string;
  panel: string;
  edge: string;
  bad: string;
  i2: string;
}

export const COLOURS: Record<Theme, Colours> = {
  dark: {
    land: "#0e1317",
    block: "#131a20",
    building: "#1a222a",
    park: "#11201b",
    water: "#0b1d2c",
    streets: ["#252e37", "#2b353f", "#333f4a", "#3e4b58", "#4a5866"],
    casing: "#0b1014",
    path: "#1d252d",
    rail: "#27313a",
    label: "#909da9",
    river: "#5d8db3",
    halo: "#0e1317",
    ink: "#f1f4f6",
    opposite: "#0a0d11",
    panel: "#10151a",
    edge: "#6a7986",
    bad: "#d55e00",
    i2: "#b6c1cb",
  },
  light: {
    land: "#eef0f0",
    block: "#e6e9ea",
    building: "#dadfe2",
    park: "#d8e6da",
    water: "#c3d9e8",
    streets: ["#ffffff", "#ffffff", "#ffffff", "#fffdf6", "#fdf6e6"],
    casing: "#d3d8dc",
    path: "#dfe3e5",
    rail: "#c6ccd1",
    label: "#56626d",
    river: "#2f5f84",
    halo: "#eef0f0",
    ink: "#10161c",
    opposite: "#ffffff",
    panel: "#ffffff",
    edge: "#75828d",
    bad: "#d55e00",
    i2: "#3d4955",
  },
};
