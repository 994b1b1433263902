/** The map itself: MapLibre, fed from the store, at most one update of units a second. */

import { effect, untracked } from "@preact/signals";
import {
  type GeoJSONSource,
  Map as LibreMap,
  type MapMouseEvent,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { chooseUnit, select } from "../actions";
import { api } from "../api";
import { lost } from "../connection";
import {
  conflict,
  draft,
  emptyDraft,
  formOpen,
  openForm,
  pickedKey,
  reading,
  togglePick,
} from "../desk";
import { answerOne } from "../keys";
import { roadPoints } from "../roadpoints";
import { say } from "../said";
import * as store from "../store";
import { type Theme, theme } from "../theme";
import type { City } from "../types";
import { words } from "../words";
import { setCamera, shown } from "./camera";
import { NAME_LAYERS } from "./city";
import {
  closureFeatures,
  labelFeatures,
  placeFeatures,
  routeFeatures,
  unitFeatures,
} from "./features";
import { loadFonts } from "./fonts";
import { draw, RATIO } from "./icons";
import { ROAD_LAYERS } from "./roads";
import { buildStyle } from "./style";

setWorkerUrl(workerUrl);

/** The map does not move by itself within this time of a touch by hand. */
const HANDS_OFF_MS = 10_000;
const GATHER_MS = 250;
const AGEING_MS = 5000;
const CLICK_PX = 6;
const LAYERS_CLICKED = ["places-top", "places", "units-chosen", "units"];
const AREA_LAYERS = ["area-lines", "area-names"];

let touchedAt = -HANDS_OFF_MS;

export async function startMap(
  box: HTMLElement,
  city: City,
  ready: () => void,
): Promise<() => void> {
  await loadFonts();
  const map = new LibreMap({
    container: box,
    style: buildStyle(theme.peek(), city),
    bounds: workplace() ?? city.bbox,
    fitBoundsOptions: { padding: 12 },
    attributionControl: false,
    locale: { "Map.Title": words.map.canvas },
    maxZoom: 18.5,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    renderWorldCopies: false,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-right");
  map.setMissingStyleImageResolver((id) => {
    const image = draw(id);
    if (image && !map.hasImage(id)) map.addImage(id, image, { pixelRatio: RATIO });
  });
  for (const name of ["dragstart", "wheel", "boxzoomstart"] as const)
    map.on(name, () => {
      touchedAt = performance.now();
    });
  map.on("click", (event) => clicked(map, event));
  map.on("contextmenu", (event) => callAt(event));
  map.on("mousemove", (event) => {
    const hit = map.queryRenderedFeatures(around(event), { layers: LAYERS_CLICKED }).length > 0;
    map.getCanvas().style.cursor = formOpen.peek() ? "crosshair" : hit ? "pointer" : "";
  });
  const stop = await new Promise<() => void>((resolve) => {
    map.once("style.load", () => resolve(feed(map, city)));
  });
  map.once("idle", ready);
  // Shows a given view and says when nothing is left to draw: for whoever takes a picture.
  box.addEventListener("callout-view", (event) => map.jumpTo((event as CustomEvent).detail));
  map.on("render", () => {
    box.dataset.drawn = "no";
  });
  map.on("idle", () => {
    box.dataset.drawn = "yes";
  });
  if (!box.clientWidth) map.once("resize", () => map.fitBounds(city.bbox, { padding: 12 }));
  setCamera({
    point: (lon, lat) => {
      touchedAt = performance.now();
      map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 15), duration: 120 });
    },
    whole: () => map.fitBounds(city.bbox, { padding: 12, duration: 120 }),
    middle: () => {
      const { lng, lat } = map.getCenter().wrap();
      return { lon: lng, lat };
    },
  });
  return () => {
    stop();
    setCamera(null);
    map.remove();
  };
}

/** The box around every station: where the room works, which may be a part of its city. */
function workplace(): [number, number, number, number] | null {
  const stations = [...store.everyUnit()].flatMap((unit) => unit.station ?? []);
  if (!stations.length) return null;
  const lons = stations.map((station) => station.lon);
  const lats = stations.map((station) => station.lat);
  const margin = 0.01;
  return [
    Math.min(...lons) - margin,
    Math.min(...lats) - margin,
    Math.max(...lons) + margin,
    Math.max(...lats) + margin,
  ];
}

/** Shows where the room works once that is known, unless a hand was faster. */
function goToWork(map: LibreMap): () => void {
  let there = workplace() !== null;
  return effect(() => {
    store.unitsRev.value;
    const box = there ? null : workplace();
    if (!box) return;
    there = true;
    if (touchedAt < 0) map.fitBounds(box, { padding: 12, duration: 0 });
  });
}

/** Keeps the sources in step with the store: units once a second, the rest as often as needed. */
function feed(map: LibreMap, city: City): () => void {
  const set = (name: string, data: GeoJSON.FeatureCollection): void => {
    void map.getSource<GeoJSONSource>(name)?.setData(data);
  };
  const units = () => set("units", unitFeatures());
  const places = gathered(() => set("places", placeFeatures()));
  const roads = () => set("closures", closureFeatures());
  const routes = gathered(() => {
    set("routes", routeFeatures());
    set("labels", labelFeatures());
  });
  const stops = [
    // Status changes wait for the position message too: one update of units a second.
    effect(() => {
      store.positionsRev.value;
      store.selectedUnit.value;
      pickedKey.value;
      lost.value;
      shown.value;
      untracked(units);
    }),
    effect(() => {
      store.incidentLists.value;
      store.unanswered.value;
      store.selected.value;
      formOpen.value && draft.value?.place;
      places();
    }),
    effect(() => {
      store.advice.value;
      store.selected.value;
      store.incidentsRev.value;
      pickedKey.value;
      shown.value;
      routes();
    }),
    effect(() => {
      store.closures.value;
      roadPoints.value;
      untracked(roads);
    }),
    effect(() => showNames(map, shown.value.names)),
    effect(() => showAreas(map, shown.value.areas)),
    effect(() => follow(map)),
    goToWork(map),
    onTheme((next) => {
      map.setStyle(buildStyle(next, city), { diff: true });
      showNames(map, shown.peek().names);
      showAreas(map, shown.peek().areas);
      units();
      places();
      routes();
      roads();
    }),
  ];
  // Ages grow also when no position comes.
  const ageing = window.setInterval(units, AGEING_MS);
  return () => {
    clearInterval(ageing);
    for (const stop of stops) stop();
  };
}

function showNames(map: LibreMap, visible: boolean): void {
  for (const layer of NAME_LAYERS)
    if (map.getLayer(layer))
      map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
}

/** Areas are asked for when somebody wants to see them: they change seldom. */
function showAreas(map: LibreMap, visible: boolean): void {
  for (const layer of AREA_LAYERS)
    if (map.getLayer(layer))
      map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
  if (!visible) return;
  api.areas().then(
    // Key sites are marked; everything else is drawn as its border.
    (areas) => void map.getSource<GeoJSONSource>("areas")?.setData(areas),
    (error) => say(words.done.failed((error as Error).message), "bad"),
  );
}

/** At once the first time, then at most every so often: entries may come in bursts. */
function gathered(act: () => void): () => void {
  let timer = 0;
  let doneAt = -GATHER_MS;
  const run = () => {
    timer = 0;
    doneAt = performance.now();
    untracked(act);
  };
  return () => {
    const waitMs = doneAt + GATHER_MS - performance.now();
    if (waitMs <= 0) run();
    else if (!timer) timer = window.setTimeout(run, waitMs);
  };
}

function onTheme(act: (theme: Theme) => void): () => void {
  let before = theme.peek();
  return effect(() => {
    if (theme.value === before) return;
    before = theme.value;
    untracked(() => act(before));
  });
}

/** On select the incident comes into view, with the routes of whoever is to go, if hands are off. */
let followed = "";
function follow(map: LibreMap): void {
  const id = store.selected.value;
  const answer = store.advice.value?.answer;
  const incident = store.incidentOf(id);
  if (!id || !incident?.place) return;
  const ready = answer?.incident === id;
  const key = `${id}${ready}`;
  if (key === followed) return;
  followed = key;
  if (performance.now() - touchedAt < HANDS_OFF_MS) return;
  const points: [number, number][] = [[incident.place.lon, incident.place.lat]];
  if (ready) {
    const near = [...answer.ranked].sort((a, b) => a.straight_m - b.straight_m)[0];
    for (const row of [answer.ranked[0], near]) points.push(...(row?.route ?? []));
  }
  frame(map, points);
}

function frame(map: LibreMap, points: [number, number][]): void {
  const lons = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  map.fitBounds([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], {
    padding: { top: 84, bottom: 104, left: 84, right: 84 },
    maxZoom: 15.5,
    duration: 120,
  });
}

const around = (event: MapMouseEvent): [[number, number], [number, number]] => [
  [event.point.x - CLICK_PX, event.point.y - CLICK_PX],
  [event.point.x + CLICK_PX, event.point.y + CLICK_PX],
];

function clicked(map: LibreMap, event: MapMouseEvent): void {
  touchedAt = performance.now();
  if (formOpen.value && draft.value) {
    placeDraft(event);
    return;
  }
  if (reading.value?.verb === "close") {
    pickRoad(map, event);
    return;
  }
  const hits = map.queryRenderedFeatures(around(event), { layers: LAYERS_CLICKED });
  const found = (name: string) => hits.find((hit) => hit.properties[name])?.properties[name];
  const [incident, unit, alarm] = [found("incident"), found("unit"), found("alarm")];
  if (incident) select(incident as string);
  else if (alarm) void answerOne(alarm as string);
  else if (unit && reading.value?.verb === "d") togglePick(unit as string);
  else chooseUnit((unit as string) ?? null);
}

/** While a close command is typed, a click means the road there. */
function pickRoad(map: LibreMap, event: MapMouseEvent): void {
  const layers = ROAD_LAYERS.filter((name) => map.getLayer(name));
  const named = map.queryRenderedFeatures(around(event), { layers });
  const name = named.find((road) => road.properties.name)?.properties.name ?? "";
  const point = { lon: round(event.lngLat.lng), lat: round(event.lngLat.lat), name: String(name) };
  roadPoints.value = [...roadPoints.value, point];
}

function placeDraft(event: MapMouseEvent): void {
  const { lng, lat } = event.lngLat;
  draft.value = {
    ...(draft.value ?? emptyDraft()),
    // What the caller said stays as the place's name; a pin is checked by nobody.
    place: {
      lon: round(lng),
      lat: round(lat),
      name: draft.value?.place ? "" : (draft.value?.search.trim() ?? ""),
      verified: false,
    },
    search: "",
  };
}

/** The other mouse button takes a call at that place. */
function callAt(event: MapMouseEvent): void {
  event.preventDefault();
  conflict.value = null;
  openForm();
  placeDraft(event);
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
