// Keeps the page itself for when the server is away: shell, assets and map tiles, nothing else.
// Answers of the API are never kept. Shell and tiles are asked of the server first.

const NAME = "callout-page-1";
const MOST_TILES = 1500;
const PATIENCE_MS = 2000; // a server that hangs is away too
const AWAY = new Set([502, 503, 504]); // what a proxy says when nobody is behind it

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep));
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (pathname === "/" || pathname.startsWith("/tiles/")) event.respondWith(fresh(event.request));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(event.request));
});

/** What is kept here, or nothing: a browser without room may refuse to look, and that is no matter. */
async function look(request) {
  try {
    const cache = await caches.open(NAME);
    return await cache.match(request, { ignoreVary: true, ignoreSearch: true });
  } catch {
    return undefined;
  }
}

/** Keeps an answer if there is room; the page gets it either way. */
async function put(request, answer) {
  try {
    await (await caches.open(NAME)).put(request, answer);
  } catch {
    // Full or off.
  }
}

async function ask(request) {
  const answer = await fetch(request);
  if (answer.ok) void put(request, answer.clone());
  return answer;
}

/** From the server, and from here when it is away or silent. */
async function fresh(request) {
  const asked = ask(request);
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS));
  const answer = await Promise.race([asked.catch(() => undefined), late]);
  if (answer && !AWAY.has(answer.status)) return answer;
  return (await look(request)) ?? asked;
}

/** Assets have a hash in their name, so what is here is right. */
async function kept(request) {
  return (await look(request)) ?? ask(request);
}

/** Takes in what the page loaded before this worker was there, and drops what it no longer uses. */
async function keep(paths) {
  const cache = await caches.open(NAME);
  const wanted = new Set(paths.map((path) => new URL(path, self.location.origin).href));
  const tiles = [];
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (wanted.delete(request.url)) continue;
    if (pathname.startsWith("/tiles/")) tiles.push(request);
    else await cache.delete(request);
  }
  for (const request of tiles.slice(0, Math.max(0, tiles.length - MOST_TILES)))
    await cache.delete(request);
  await Promise.allSettled([...wanted].map((url) => cache.add(url)));
}
