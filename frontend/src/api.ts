/** The HTTP API: one function a verb. Errors arrive as problem+json and leave as Problem. */

import { stopped } from "./connection";
import { serverNow } from "./time";
import type {
  Alarm,
  Changed,
  Closure,
  FoundPlace,
  Incident,
  Recommendation,
  Room,
  Session,
} from "./types";
import { words } from "./words";

/** An answer that is not the one asked for: what was wrong and what to do, in words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** What changed since the picture the request was decided on (409 of assignments). */
  get changed(): Changed[] {
    const found = this.body.changed ?? (this.body.extra as Record<string, unknown>)?.changed;
    return Array.isArray(found) ? (found as Changed[]) : [];
  }
}

/** A server that hangs keeps its sockets open and never answers: waiting has an end. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 4_000;

/** Whether an answer says how the journal is: only what is written there does. */
const recorded = (method: string, path: string): boolean =>
  method !== "GET" && !path.startsWith("/api/session") && path !== "/api/places/search";

function hearJournal(status: number): void {
  if (status === 503 || status === 507)
    stopped.value = { ms: stopped.value?.ms ?? serverNow(), full: status === 507 };
  else if (status < 300) stopped.value = null;
}

function sentence(status: number, body: Record<string, unknown>): string {
  // `detail` is both in one sentence, for programs; here it would say the second part twice.
  const parts = [body.title ?? body.detail, body.todo].filter((x) => typeof x === "string" && x);
  return parts.length ? parts.join(". ") : words.error.status(status);
}

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  let answer: Response;
  let text: string;
  const records = recorded(method, path);
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(patienceMs),
    });
    text = await answer.text();
  } catch {
    throw new Problem(0, records ? words.error.inDoubt : words.error.noServer);
  }
  if (records) hearJournal(answer.status);
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null;
  }
  if (!answer.ok) {
    const problem = (data ?? {}) as Record<string, unknown>;
    const said =
      records && (answer.status === 503 || answer.status === 507)
        ? words.error.notRecorded(answer.status === 507)
        : sentence(answer.status, problem);
    throw new Problem(answer.status, said, problem);
  }
  return data as T;
}

const id = encodeURIComponent;

export const api = {
  session: (patienceMs = LOOK_MS) => call<Session>("GET", "/api/session", undefined, patienceMs),
  signInDemo: () => call<null>("POST", "/api/session/demo", {}),
  signIn: (name: string, password: string) =>
    call<null>("POST", "/api/session", { name, password }),
  signOut: () => call<null>("DELETE", "/api/session", undefined, LOOK_MS),
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
