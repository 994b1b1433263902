/** What the server says: the JSON of the HTTP API and the WebSocket. Times are microseconds UTC. */

import type { Words } from "./words";

export type Status =
  | "available"
  | "dispatched"
  | "en_route"
  | "on_scene"
  | "transporting"
  | "at_hospital"
  | "returning"
  | "out_of_service";

/** Nobody touched it for a while (or its person locked it), twelve hours are over, or the shift is. */
export type Locked = "idle" | "reauth" | "shift";

export interface Session {
  person: string | null;
  name: string;
  agency?: string | null;
  roles: string[];
  drill: boolean;
  locked?: Locked | null;
  shift?: { roles: string[]; ends_us: number } | null;
  /** How this room lets people in. */
  ways?: { passkey: boolean; oidc: { id: string; name: string }[] };
  /** How this session's person can prove again who they are: password, passkey, oidc:<id>. */
  unlock?: string[];
}

/** How much room the journal has on its disk. */
export interface Storage {
  level: "ok" | "low" | "reserve" | "full";
  free_mb: number;
}

export interface IncidentType {
  code: string;
  name: string;
  priority: number;
  capabilities: string[];
  limit_s: number | null;
}

export interface City {
  name: string;
  bbox: [number, number, number, number];
  center: [number, number];
  attribution: string;
  max_zoom: number;
}

export interface Room {
  drill: boolean;
  speed: number;
  seed: number | string | null;
  /** IANA name of the agency's time zone, when the server says it. */
  timezone?: string;
  types: IncidentType[];
  city: City;
  version: string;
}

/** Where a unit's device says it is; `source` tells when it is only its station or last scene. */
export interface Position {
  lon: number;
  lat: number;
  heading: number | null;
  age_s: number | null;
  source: "device" | "station" | "scene";
}

export interface Unit {
  id: string;
  callsign: string;
  agency: string;
  station: { id: string; name: string; lon: number; lat: number } | null;
  kind: string;
  capabilities: string[];
  status: Status;
  since_us: number;
  incident: string | null;
  mayday: boolean;
  number: number;
  position: Position | null;
  /** Closed roads under the crew (on) or on its way (ahead). */
  warnings?: { kind: "on" | "ahead"; closure: string; name: string; until_us: number | null }[];
}

/** A road that is closed, or (kmh) slower. */
export interface Closure {
  id: string;
  name: string;
  why: string;
  kmh: number | null;
  until_us: number | null;
  since_us: number;
  by: string;
  lines: [number, number][][];
}

export interface Place {
  lon: number;
  lat: number;
  name: string;
  /** Not so: a pin or free text that nobody has checked. */
  verified?: boolean;
}

export interface Alarm {
  id: string;
  kind: string;
  verified: boolean;
  raised_us: number;
  device: string | null;
  text: string | null;
  place: Place | null;
  fix: boolean;
  acknowledged: { by: string; at_us: number } | null;
  level: number;
  incident: string | null;
  presses?: number;
  seq: number;
}

export interface Joined {
  id: string;
  joined_us: number;
  en_route_us: number | null;
  on_scene_us: number | null;
  left_us: number | null;
}

export interface LogLine {
  at_us: number;
  by: string;
  words: string;
  code: string;
}

export interface Incident {
  id: string;
  run: string;
  number: number;
  agency: string;
  type: { code: string; name: string };
  priority: number;
  place: Place | null;
  text: string | null;
  opened_us: number;
  state: "waiting" | "active" | "closed";
  units: Joined[];
  alarms: string[];
  limit_s: number | null;
  waiting_since_us: number | null;
  first_dispatched_us: number | null;
  closed_us: number | null;
  requeued: number;
  erased?: boolean;
  version: number;
  seq: number;
  /** Areas at its place; with the log only. */
  areas?: { id: string; kind: string; name: string; agency: string | null; text: string }[];
  log?: LogLine[];
}

export interface Ranked {
  unit: string;
  callsign: string;
  kind: string;
  travel_ms: number | null;
  distance_m: number | null;
  straight_m: number;
  position_age_s: number | null;
  source: string;
  words: string;
  diverts?: string | null;
  route?: [number, number][];
}

export interface PassedOver {
  unit: string;
  callsign: string;
  code: string;
  words: string;
}

export interface Recommendation {
  incident: string;
  epoch: number;
  profile: string;
  degraded: false | string;
  generated_us?: number;
  ms?: number;
  seq: number;
  words: string;
  ranked: Ranked[];
  passed_over: PassedOver[];
}

export interface Changed {
  id: string;
  what: string;
  who: string;
  seq: number;
}

export interface FoundPlace {
  name: string;
  /** The town or quarter, when the map knows one. */
  near?: string;
  kind: string;
  lon: number;
  lat: number;
  /** What is not as asked, and with what. */
  note?: keyof Words["form"]["notes"] | "";
  detail?: string;
  /** Another place of this name is as likely: the caller has to be asked. */
  ambiguous?: boolean;
}

/** One message of the WebSocket; see live.ts for what each does. */
export type Message =
  | { t: "hello"; seq: number; now_us: number; drill: boolean }
  | {
      t: "snapshot";
      seq: number;
      units: Unit[];
      incidents: Incident[];
      alarms: Alarm[];
      storage?: Storage;
      closures?: Closure[];
    }
  /** What this console may see has changed: everything is taken anew. */
  | { t: "anew" }
  | { t: "closures"; closures: Closure[] }
  | EntryMessage
  | { t: "positions"; at_us: number; u: [number, number, number, number | null, number][] }
  | { t: "tick"; now_us: number; seq: number; storage?: Storage };

export interface EntryMessage {
  t: "entry";
  seq: number;
  type: string;
  stream: string;
  at_us: number;
  actor: string;
  words?: string;
  unit?: Unit;
  incident?: Incident;
  alarm?: Alarm;
}
