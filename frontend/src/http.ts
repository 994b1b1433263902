/** One request to the server: JSON there and back. Errors arrive as problem+json and leave as Problem. */

import { stopped } from "./connection";
import { hearLock } from "./session";
import { serverNow } from "./time";
import type { Changed } from "./types";
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
export const LOOK_MS = 4_000;

const UNRECORDED = ["/api/session", "/api/places/search", "/api/passkeys", "/api/enrol/look"];

/** Whether an answer says how the journal is: only what is written there does. */
const recorded = (method: string, path: string): boolean =>
  method !== "GET" && !UNRECORDED.some((start) => path.startsWith(start));

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

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  patienceMs = PATIENCE_MS,
  extra: Record<string, string> = {},
): Promise<T> {
  let answer: Response;
  let text: string;
  const records = recorded(method, path);
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? extra : { "Content-Type": "application/json", ...extra },
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
    if (answer.status === 401) hearLock(problem.locked);
    const said =
      records && (answer.status === 503 || answer.status === 507)
        ? words.error.notRecorded(answer.status === 507)
        : sentence(answer.status, problem);
    throw new Problem(answer.status, said, problem);
  }
  return data as T;
}
