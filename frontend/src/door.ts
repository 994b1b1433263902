/** The HTTP API of the door: signing in, locking, unlocking, signing out. */

import { call, LOOK_MS } from "./http";
import type { Session } from "./types";

export type PasskeyUse = "sign-in" | "unlock" | "add" | "enrol";

const proof = (password: string, code: string) => (code ? { password, code } : { password });

export const door = {
  session: (patienceMs = LOOK_MS) => call<Session>("GET", "/api/session", undefined, patienceMs),
  signInDemo: () => call<null>("POST", "/api/session/demo", {}),
  signIn: (name: string, password: string, code: string) =>
    call<null>("POST", "/api/session", { name, ...proof(password, code) }),
  signOut: () => call<null>("DELETE", "/api/session", undefined, LOOK_MS),
  active: () => call<null>("POST", "/api/session/active", {}, LOOK_MS),
  lock: () => call<null>("POST", "/api/session/lock", {}, LOOK_MS),
  unlock: (password: string, code: string) =>
    call<null>("POST", "/api/session/unlock", proof(password, code)),
  passkeyOptions: (use: PasskeyUse, code: string) =>
    call<never>("POST", "/api/passkeys/options", code ? { for: use, code } : { for: use }),
  passkeySignIn: (credential: unknown) =>
    call<null>("POST", "/api/passkeys/sign-in", { credential }),
  passkeyUnlock: (credential: unknown) =>
    call<null>("POST", "/api/passkeys/unlock", { credential }),
};
