/** The city's own tiles in the design's colours: ground, lines, names. Roads are in roads.ts. */

import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  LayerSpecification,
} from "maplibre-gl";
import type { Theme } from "../theme";
import type { Colours } from "./colours";
import { FONT, FONT_BOLD } from "./fonts";
import { roadLayers, roadNames } from "./roads";

type Num = DataDrivenPropertyValueSpecification<number>;
const zoom = (...stops: number[]): Num =>
  ["interpolate", ["exponential", 1.6], ["zoom"], ...stops] as unknown as Num;
const kind: ExpressionSpecification = ["get", "kind"];
const is = (...kinds: string[]): ExpressionSpecification => ["match", kind, kinds, true, false];
const name: ExpressionSpecification = ["coalesce", ["get", "name"], ""];

/** Layers of words, which the button "Names" hides. Marks of stations and hydrants stay. */
export const NAME_LAYERS = [
  "street-names",
  "house-numbers",
  "river-names",
  "water-names",
  "ground-names",
  "place-names",
  "stations",
];

function ground(c: Colours): LayerSpecification[] {
  const fill = (
    id: string,
    layer: string,
    colour: string,
    filter?: ExpressionSpecification,
  ): LayerSpecification => ({
    id,
    type: "fill",
    source: "city",
    "source-layer": layer,
    ...(filter ? { filter } : {}),
    paint: { "fill-color": colour },
  });
  return [
    { id: "ground", type: "background", paint: { "background-color": c.land } },
    fill("blocks", "land", c.block, is("residential", "commercial", "pedestrian")),
    fill("fields", "land", c.field, is("farmland", "grass", "sand")),
    fill("works", "land", c.works, is("industrial", "school", "hospital")),
    fill("green", "land", c.park, is("park", "wood", "cemetery", "pitch", "wetland")),
    fill("water", "water", c.water),
    {
      id: "waterways",
      type: "line",
      source: "city",
      "source-layer": "waterway",
      filter: ["!", ["has", "tunnel"]],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": c.water,
        "line-width": [
          "interpolate",
          ["exponential", 1.6],
          ["zoom"],
          10,
          ["match", kind, "stream", 0.3, 0.8],
          14,
          ["match", kind, "stream", 1, 2.4],
          18,
          ["match", kind, "stream", 4, 10],
        ] as unknown as Num,
      },
    },
    {
      id: "buildings",
      type: "fill",
      source: "city",
      "source-layer": "building",
      minzoom: 13,
      paint: {
        "fill-color": c.building,
        "fill-outline-color": c.buildingEdge,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 13, 0, 14.2, 1],
      },
    },
  ];
}

function lines(c: Colours): LayerSpecification[] {
  const above: ExpressionSpecification = ["!", ["has", "tunnel"]];
  const rail = { type: "line" as const, source: "city", "source-layer": "rail" };
  return [
    {
      id: "rails-below",
      ...rail,
      filter: ["has", "tunnel"],
      minzoom: 13,
      paint: {
        "line-color": c.rail,
        "line-width": zoom(13, 0.8, 18, 2.4),
        "line-dasharray": [3, 3],
      },
    },
    {
      id: "rails",
      ...rail,
      filter: above,
      paint: { "line-color": c.rail, "line-width": zoom(9, 0.5, 13, 1.1, 18, 3) },
    },
    {
      id: "rail-ties",
      ...rail,
      filter: ["all", above, ["!=", kind, "tram"]],
      minzoom: 13,
      paint: {
        "line-color": c.rail,
        "line-width": zoom(13, 3.2, 18, 9),
        "line-dasharray": [0.35, 2.6],
      },
    },
    {
      id: "borders",
      type: "line",
      source: "city",
      "source-layer": "boundary",
      filter: ["<=", ["get", "level"], 8],
      paint: {
        "line-color": c.border,
        "line-width": zoom(6, 0.7, 14, 1.4),
        "line-dasharray": [5, 2, 1, 2],
      },
    },
  ];
}

function names(c: Colours): LayerSpecification[] {
  const text = { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 };
  const river = { ...text, "text-color": c.river, "text-halo-color": c.water };
  const label = { type: "symbol" as const, source: "city", "source-layer": "label" };
  return [
    {
      id: "house-numbers",
      type: "symbol",
      source: "city",
      "source-layer": "housenumber",
      minzoom: 16,
      layout: {
        "text-field": ["get", "number"],
        "text-font": FONT,
        "text-size": zoom(16, 9.5, 18, 12),
        "text-padding": 3,
      },
      paint: { ...text, "text-halo-color": c.building },
    },
    {
      id: "ground-names",
      ...label,
      filter: [
        "all",
        ["!=", kind, "water"],
        ["any", ["!=", kind, "building"], [">=", ["zoom"], 16]],
      ],
      minzoom: 13,
      layout: {
        "text-field": name,
        "text-font": FONT,
        "text-size": 11.5,
        "text-max-width": 7,
        "text-padding": 8,
      },
      paint: { ...text, "text-color": ["match", kind, "park", c.green, c.label] },
    },
    ...roadNames(c),
    {
      id: "river-names",
      type: "symbol",
      source: "city",
      "source-layer": "waterway",
      filter: ["has", "name"],
      minzoom: 12,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 500,
        "text-field": name,
        "text-font": FONT,
        "text-size": 12.5,
        "text-letter-spacing": 0.16,
        "text-max-angle": 30,
      },
      paint: river,
    },
    {
      id: "water-names",
      ...label,
      filter: ["==", kind, "water"],
      layout: {
        "text-field": name,
        "text-font": FONT,
        "text-size": 13,
        "text-letter-spacing": 0.18,
        "text-max-width": 6,
        "text-padding": 30,
      },
      paint: river,
    },
  ];
}

/** Kinds of point from which zoom; the picture of each is drawn in marks of the city. */
const STATIONS = ["hospital", "fire_station", "police", "ambulance_station"];
const SMALL: [number, string[]][] = [
  [13, ["clinic", "helipad", "station"]],
  [15, ["school", "pharmacy", "fuel", "assembly_point"]],
  [16, ["hydrant", "defibrillator"]],
];

function points(c: Colours, theme: Theme): LayerSpecification[] {
  const text = { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 };
  const icon = (prefix: string) =>
    ["concat", `${prefix}|${theme}|`, kind] as unknown as ExpressionSpecification;
  const poi = { type: "symbol" as const, source: "city", "source-layer": "poi" };
  const beside = {
    "text-font": FONT,
    "text-anchor": "left" as const,
    "text-offset": [0.95, 0] as [number, number],
    "text-max-width": 9,
    "text-justify": "left" as const,
    "text-optional": true,
  };
  return [
    ...SMALL.map(
      ([minzoom, kinds]): LayerSpecification => ({
        id: `points-${minzoom}`,
        ...poi,
        filter: is(...kinds),
        minzoom,
        layout: {
          ...beside,
          "icon-image": icon("k"),
          "icon-padding": 1,
          "text-field": ["step", ["zoom"], "", Math.max(minzoom + 1, 15), name],
          "text-size": 11,
        },
        paint: text,
      }),
    ),
    {
      id: "station-marks",
      ...poi,
      filter: is(...STATIONS),
      minzoom: 11.5,
      layout: {
        "icon-image": icon("p"),
        "icon-allow-overlap": ["step", ["zoom"], false, 13, true] as unknown as boolean,
        "symbol-sort-key": ["match", kind, "hospital", 0, 1],
      },
    },
    {
      id: "stations",
      ...poi,
      filter: ["all", is(...STATIONS), ["has", "name"]],
      minzoom: 13,
      layout: { ...beside, "text-field": name, "text-size": 12, "text-offset": [1.05, 0] },
      paint: text,
    },
  ];
}

function places(c: Colours): LayerSpecification {
  return {
    id: "place-names",
    type: "symbol",
    source: "city",
    "source-layer": "place",
    maxzoom: 16,
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONT_BOLD,
      "text-size": [
        "interpolate",
        ["linear"],
        ["zoom"],
        9,
        ["match", kind, "city", 14, "town", 12.5, 11],
        15,
        ["match", kind, "city", 18, "town", 16, ["suburb", "village"], 14, 12.5],
      ] as unknown as Num,
      "text-letter-spacing": 0.03,
      "text-max-width": 8,
      "text-padding": 6,
      "symbol-sort-key": [
        "match",
        kind,
        "city",
        0,
        "town",
        1,
        ["suburb", "village", "island"],
        2,
        "quarter",
        3,
        4,
      ],
    },
    paint: {
      "text-color": ["match", kind, ["city", "town"], c.i2, c.label],
      "text-halo-color": c.halo,
      "text-halo-width": 1.6,
    },
  };
}

/** Every layer of the city, in the order it is drawn. */
export const cityLayers = (c: Colours, theme: Theme): LayerSpecification[] => [
  ...ground(c),
  ...lines(c).slice(0, 1),
  ...roadLayers(c, theme),
  ...lines(c).slice(1),
  ...names(c),
  ...points(c, theme),
  places(c),
];
