/**
 * Lets the demo run without a network from the second visit on. The network goes first, so that nobody sees an old page;
 * the models are left to the package, which keeps them itself.
 */

/** What is used of a service worker's scope; the page's types do not have it. */
interface FetchEventLike extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  /** Keeps the service worker alive for longer. */
  waitUntil(work: Promise<void>): void;
}

interface ServiceWorkerScope {
  skipWaiting(): Promise<void>;
  addEventListener(type: "install", listener: () => void): void;
  addEventListener(
    type: "fetch",
    listener: (event: FetchEventLike) => void,
  ): void;
}

const CACHE_NAME = "live-keypoints-demo";
const scope = globalThis as unknown as ServiceWorkerScope;

scope.addEventListener("install", () => void scope.skipWaiting());
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.endsWith(".onnx")) return;
  event.respondWith(answer(event));
});

async function answer(event: FetchEventLike): Promise<Response> {
  const { request } = event;
  try {
    const response = await fetch(request);
    // The page need not wait until all of it has come.
    if (response.ok) event.waitUntil(keep(request, response.clone()));
    return response;
  } catch (error) {
    const cache = await caches.open(CACHE_NAME).catch(() => undefined);
    const kept = await cache?.match(keyOf(request));
    if (kept) return kept;
    throw error;
  }
}

/** Keeping is a favour: the demo works as well where the browser has no room, or refuses. */
async function keep(request: Request, response: Response): Promise<void> {
  try {
    const cache = await caches.open(CACHE_NAME);
    await cache.put(keyOf(request), response);
  } catch {
    // It is fetched again next time.
  }
}

/** The settings in the address do not make another page. */
function keyOf(request: Request): string {
  const url = new URL(request.url);
  url.search = "";
  return url.href;
}
