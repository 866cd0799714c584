/** Model files, as workers get them: from where they were kept, or by fetching; in both cases what they are meant to be. */

import { answerOf, bodyOf, wrongType } from "./asset-fetch.js";
import type { OnPiece } from "./asset-fetch.js";
import { ModelCache, sha256 } from "./model-cache.js";
import type { ModelSource } from "./protocol.js";

/** `<`, with which every markup file starts and no ONNX file does. */
const LESS_THAN = 0x3c;

/** The bytes of a model file. Rejects with `asset-unreachable` or `asset-wrong-type`. */
export async function modelBytes(
  name: string,
  source: ModelSource,
  onPiece: OnPiece = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  if ("file" in source) return new Uint8Array(await source.file.arrayBuffer());
  const { url, digest, keeps } = { digest: undefined, keeps: false, ...source };
  if (!digest || !keeps) return fetched(name, url, digest, onPiece);
  const cache = new ModelCache();
  const kept = await cache.get(url, digest);
  if (kept) return kept;
  // Another worker may need it, too: it then finds it kept.
  return alone(`live-keypoints ${url}`, async (release) => {
    const kept = await cache.get(url, digest);
    const model = kept ?? (await fetched(name, url, digest, onPiece));
    const keeping = kept ? undefined : cache.put(url, digest, model);
    void Promise.resolve(keeping).then(release);
    return model;
  });
}

async function fetched(
  name: string,
  url: string,
  digest: string | undefined,
  onPiece: OnPiece,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await answerOf(name, url);
  const model = await bodyOf(name, response, onPiece);
  if (model.length === 0 || model[0] === LESS_THAN) {
    const found = model.length === 0 ? "nothing" : "markup";
    throw wrongType(name, response, `${found} instead of an ONNX file`);
  }
  const found = digest && (await sha256(model));
  if (found && found !== digest) {
    const reason = `its SHA-256 is ${found} and not ${digest}`;
    throw wrongType(name, response, reason);
  }
  return model;
}

/** Does something while no other worker or page does the same, until `release` is called; at once where there are no locks. */
async function alone<T>(
  what: string,
  work: (release: () => void) => Promise<T>,
): Promise<T> {
  const { locks } = navigator;
  if (!locks) return work(() => {});
  return new Promise((resolve, reject) => {
    const held = (): Promise<void> =>
      new Promise((release) => {
        work(release).then(resolve, (error: unknown) => {
          release();
          reject(error as Error);
        });
      });
    locks.request(what, held).catch(reject);
  });
}
