// Keeps the page itself for when the server is away: shell, assets and map tiles, nothing else.
// Answers of the API are never kept. Shell and tiles are asked of the server first.

const NAME = "callout-page-1";
const MOST_TILES = 1500;

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

/** From the server, and from here when it is away. */
async function fresh(request) {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request);
    if (answer.status === 200) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const found = await cache.match(request, { ignoreVary: true });
    if (found) return found;
    throw error;
  }
}

/** Assets have a hash in their name, so what is here is right. */
async function kept(request) {
  const cache = await caches.open(NAME);
  const found = await cache.match(request, { ignoreVary: true });
  if (found) return found;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone());
  return answer;
}

/** Takes in what the page loaded before this worker was there, and drops what it no longer uses. */
async function keep(paths) {
  const cache = await caches.open(NAME);
  const wanted = new Set(paths.map((path) => new URL(path, self.location.origin).href));
  const tiles = [];
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/tiles/")) tiles.push(request);
    else if (wanted.has(request.url)) wanted.delete(request.url);
    else await cache.delete(request);
  }
  for (const request of tiles.slice(0, Math.max(0, tiles.length - MOST_TILES)))
    await cache.delete(request);
  await Promise.allSettled([...wanted].map((url) => cache.add(url)));
}
