/** What the panels may ask of the map, without loading it: the engine comes in its own chunk. */

import { signal } from "@preact/signals";
import type { Incident } from "../types";

export interface Camera {
  point(lon: number, lat: number): void;
  whole(): void;
  middle(): { lon: number; lat: number };
}

export const shown = signal({ units: true, routes: true, names: true, areas: false });

let camera: Camera | null = null;
export const setCamera = (next: Camera | null): void => {
  camera = next;
};

export const showPoint = (lon: number, lat: number): void => camera?.point(lon, lat);
/** The middle of what is shown; null while there is no map. */
export const middle = (): { lon: number; lat: number } | null => camera?.middle() ?? null;
export const showWhole = (): void => camera?.whole();
export const showIncident = (incident: Incident): void => {
  if (incident.place) camera?.point(incident.place.lon, incident.place.lat);
};
