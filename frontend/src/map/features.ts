/** The picture as GeoJSON: units, incidents and alarms, routes with their labels. */

import type { Feature, FeatureCollection, LineString, Point } from "geojson";
import { stands } from "../commands/roads";
import { lost } from "../connection";
import { draft, formOpen, picks } from "../desk";
import { markOf } from "../marks";
import { roadPoints } from "../roadpoints";
import * as store from "../store";
import { theme } from "../theme";
import { age, distance, travel } from "../time";
import type { Incident, Ranked, Unit } from "../types";
import { words } from "../words";
import { shown } from "./camera";
import { TURNS } from "./icons";

const OLD_S = 30;

const at = (id: number, lon: number, lat: number, properties: object): Feature<Point> => ({
  type: "Feature",
  id,
  geometry: { type: "Point", coordinates: [lon, lat] },
  properties: { ...properties },
});

const collection = <G extends Point | LineString>(
  features: Feature<G>[],
): FeatureCollection<G> => ({ type: "FeatureCollection", features });

/** Larger is drawn above and keeps its call sign. */
const RANK: Partial<Record<string, number>> = {
  mayday: 9,
  on_scene: 5,
  en_route: 4,
  dispatched: 4,
  transporting: 3,
  out_of_service: 0,
};

function unitFeature(unit: Unit, chosen: Set<string>): Feature<Point> | null {
  const place = unit.position;
  if (!place) return null;
  const kind = markOf(unit);
  const old = store.positionAge(unit);
  const stale = old > OLD_S;
  const look = `${lost.value ? "lost" : stale ? "old" : "live"}${chosen.has(unit.id) ? 1 : 0}`;
  const turn =
    kind === "en_route" && place.heading !== null
      ? Math.round((place.heading / 360) * TURNS) % TURNS
      : 0;
  const note =
    stale && !lost.value ? ` ${Number.isFinite(old) ? age(old) : words.board.askRadio}` : "";
  return at(unit.number, place.lon, place.lat, {
    icon: `u|${theme.value}|${kind}|${look}|${turn}`,
    callsign: unit.callsign,
    note,
    unit: unit.id,
    rank: chosen.has(unit.id) ? 8 : (RANK[kind] ?? 2),
  });
}

export function unitFeatures(): FeatureCollection<Point> {
  const chosen = new Set(picks.value.units);
  if (store.selectedUnit.value) chosen.add(store.selectedUnit.value);
  const features: Feature<Point>[] = [];
  if (shown.value.units)
    for (const unit of store.everyUnit()) {
      const feature = unitFeature(unit, chosen);
      if (feature) features.push(feature);
    }
  return collection(features);
}

/** Open incidents, unanswered alarms, and the place of the call being taken. */
export function placeFeatures(): FeatureCollection<Point> {
  const { waiting, active } = store.incidentLists.value;
  const ink = theme.value;
  const features: Feature<Point>[] = [];
  const put = (place: { lon: number; lat: number } | null, properties: object) => {
    if (place) features.push(at(features.length + 1, place.lon, place.lat, properties));
  };
  const chip = (incident: Incident) => {
    const chosen = incident.id === store.selected.value;
    put(incident.place, {
      icon: `i|${ink}|${incident.priority}|${store.numberOf(incident)}|${chosen ? 1 : 0}`,
      anchor: chosen ? "center" : "bottom",
      incident: incident.id,
      rank: chosen ? 30 : 10 - incident.priority,
    });
  };
  for (const incident of active) chip(incident);
  for (const incident of waiting) chip(incident);
  for (const alarm of store.unanswered.value)
    put(alarm.place, {
      icon: `a|${ink}|${words.map.alarm}`,
      anchor: "bottom",
      alarm: alarm.id,
      rank: 20,
    });
  if (formOpen.value && draft.value?.place)
    put(draft.value.place, { icon: `x|${ink}`, anchor: "center", rank: 40 });
  return collection(features);
}

type Routed = Ranked & { route: [number, number][] };
interface Drawn {
  row: Routed;
  style: "solid" | "dotted";
}

/** Solid: who is to go. Dotted: who is nearest in a straight line and is not the quickest. */
function drawnRoutes(): Drawn[] {
  const answer = store.advice.value?.answer;
  const incident = store.incidentOf(store.selected.value);
  if (!answer || answer.incident !== incident?.id || !shown.value.routes) return [];
  if (incident.state === "closed") return [];
  const chosen = new Set(picks.value.units);
  const rows = answer.ranked.filter((row): row is Routed => (row.route?.length ?? 0) > 1);
  const near = [...rows].sort((a, b) => a.straight_m - b.straight_m)[0];
  const loses = near && near.unit !== answer.ranked[0]?.unit && !chosen.has(near.unit);
  const picked = rows.filter((row) => chosen.has(row.unit));
  const offered = incident.state === "waiting" ? rows.slice(0, 1) : [];
  const solid = picked.length ? picked : offered;
  if (!solid.length) return [];
  return [
    ...(loses ? [{ row: near, style: "dotted" as const }] : []),
    ...solid.map((row) => ({ row, style: "solid" as const })),
  ];
}

export function routeFeatures(): FeatureCollection<LineString> {
  return collection(
    drawnRoutes().map(
      ({ row, style }, i): Feature<LineString> => ({
        type: "Feature",
        id: i + 1,
        geometry: { type: "LineString", coordinates: row.route },
        properties: { style },
      }),
    ),
  );
}

export function labelFeatures(): FeatureCollection<Point> {
  return collection(
    drawnRoutes().map(({ row, style }, i) => {
      const [lon, lat] = along(row.route, 0.42);
      const time = travel(row.travel_ms);
      const far = row.distance_m === null ? "" : distance(row.distance_m);
      const rest =
        style === "solid" ? far : `${far}, ${words.map.straight(distance(row.straight_m))}`;
      return at(i + 1, lon, lat, {
        icon: `r|${theme.value}|${style}|${row.callsign} ${time}|${rest}`,
      });
    }),
  );
}

/** The point at a share of a line's length; degrees are near enough at a city's size. */
function along(line: [number, number][], share: number): [number, number] {
  const lengths = line.slice(1).map((p, i) => Math.hypot(p[0] - line[i]![0], p[1] - line[i]![1]));
  let left = lengths.reduce((sum, x) => sum + x, 0) * share;
  for (const [i, length] of lengths.entries()) {
    if (left <= length && length > 0) {
      const [a, b, t] = [line[i]!, line[i + 1]!, left / length];
      return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    }
    left -= length;
  }
  return line.at(-1) ?? [0, 0];
}

/** Closed roads, and the points a close command means. */
export function closureFeatures(): GeoJSON.FeatureCollection {
  const closed = store.closures.value.map((closure) => ({
    type: "Feature" as const,
    geometry: { type: "MultiLineString" as const, coordinates: closure.lines },
    properties: { label: `${closure.name}: ${stands(closure)}`, slow: closure.kmh !== null },
  }));
  const meant = roadPoints.value.map((point) => ({
    type: "Feature" as const,
    geometry: { type: "Point" as const, coordinates: [point.lon, point.lat] },
    properties: { label: point.name, slow: false },
  }));
  return { type: "FeatureCollection", features: [...closed, ...meant] };
}
