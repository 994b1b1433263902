/** The city's own tiles in the design's colours: ground, streets, names. */

import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  LayerSpecification,
} from "maplibre-gl";
import type { Theme } from "../theme";
import type { Colours } from "./colours";
import { FONT, FONT_BOLD } from "./fonts";

type Num = DataDrivenPropertyValueSpecification<number>;
const zoom = (...stops: number[]): Num =>
  ["interpolate", ["exponential", 1.6], ["zoom"], ...stops] as unknown as Num;
const kind: ExpressionSpecification = ["get", "kind"];
const road: ExpressionSpecification = ["get", "class"];

/** Classes of road, thinnest first: colour step, from which zoom, widths at zooms 10, 13, 15, 18. */
const ROADS: [string, number, number, number[]][] = [
  ["service", 0, 14, [0.2, 0.4, 1.2, 6]],
  ["residential", 0, 11.5, [0.5, 1.3, 3.4, 14]],
  ["tertiary", 1, 10, [0.8, 2, 4.8, 18]],
  ["secondary", 2, 9, [0.8, 2.2, 5.5, 21]],
  ["primary", 3, 8, [1, 2.8, 6.5, 24]],
  ["trunk", 3, 7, [1.2, 3, 7, 25]],
  ["motorway", 4, 6, [1.4, 3.2, 7.5, 26]],
];

const width = (w: number[], more = 0): Num =>
  zoom(10, w[0]! + more, 13, w[1]! + more, 15, w[2]! + more, 18, w[3]! + more);

function ground(c: Colours): LayerSpecification[] {
  const city = { source: "city" };
  return [
    { id: "ground", type: "background", paint: { "background-color": c.land } },
    {
      id: "blocks",
      type: "fill",
      ...city,
      "source-layer": "land",
      filter: [
        "match",
        kind,
        ["residential", "commercial", "industrial", "school", "hospital", "pedestrian"],
        true,
        false,
      ],
      paint: { "fill-color": c.block },
    },
    {
      id: "green",
      type: "fill",
      ...city,
      "source-layer": "land",
      filter: [
        "match",
        kind,
        ["park", "wood", "grass", "cemetery", "pitch", "wetland"],
        true,
        false,
      ],
      paint: { "fill-color": c.park },
    },
    {
      id: "water",
      type: "fill",
      ...city,
      "source-layer": "water",
      paint: { "fill-color": c.water },
    },
    {
      id: "waterways",
      type: "line",
      ...city,
      "source-layer": "waterway",
      paint: { "line-color": c.water, "line-width": zoom(10, 0.6, 14, 2, 18, 8) },
    },
    {
      id: "buildings",
      type: "fill",
      ...city,
      "source-layer": "building",
      minzoom: 13,
      paint: {
        "fill-color": c.building,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 13, 0, 14, 1],
      },
    },
  ];
}

function roads(c: Colours): LayerSpecification[] {
  const layers: LayerSpecification[] = [
    {
      id: "paths",
      type: "line",
      source: "city",
      "source-layer": "road",
      filter: ["==", road, "path"],
      minzoom: 14.5,
      paint: {
        "line-color": c.path,
        "line-width": zoom(14, 0.6, 18, 2.4),
        "line-dasharray": [2, 1.4],
      },
    },
  ];
  const layout = { "line-cap": "round" as const, "line-join": "round" as const };
  for (const cased of [true, false])
    for (const [name, step, minzoom, widths] of ROADS)
      layers.push({
        id: `${name}${cased ? "-case" : ""}`,
        type: "line",
        source: "city",
        "source-layer": "road",
        filter: ["==", road, name],
        minzoom: cased ? Math.max(minzoom, 11) : minzoom,
        layout,
        paint: cased
          ? { "line-color": c.casing, "line-width": width(widths, 1.6) }
          : { "line-color": c.streets[step as 0], "line-width": width(widths) },
      });
  return layers;
}

function names(c: Colours, theme: Theme): LayerSpecification[] {
  const text = { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 };
  return [
    {
      id: "street-names",
      type: "symbol",
      source: "city",
      "source-layer": "road",
      filter: ["all", ["has", "name"], ["!=", road, "path"]],
      minzoom: 12.5,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": 12,
        "text-max-angle": 32,
        "text-padding": 6,
        "symbol-sort-key": [
          "match",
          road,
          ["motorway", "trunk", "primary"],
          0,
          ["secondary", "tertiary"],
          1,
          2,
        ],
      },
      paint: text,
    },
    {
      id: "water-names",
      type: "symbol",
      source: "city",
      "source-layer": "water",
      filter: ["has", "name"],
      minzoom: 11,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": 13,
        "text-letter-spacing": 0.2,
        "text-padding": 60,
      },
      paint: { ...text, "text-color": c.river, "text-halo-color": c.water },
    },
    {
      id: "hospitals",
      type: "symbol",
      source: "city",
      "source-layer": "poi",
      filter: ["==", kind, "hospital"],
      minzoom: 11.5,
      layout: {
        "icon-image": `p|${theme}|H`,
        "icon-allow-overlap": true,
        "text-field": ["coalesce", ["get", "name"], ""],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [1, 0],
        "text-optional": true,
      },
      paint: text,
    },
    {
      id: "place-names",
      type: "symbol",
      source: "city",
      "source-layer": "place",
      maxzoom: 16,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT_BOLD,
        "text-size": ["match", kind, ["city", "town"], 15, 13],
        "text-letter-spacing": 0.03,
        "text-max-width": 8,
        "symbol-sort-key": [
          "match",
          kind,
          "city",
          0,
          "town",
          1,
          "suburb",
          2,
          "village",
          2,
          "quarter",
          3,
          4,
        ],
      },
      paint: text,
    },
  ];
}

/** Every layer of the city, in the order it is drawn. */
export const cityLayers = (c: Colours, theme: Theme): LayerSpecification[] => [
  ...ground(c),
  ...roads(c),
  ...names(c, theme),
];
