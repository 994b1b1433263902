/** The map's style: the city, then the room's layers on top. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme } from "../theme";
import type { City } from "../types";
import { cityLayers } from "./city";
import { COLOURS, type Colours } from "./colours";
import { FONT, FONT_BOLD } from "./fonts";

const EMPTY = {
  type: "geojson" as const,
  data: { type: "FeatureCollection" as const, features: [] },
};

/** Alarms, the chosen incident and the form's cross stand above the units; see features.ts. */
const TOP_RANK = 20;
/** Units that are chosen, and maydays: their call signs are always drawn. */
const CHOSEN_RANK = 8;
const ANCHORS = ["left", [1.15, 0], "right", [-1.15, 0], "top", [0, 1], "bottom", [0, -1]];

/** Units: call signs give way to each other, except those of the chosen; none when far away. */
function units(c: Colours, chosen: boolean) {
  const callsign: ExpressionSpecification = [
    "format",
    ["get", "callsign"],
    { "text-font": ["literal", FONT_BOLD] },
    ["get", "note"],
    { "text-font": ["literal", FONT] },
  ];
  return {
    type: "symbol" as const,
    source: "units",
    layout: {
      "icon-image": ["get", "icon"] as unknown as string,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 9.5, 0.5, 12.5, 1] as unknown as number,
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "icon-padding": 0,
      "symbol-sort-key": ["get", "rank"] as unknown as number,
      "text-field": chosen
        ? callsign
        : (["step", ["zoom"], "", 11, callsign] as unknown as ExpressionSpecification),
      "text-font": FONT_BOLD,
      "text-size": 12,
      "text-variable-anchor-offset": ANCHORS as unknown as ExpressionSpecification,
      "text-justify": "auto" as const,
      "text-optional": true,
      "text-allow-overlap": chosen,
      "text-padding": 1,
    },
    paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  };
}

/** The room's own layers: routes under marks, marks under chips, chips under nothing. */
function room(c: Colours): LayerSpecification[] {
  const line = { "line-cap": "round" as const, "line-join": "round" as const };
  const solid: ExpressionSpecification = ["==", ["get", "style"], "solid"];
  const dotted: ExpressionSpecification = ["==", ["get", "style"], "dotted"];
  const places = {
    type: "symbol" as const,
    source: "places",
    layout: {
      "icon-image": ["get", "icon"] as unknown as string,
      "icon-anchor": ["get", "anchor"] as unknown as "bottom",
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "symbol-sort-key": ["get", "rank"] as unknown as number,
    },
  };
  return [
    {
      id: "area-lines",
      type: "line",
      source: "areas",
      filter: ["!=", ["geometry-type"], "Point"],
      paint: {
        "line-color": c.edge,
        "line-width": ["match", ["get", "kind"], "agency", 2, 1],
        "line-dasharray": [4, 3],
      },
    },
    {
      id: "area-names",
      type: "symbol",
      source: "areas",
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": 11,
        "text-max-width": 8,
      },
      paint: { "text-color": c.i2, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
    {
      id: "closed-case",
      type: "line",
      source: "closures",
      layout: line,
      paint: { "line-color": c.opposite, "line-width": 9 },
    },
    {
      id: "closed",
      type: "line",
      source: "closures",
      paint: {
        "line-color": c.bad,
        "line-width": 6,
        "line-dasharray": ["case", ["get", "slow"], ["literal", [3, 1.5]], ["literal", [0.6, 0.6]]],
      },
    },
    {
      id: "closed-points",
      type: "circle",
      source: "closures",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 7,
        "circle-color": c.bad,
        "circle-stroke-color": c.ink,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "closed-names",
      type: "symbol",
      source: "closures",
      filter: ["==", ["geometry-type"], "MultiLineString"],
      minzoom: 12.5,
      layout: {
        "symbol-placement": "point",
        "text-field": ["get", "label"],
        "text-font": FONT_BOLD,
        "text-size": 12,
        "text-offset": [0, 1.1],
        "text-anchor": "top",
      },
      paint: { "text-color": c.bad, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
    {
      id: "route-case",
      type: "line",
      source: "routes",
      layout: line,
      paint: {
        "line-color": c.opposite,
        "line-width": ["case", solid, 8, 6.5],
        "line-opacity": ["case", solid, 1, 0.65],
      },
    },
    {
      id: "route-dotted",
      type: "line",
      source: "routes",
      filter: dotted,
      layout: line,
      paint: { "line-color": c.ink, "line-width": 3, "line-dasharray": [0.1, 2] },
    },
    {
      id: "route-solid",
      type: "line",
      source: "routes",
      filter: solid,
      layout: line,
      paint: { "line-color": c.ink, "line-width": 4 },
    },
    { id: "places", ...places, filter: ["<", ["get", "rank"], TOP_RANK] },
    { id: "units", ...units(c, false), filter: ["<", ["get", "rank"], CHOSEN_RANK] },
    { id: "units-chosen", ...units(c, true), filter: [">=", ["get", "rank"], CHOSEN_RANK] },
    { id: "places-top", ...places, filter: [">=", ["get", "rank"], TOP_RANK] },
    {
      id: "route-labels",
      type: "symbol",
      source: "labels",
      layout: {
        "icon-image": ["get", "icon"],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
  ];
}

export function buildStyle(theme: Theme, city: City): StyleSpecification {
  const c = COLOURS[theme];
  return {
    version: 8,
    sources: {
      city: {
        type: "vector",
        tiles: [`${location.origin}/tiles/{z}/{x}/{y}`],
        maxzoom: city.max_zoom,
        bounds: city.bbox,
      },
      areas: EMPTY,
      closures: EMPTY,
      routes: EMPTY,
      places: EMPTY,
      units: EMPTY,
      labels: EMPTY,
    },
    layers: [...cityLayers(c, theme), ...room(c)],
  };
}
