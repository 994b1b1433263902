/** Colours of the map, dark and light: the tokens of the design's README. */

import type { Theme } from "../theme";

export interface Colours {
  name: Theme;
  land: string;
  block: string;
  field: string;
  works: string;
  building: string;
  buildingEdge: string;
  park: string;
  water: string;
  /** Streets from residential to motorway. */
  streets: [string, string, string, string, string];
  casing: string;
  bridge: string;
  path: string;
  rail: string;
  border: string;
  label: string;
  river: string;
  green: string;
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
    name: "dark",
    land: "#0e1317",
    block: "#131a20",
    field: "#0f1518",
    works: "#151b22",
    building: "#1a222a",
    buildingEdge: "#212b34",
    park: "#11201b",
    water: "#0b1d2c",
    streets: ["#252e37", "#2b353f", "#333f4a", "#3e4b58", "#4a5866"],
    casing: "#0b1014",
    bridge: "#566471",
    path: "#1d252d",
    rail: "#2f3a44",
    border: "#3b4752",
    label: "#909da9",
    river: "#5d8db3",
    green: "#6f9480",
    halo: "#0e1317",
    ink: "#f1f4f6",
    opposite: "#0a0d11",
    panel: "#10151a",
    edge: "#6a7986",
    bad: "#d55e00",
    i2: "#b6c1cb",
  },
  light: {
    name: "light",
    land: "#eef0f0",
    block: "#e6e9ea",
    field: "#e9eeea",
    works: "#e3e5e9",
    building: "#dadfe2",
    buildingEdge: "#cbd1d6",
    park: "#d8e6da",
    water: "#c3d9e8",
    streets: ["#ffffff", "#ffffff", "#ffffff", "#fffdf6", "#fdf6e6"],
    casing: "#d3d8dc",
    bridge: "#9aa5ae",
    path: "#dfe3e5",
    rail: "#b4bcc3",
    border: "#a9b3bb",
    label: "#56626d",
    river: "#2f5f84",
    green: "#3f6b4f",
    halo: "#eef0f0",
    ink: "#10161c",
    opposite: "#ffffff",
    panel: "#ffffff",
    edge: "#75828d",
    bad: "#d55e00",
    i2: "#3d4955",
  },
};
