/** The one WebSocket: snapshot, entries, positions, heartbeat; reconnects and resumes by itself. */

import { batch, effect } from "@preact/signals";
import { api, Problem } from "./api";
import {
  away,
  connection,
  keptShown,
  LATE_S,
  LOST_S,
  lost,
  pictureMs,
  setConnection,
  stopped,
} from "./connection";
import { door } from "./door";
import { dropKept, keep, replaceKept } from "./kept";
import { lookAtLock } from "./lock";
import { flushOutbox } from "./outbox";
import { locked } from "./session";
import * as store from "./store";
import { forgetTime, hearTime, now, serverNow } from "./time";
import { told } from "./told";
import type { EntryMessage, Message, Session, Storage } from "./types";

const RETRY_S = [0.5, 1, 2, 2, 4]; // then 4 s for ever
const WATCH_MS = 100;
const GATHER_MS = 30; // a burst of entries is drawn once

let socket: WebSocket | null = null;
let heardAt = 0; // performance.now() of the last message
let openedAt = 0;
let attempt = 0;
let retryAt = 0;
let shownSecond = 0;
let anew = false; // the picture is another audience's: the next connection takes all of it again
let resumedTo = -1; // entries up to here are what was missed
let queue: EntryMessage[] = [];
let gathering = 0;
const followers = new Set<(entries: EntryMessage[]) => void>();

/** Calls back with each burst of entries, after the picture has them. */
export function onEntries(callback: (entries: EntryMessage[]) => void): () => void {
  followers.add(callback);
  return () => followers.delete(callback);
}

/** `agoMs`: how old the picture already is that was kept from before a reload. */
export function startLive(agoMs = 0): void {
  heardAt = performance.now() - agoMs;
  if (agoMs) setConnection({ state: "lost", behindS: agoMs / 1000, attempt: 0, nextS: 0 });
  connect();
  setInterval(watch, WATCH_MS);
  let before = locked.value;
  effect(() => {
    // A connection that stands is told by the server; one that was cut would resume half a picture.
    if (locked.value !== before) anew = true;
    before = locked.value;
  });
}

/** Leaves the retry timer alone and tries at once. */
export function tryNow(): void {
  if (!socket || socket.readyState > WebSocket.OPEN || lost.value) connect();
}

function connect(): void {
  drop();
  attempt++;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const from = !anew && store.seenSeq() >= 0 ? `?from=${store.seenSeq() + 1}` : "";
  const ws = new WebSocket(`${scheme}://${location.host}/api/live${from}`);
  socket = ws;
  openedAt = performance.now();
  ws.onmessage = (event) => ws === socket && hear(JSON.parse(event.data) as Message);
  ws.onclose = () => ws === socket && closed();
}

function drop(): void {
  const old = socket;
  socket = null;
  if (!old) return;
  old.onclose = null;
  old.close();
}

function closed(): void {
  socket = null;
  retryAt = performance.now() + (RETRY_S[Math.max(attempt, 1) - 1] ?? 4) * 1000;
  const ended = (session: Session) => {
    if (session.person) return;
    signedOut();
  };
  door.session().then(ended, (error) => {
    // A session that ended looks like a lost connection from here, but waiting will not mend it.
    if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 403)) return;
    signedOut();
  });
}

/** Whoever signs in next may see other things. */
function signedOut(): void {
  dropKept();
  anew = true;
  store.session.value = null;
}

/** Runs ten times a second: says how far behind the picture is, and reconnects when it is time. */
function watch(): void {
  const at = performance.now();
  const behindS = (at - heardAt) / 1000;
  const never = connection.value.state === "connecting";
  if (!socket && at >= retryAt) connect();
  else if (socket && behindS > LOST_S && at - openedAt > 4000) connect(); // open but silent
  const nextS = socket ? 0 : Math.max(1, Math.ceil((retryAt - at) / 1000));
  // A kept picture is never live, however short ago it was kept.
  if (behindS >= LOST_S || keptShown.value) {
    if (!never && pictureMs.value === null) pictureMs.value = serverNow() - behindS * 1000;
    setConnection({ state: never ? "connecting" : "lost", behindS, attempt, nextS });
  } else if (!never && behindS >= LATE_S) {
    setConnection({ state: "late", behindS, attempt, nextS });
  } else if (!never && now.value !== shownSecond) {
    shownSecond = now.value;
    setConnection({ state: "live", behindS, attempt: 0, nextS: 0 });
  }
}

function hear(message: Message): void {
  const wasLost = lost.value ? (performance.now() - heardAt) / 1000 : 0;
  heardAt = performance.now();
  if (message.t === "hello") hello(message.seq, message.now_us, wasLost);
  else if (message.t === "tick") {
    hearTime(message.now_us);
    hearStorage(message.storage);
    if (connection.value.state !== "live") settle(0);
  } else if (message.t === "anew") beginAnew();
  else if (message.t === "snapshot") takeSnapshot(message);
  else if (message.t === "entry") gather(message);
  else if (message.t === "closures") store.closures.value = message.closures;
  else if (message.t === "positions") takePositions(message.u);
}

/** What this console may see has changed: it was locked, unlocked, or agencies share otherwise. */
function beginAnew(): void {
  anew = true;
  void lookAtLock();
  connect();
}

function hearStorage(storage: Storage | undefined): void {
  const before = store.storage.value;
  if (storage && (before?.level !== storage.level || before.free_mb !== storage.free_mb))
    store.storage.value = storage;
}

function hello(seq: number, nowUs: number, awayS: number): void {
  if (awayS) forgetTime();
  hearTime(nowUs);
  if (!anew && seq < store.seenSeq()) {
    // Another journal than before (a new drill): nothing here is true any more.
    store.forgetPicture();
    connect();
    return;
  }
  resumedTo = seq;
  settle(awayS);
}

function settle(awayS: number): void {
  batch(() => {
    if (awayS) away.value = { seconds: awayS, lines: [], anew: keptShown.value };
    attempt = 0;
    pictureMs.value = null;
    stopped.value = null;
    setConnection({ state: "live", behindS: 0, attempt: 0, nextS: 0 });
  });
  void flushOutbox();
}

function takeSnapshot(message: Extract<Message, { t: "snapshot" }>): void {
  batch(() => {
    if (keptShown.value) void lookAgain();
    replaceKept();
    // Only now: until here the old alarms sounded, and none may fall silent between two pictures.
    if (anew) store.forgetPicture();
    anew = false;
    store.storage.value = message.storage ?? null;
    store.closures.value = message.closures ?? [];
    message.units.forEach(store.putUnit);
    message.incidents.forEach(store.putIncident);
    message.alarms.forEach(store.putAlarm);
    store.sawSeq(message.seq);
    store.changed({ units: true, incidents: true, alarms: true });
    store.positionsRev.value++;
  });
  if (locked.value) {
    keep(); // nothing of the room is left on the machine of a locked console
    return;
  }
  // The snapshot leaves out alarms that are dealt with; the count of the last ten minutes has them.
  api.alarms().then(
    ({ alarms }) => {
      for (const alarm of alarms) if (!store.alarmOf(alarm.id)) store.putAlarm(alarm);
      store.changed({ alarms: true });
    },
    () => {}, // only the count lacks them
  );
}

/** Who is here and what room this is may be others than when the picture was kept. */
async function lookAgain(): Promise<void> {
  const found = await Promise.all([door.session(), api.room()]).catch(() => null);
  if (found?.[0].person) [store.session.value, store.room.value] = found;
}

function takePositions(list: [number, number, number, number | null, number][]): void {
  for (const [number, lon, lat, heading, age] of list)
    store.putPosition(number, lon, lat, heading, age);
  store.positionsRev.value++;
}

function gather(entry: EntryMessage): void {
  queue.push(entry);
  if (!gathering) gathering = window.setTimeout(flush, GATHER_MS);
}

function flush(): void {
  gathering = 0;
  const entries = queue;
  queue = [];
  const what = { units: false, incidents: false, alarms: false };
  batch(() => {
    for (const entry of entries) {
      if (entry.unit) store.putUnit(entry.unit);
      if (entry.incident) store.putIncident(entry.incident);
      if (entry.alarm) store.putAlarm(entry.alarm);
      what.units ||= !!entry.unit;
      what.incidents ||= !!entry.incident;
      what.alarms ||= !!entry.alarm;
      store.sawSeq(entry.seq);
    }
    listAway(entries);
    store.changed(what);
  });
  // What was kept before an erasure is written over at once.
  if (entries.some((entry) => entry.type.startsWith("Erasure"))) keep();
  for (const follower of followers) follower(entries);
  for (const { incident } of entries) if (incident?.number === 0) void nameLater(incident.id);
}

/** An incident is told of before its run number is; asks for it once it has one. */
async function nameLater(id: string): Promise<void> {
  const incident = await api.incident(id).catch(() => null);
  const known = store.incidentOf(id);
  if (!incident || !known || known.number) return;
  store.putIncident({ ...known, number: incident.number, run: incident.run });
  store.changed({ incidents: true });
}

/** Adds what was missed to the list shown on return. */
function listAway(entries: EntryMessage[]): void {
  const list = away.value;
  if (!list) return;
  const missed = entries.filter((entry) => entry.seq <= resumedTo).map((e) => e.words ?? told(e));
  // A unit that changed three times is said once, as it is now.
  const lines = [...new Set([...list.lines, ...missed.filter(Boolean)])];
  if (lines.length > list.lines.length) away.value = { ...list, lines };
}
