/** The HTTP API of people, devices and invitations. */

import { call } from "../http";

export interface Why {
  role: string;
  by: string;
  since_us: number;
}

export interface Granted {
  roles: string[];
  ends_us: number;
  by: string;
}

export interface Shift {
  roles: string[];
  ends_us: number;
}

export interface Request {
  id: string;
  person: string;
  name?: string;
  roles: string[];
  hours: number;
  reason?: string | null;
  asked_us: number;
  state: string;
  by?: string | null;
  ends_us?: number | null;
  mine?: boolean;
  may_deny?: boolean;
  may_grant?: boolean;
}

export interface Me {
  person: string;
  name: string;
  agency: string;
  roles: string[];
  shift: Shift | null;
  sessions: {
    id: string;
    opened_us: number;
    seen_us: number;
    ways: string[];
    secured: boolean;
    current: boolean;
  }[];
  passkeys: { id: string; label: string; made_us: number; used_us: number | null }[];
  code: boolean;
  login: string | null;
  granted: Granted[];
  why: Why[];
}

export interface Person {
  id: string;
  name: string | null;
  agency: string;
  roles: string[];
  why: Why[];
  granted: Granted[];
  shift: Shift | null;
  left_us: number | null;
  sign_in: { password: boolean; code: boolean; passkeys: number };
  used_us: number | null;
}

export interface Device {
  id: string;
  scopes: string[];
  agency: string;
  unit: string | null;
  key: boolean;
  state: string;
  by: string | null;
  since_us: number;
  expires_us: number | null;
  used_us: number | null;
}

export interface Invitation {
  code: string;
  url: string;
  qr: string;
  expires_us: number;
}

export interface Agency {
  id: string;
  name: string;
  shares: { to: string; what: string[] }[];
}

type Unused = Record<string, string | number | string[] | null>;

export interface Review {
  days: number;
  marks_since_us?: number | null;
  accounts_unused: Unused[];
  roles_unused: Unused[];
  devices_unused: Unused[];
  shares_unused: Unused[];
}

/** What an invitation is for. */
export interface Looked {
  kind: "staff" | "device";
  name?: string;
  agency: string;
  roles?: string[];
  device?: string;
  unit?: string;
  scopes?: string[];
  expires_us: number;
}

export interface SigningOn {
  person?: string;
  name?: string;
  skills: string[];
}

export interface Crew {
  unit: string;
  callsign: string;
  vehicle: string | null;
  members: { person: string; name: string | null; skills: string[] }[];
  capabilities: string[];
  since_us: number;
  ends_us: number | null;
  late: boolean;
  shares: string[];
  blocked: boolean;
  blocked_by: string | null;
}

const id = encodeURIComponent;
const get = <T>(path: string) => call<T>("GET", path);
const post = <T>(path: string, body: unknown = {}) => call<T>("POST", path, body);
const drop = <T>(path: string) => call<T>("DELETE", path);

export const api = {
  me: () => get<Me>("/api/me"),
  closeSession: (session: string) => drop<null>(`/api/me/sessions/${id(session)}`),
  closeOthers: () => drop<{ closed: number }>("/api/me/sessions"),
  signOn: (roles: string[], hours: number) => post<Shift>("/api/me/shift", { roles, hours }),
  signOff: () => drop<null>("/api/me/shift"),
  addPasskey: (credential: unknown, label: string) =>
    post<{ id: string }>("/api/me/passkeys", { credential, label }),
  dropPasskey: (passkey: string) => drop<null>(`/api/me/passkeys/${id(passkey)}`),
  newCode: (password: string) =>
    post<{ secret: string; uri: string; qr: string }>("/api/me/code", { password }),
  confirmCode: (code: string) => post<{ recovery: string[] }>("/api/me/code/confirm", { code }),
  dropCode: () => drop<null>("/api/me/code"),
  report: () => get<unknown>("/api/me/report"),

  people: () => get<{ people: Person[] }>("/api/people"),
  addPerson: (body: { id?: string; agency: string; name: string; roles: string[] }) =>
    post<{ id: string }>("/api/people", body),
  roles: (person: string, roles: string[]) => post(`/api/people/${id(person)}/roles`, { roles }),
  invite: (person: string) => post<Invitation>(`/api/people/${id(person)}/invite`),
  leave: (person: string) => post(`/api/people/${id(person)}/leave`),
  endShift: (person: string) => post(`/api/people/${id(person)}/end-shift`),
  review: (days: number) => get<Review>(`/api/people/review?days=${days}`),

  devices: () => get<{ devices: Device[] }>("/api/devices"),
  units: () => get<{ units: { id: string; callsign: string }[] }>("/api/units"),
  inviteDevice: (device: string, unit: string) =>
    post<Invitation>("/api/devices", { device, ...(unit ? { unit } : {}) }),
  revoke: (device: string, reason: string) => post(`/api/devices/${id(device)}/revoke`, { reason }),
  newToken: (name: string, scopes: string[], days: number) =>
    post<{ device: string; token: string; expires_us: number }>("/api/tokens", {
      name,
      scopes,
      days,
    }),

  consoles: () =>
    get<{ consoles: { id: string; name: string; by: string; made_us: number }[] }>("/api/consoles"),
  secureConsole: (name: string) => post<null>("/api/consoles", { name }),
  dropConsole: (console: string) => drop<null>(`/api/consoles/${id(console)}`),

  crews: () => get<{ crews: Crew[] }>("/api/crews"),
  vehicles: () => get<{ vehicles: { id: string; kind: string; free: boolean }[] }>("/api/vehicles"),
  walkUp: (names: string[], skills: string[]) =>
    post<{ unit: string; callsign: string }>("/api/crews/walk-up", { names, skills }),
  crewOn: (unit: string, people: SigningOn[], vehicle: string, hours: number) =>
    post<{ crew: Crew }>("/api/crews", { unit, people, vehicle, minutes: hours * 60 }),
  crewOff: (unit: string) => post(`/api/crews/${id(unit)}/sign-off`),

  requests: () => get<{ requests: Request[] }>("/api/requests"),
  ask: (roles: string[], hours: number, reason: string) =>
    post<{ id: string }>("/api/requests", { roles, hours, reason }),
  grant: (request: string, hours: number) => post(`/api/requests/${id(request)}/grant`, { hours }),
  deny: (request: string) => post(`/api/requests/${id(request)}/deny`),

  agencies: () => get<{ agencies: Agency[] }>("/api/agencies"),
  share: (agency: string, to: string, what: string[]) =>
    post(`/api/agencies/${id(agency)}/sharing`, { to, what }),

  look: (code: string) => post<Looked>("/api/enrol/look", { code }),
  enrolStaff: (code: string, login: string, password: string) =>
    post<null>("/api/enrol/staff", { code, login, password }),
  enrolPasskey: (code: string, credential: unknown, label: string) =>
    post<null>("/api/enrol/passkey", { code, credential, label }),
  enrolPhone: (code: string) =>
    call<{ device: string; unit: string; scopes: string[] }>(
      "POST",
      "/api/enrol/device",
      { code },
      undefined,
      { "X-Callout-Browser": "1" },
    ),
};
