/** Keeps model files in the browser's Cache Storage, so that a page that comes back asks for none. */

import { MODEL_SHA256 } from "./model-digests.js";

const CACHE_NAME = "live-keypoints-models";

/** SHA-256 in hexadecimal; `undefined` where the browser has none, as on pages that are not secure, or refuses. */
export async function sha256(
  file: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  try {
    const digest = await crypto.subtle.digest("SHA-256", file);
    return Array.from(new Uint8Array(digest), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  } catch {
    return undefined;
  }
}

/** Files by digest, wherever they came from. Keeping is a favour: all works as well where the browser refuses it. */
export class ModelCache {
  readonly #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** `undefined` where the browser has no such storage, or refuses it, as in frames of another site. */
  static async open(): Promise<ModelCache | undefined> {
    try {
      return new ModelCache(await caches.open(CACHE_NAME));
    } catch {
      return undefined;
    }
  }

  /** A file that was kept and is still whole; `undefined` where there is none. */
  async get(digest: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const key = keyOf(digest);
      const kept = await this.#cache.match(key);
      if (!kept) return undefined;
      const file = new Uint8Array(await kept.arrayBuffer());
      const found = await sha256(file);
      if (found === digest) return file;
      if (found) await this.#cache.delete(key);
    } catch {
      // As if there were none.
    }
    return undefined;
  }

  /** Keeps a file, and removes all that this version of the package never asks for. */
  async put(digest: string, file: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      // Copies the bytes now, before they are given to a worker.
      const response = new Response(file);
      const known = new Set(
        [digest, ...Object.values(MODEL_SHA256)].map(keyOf),
      );
      for (const { url } of await this.#cache.keys())
        if (!known.has(url)) await this.#cache.delete(url);
      await this.#cache.put(keyOf(digest), response);
    } catch {
      // It is fetched again next time.
    }
  }
}

/** Cache Storage takes nothing but addresses; nothing is ever asked for at this one. */
function keyOf(digest: string): string {
  return new URL(`/live-keypoints/sha256/${digest}`, location.origin).href;
}
