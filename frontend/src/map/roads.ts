/** Roads: widths and colours by class, tunnels under streets under bridges, numbers and names. */

import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  LayerSpecification,
} from "maplibre-gl";
import type { Theme } from "../theme";
import type { Colours } from "./colours";
import { FONT } from "./fonts";

type Num = DataDrivenPropertyValueSpecification<number>;
const road: ExpressionSpecification = ["get", "class"];
const STOPS = [10, 13, 15, 18];
/** Of a casing, how much is drawn at those zooms: from afar a mesh of them would hide the ground. */
const CASED = [0.3, 0.7, 1, 1];

/** Classes, thinnest first: colour step, widths in pixels at the zooms of STOPS. */
const ROADS: Record<string, [number, number[]]> = {
  service: [0, [0.2, 0.4, 1.4, 7]],
  residential: [0, [0.3, 1.2, 3.4, 14]],
  tertiary: [1, [0.8, 2, 4.8, 18]],
  secondary: [2, [0.8, 2.2, 5.5, 21]],
  primary: [3, [1, 2.8, 6.5, 24]],
  trunk: [3, [1.2, 3, 7, 25]],
  motorway: [4, [1.4, 3.2, 7.5, 26]],
};
/** A ramp is this much narrower than the road it leaves. */
const LINK = 0.65;
const THINNEST = 1;

const byClass = (value: (step: number, widths: number[]) => unknown): ExpressionSpecification =>
  [
    "match",
    road,
    ...Object.entries(ROADS).flatMap(([name, [step, widths]]) => [name, value(step, widths)]),
    value(0, [THINNEST, THINNEST, THINNEST, THINNEST]),
  ] as unknown as ExpressionSpecification;

/** Pixels by zoom and class, with this much more for a casing. */
const width = (more: number): Num =>
  [
    "interpolate",
    ["exponential", 1.6],
    ["zoom"],
    ...STOPS.flatMap((zoom, i) => [
      zoom,
      [
        "+",
        more * CASED[i]!,
        ["*", ["case", ["has", "link"], LINK, 1], byClass((_, widths) => widths[i])],
      ],
    ]),
  ] as unknown as Num;

const STAGES: [string, ExpressionSpecification][] = [
  ["tunnel", ["has", "tunnel"]],
  ["street", ["!", ["any", ["has", "tunnel"], ["has", "bridge"]]]],
  ["bridge", ["has", "bridge"]],
];

/** Layers of roads that may be pointed at. */
export const ROAD_LAYERS = STAGES.map(([stage]) => `${stage}s`);

/** Casings and roads of each stage, paths between them. */
export function roadLayers(c: Colours, theme: Theme): LayerSpecification[] {
  const tiles = { source: "city", "source-layer": "road" };
  const colour = byClass((step) => c.streets[step as 0]);
  const join = { "line-join": "round" as const };
  const layers = STAGES.flatMap(([stage, filter]): LayerSpecification[] => [
    {
      id: `${stage}-paths`,
      type: "line",
      ...tiles,
      filter: ["all", filter, ["==", road, "path"]],
      minzoom: 14.5,
      paint: {
        "line-color": c.path,
        "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 14, 0.7, 18, 2.4],
        "line-dasharray": [2, 1.4],
        "line-opacity": stage === "tunnel" ? 0.5 : 1,
      },
    },
    {
      id: `${stage}-cases`,
      type: "line",
      ...tiles,
      filter: ["all", filter, ["!=", road, "path"]],
      minzoom: 11,
      layout: { ...join, "line-cap": stage === "street" ? "round" : "butt" },
      paint: {
        "line-color": stage === "bridge" ? c.bridge : c.casing,
        "line-width": width(stage === "bridge" ? 2.4 : 1.6),
        ...(stage === "tunnel" ? { "line-dasharray": [0.5, 0.4] } : {}),
      },
    },
    {
      id: `${stage}s`,
      type: "line",
      ...tiles,
      filter: ["all", filter, ["!=", road, "path"]],
      layout: { ...join, "line-cap": stage === "tunnel" ? "butt" : "round" },
      paint: {
        "line-color": colour,
        "line-width": width(0),
        "line-opacity": stage === "tunnel" ? 0.45 : 1,
      },
    },
  ]);
  layers.push({
    id: "one-ways",
    type: "symbol",
    ...tiles,
    filter: ["all", ["has", "oneway"], ["!=", road, "path"]],
    minzoom: 15,
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 110,
      "icon-image": `o|${theme}`,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 15, 0.6, 17, 1],
      "icon-padding": 4,
    },
  });
  return layers;
}

/** Names along streets, and numbers of roads on shields. */
export function roadNames(c: Colours): LayerSpecification[] {
  const important: ExpressionSpecification = [
    "match",
    road,
    ["motorway", "trunk", "primary"],
    0,
    ["secondary", "tertiary"],
    1,
    2,
  ];
  const tiles = { source: "city", "source-layer": "road" };
  return [
    {
      id: "street-names",
      type: "symbol",
      ...tiles,
      filter: ["all", ["has", "name"], ["!=", road, "path"]],
      minzoom: 12.5,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 380,
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 13, 11, 16, 12.5],
        "text-max-angle": 30,
        "text-padding": 5,
        "symbol-sort-key": important,
      },
      paint: { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 },
    },
    {
      id: "road-numbers",
      type: "symbol",
      ...tiles,
      filter: [
        "all",
        ["has", "ref"],
        [
          "step",
          ["zoom"],
          ["match", road, ["motorway", "trunk"], true, false],
          11,
          ["match", road, ["motorway", "trunk", "primary"], true, false],
          12.5,
          ["match", road, ["service", "residential", "path"], false, true],
        ],
      ],
      minzoom: 9,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 520,
        "icon-image": ["concat", `s|${c.name}|`, ["get", "ref"]],
        "icon-rotation-alignment": "viewport",
        "icon-padding": 14,
        "symbol-sort-key": important,
      },
    },
  ];
}
