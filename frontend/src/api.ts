/** The HTTP API of the room: one function a verb. */

import { call } from "./http";
import type { Alarm, Closure, FoundPlace, Incident, Recommendation, Room } from "./types";

export { Problem } from "./http";

const id = encodeURIComponent;

export const api = {
  room: () => call<Room>("GET", "/api/room"),
  alarms: () => call<{ alarms: Alarm[] }>("GET", "/api/alarms"),
  acknowledge: (alarm: string) =>
    call<{ by: string }>("POST", `/api/alarms/${id(alarm)}/acknowledge`, {}),
  incident: (incident: string) => call<Incident>("GET", `/api/incidents/${id(incident)}`),
  open: (draft: {
    type: string;
    priority: number;
    lon?: number;
    lat?: number;
    place?: string;
    verified?: boolean;
    text?: string;
    alarms: string[];
  }) => call<{ id: string; run: string; seq: number }>("POST", "/api/incidents", draft),
  note: (incident: string, text: string) =>
    call<{ seq: number }>("POST", `/api/incidents/${id(incident)}/notes`, { text }),
  recommend: (incident: string, k: number) =>
    call<Recommendation>("GET", `/api/incidents/${id(incident)}/recommendation?k=${k}`),
  assign: (incident: string, units: string[], seq: number, divert: boolean) =>
    call<{ seq: number; assigned: string[]; diverted: { unit: string; from: string }[] }>(
      "POST",
      `/api/incidents/${id(incident)}/assignments`,
      { units, seq, divert },
    ),
  close: (incident: string, reason: string) =>
    call<{ seq: number; released: string[] }>(
      "POST",
      `/api/incidents/${id(incident)}/close`,
      reason ? { reason } : {},
    ),
  setPlace: (
    incident: string,
    place: { lon: number; lat: number; place: string; verified: boolean },
  ) => call<{ seq: number }>("POST", `/api/incidents/${id(incident)}/place`, place),
  status: (unit: string, status: string | null, mayday?: boolean) =>
    call<{ seq: number }>(
      "POST",
      `/api/units/${id(unit)}/status`,
      mayday === undefined ? { status } : { mayday },
    ),
  closeRoad: (body: {
    street?: string;
    points?: [number, number][];
    area?: [number, number][];
    minutes: number | null;
    why: string;
  }) => call<{ id: string; closure: Closure }>("POST", "/api/closures", body),
  openRoad: (closure: string) =>
    call<{ seq: number }>("POST", `/api/closures/${id(closure)}/lift`, {}),
  areas: () => call<GeoJSON.FeatureCollection>("GET", "/api/areas"),
  places: (text: string, limit: number, middle: { lon: number; lat: number } | null) =>
    call<{ places: FoundPlace[] }>("POST", "/api/places/search", { text, limit, ...middle }),
};
