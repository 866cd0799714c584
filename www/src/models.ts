/** Model files, from where they were kept or by fetching; in both cases what they are meant to be. */

import { answerOf, bodyOf, wrongType } from "./asset-fetch.js";
import type { OnPiece } from "./asset-fetch.js";
import type { Downloads } from "./downloads.js";
import { ModelCache, sha256 } from "./model-cache.js";

/** `<`, with which every markup file starts and no ONNX file does. */
const LESS_THAN = 0x3c;

/** Where a model is fetched from. */
export interface ModelPlace {
  url: string;
  /** Its SHA-256 in hexadecimal, where it must be that file. */
  digest?: string;
  /** Whether it is kept for the next time. */
  keeps?: boolean;
}

/** The bytes of a model file. Rejects with `asset-unreachable`, `asset-wrong-type` or `aborted`. */
export async function modelBytes(
  name: string,
  { url, digest, keeps }: ModelPlace,
  downloads: Downloads,
  onPiece: OnPiece,
): Promise<Uint8Array<ArrayBuffer>> {
  const cache = digest && keeps ? await ModelCache.open() : undefined;
  const kept = digest && (await cache?.get(digest));
  if (kept) return kept;
  // What is kept by digest need not be kept by its address, too.
  const attempts = cache
    ? (["no-store"] as const)
    : (["default", "no-store"] as const);
  const { response, model } = await downloads.run(
    name,
    attempts,
    async (request) => {
      const response = await answerOf(name, url, request);
      return { response, model: await bodyOf(name, response, onPiece) };
    },
  );
  if (model.length === 0 || model[0] === LESS_THAN) {
    const found = model.length === 0 ? "nothing" : "markup";
    throw wrongType(name, response, `${found} instead of an ONNX file`);
  }
  if (!digest) return model;
  const found = await sha256(model);
  if (found && found !== digest)
    throw wrongType(
      name,
      response,
      `its SHA-256 is ${found} and not ${digest}`,
    );
  if (found) void cache?.put(digest, model);
  return model;
}
