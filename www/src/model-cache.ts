/** Keeps model files in the browser's Cache Storage, so that a page that comes back asks for none. */

const CACHE_NAME = "live-keypoints-models";

/** SHA-256 in hexadecimal; `undefined` where the page is not secure and the browser therefore has none. */
export async function sha256(
  file: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", file);
  return Array.from(new Uint8Array(digest), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/**
 * Files by address and digest. Keeping is a favour: where the browser has no storage, or no room, everything works as
 * without.
 */
export class ModelCache {
  /** A file that was kept and is still whole; `undefined` where there is none. */
  async get(
    url: string,
    digest: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const cache = await this.#open();
      const key = keyOf(url, digest);
      const kept = await cache?.match(key);
      if (!kept) return undefined;
      const file = new Uint8Array(await kept.arrayBuffer());
      if ((await sha256(file)) === digest) return file;
      await cache?.delete(key);
    } catch {
      // As if there were none.
    }
    return undefined;
  }

  /** Keeps a file, and no other version of it. */
  async put(
    url: string,
    digest: string,
    file: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    try {
      const cache = await this.#open();
      if (!cache) return;
      const key = keyOf(url, digest);
      const { pathname } = new URL(url);
      for (const { url: kept } of await cache.keys()) {
        const isOther = kept !== key && new URL(kept).pathname === pathname;
        if (isOther) await cache.delete(kept);
      }
      await cache.put(key, new Response(file));
    } catch {
      // It is fetched again next time.
    }
  }

  async #open(): Promise<Cache | undefined> {
    return globalThis.caches?.open(CACHE_NAME);
  }
}

function keyOf(url: string, digest: string): string {
  const key = new URL(url);
  key.search = `sha256=${digest}`;
  key.hash = "";
  return key.href;
}
