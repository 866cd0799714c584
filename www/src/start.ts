/** Everything between the options and a running pool: feature test, assets, session, workers. */

import { aborted } from "./asset-fetch.js";
import { AssetLoader } from "./assets.js";
import type { Session } from "./bindings.js";
import { Downloads } from "./downloads.js";
import { asLiveKeypointsError, LiveKeypointsError } from "./errors.js";
import { InitMessages } from "./init-messages.js";
import type { CheckedOptions, CreateOptions } from "./options.js";
import { WorkerPool } from "./pool.js";
import type { WorkerLike } from "./pool.js";
import { ProgressMeter } from "./progress.js";
import { loadSession } from "./session-module.js";
import { requireSimd } from "./simd.js";
import { layoutSteps } from "./steps.js";
import { createInferenceWorker } from "./worker-scripts.js";

/** A worker that is silent for longer while it starts has failed, unless the network is busy with other files. */
const START_TIMEOUT_MS = 60_000;

/** A session with workers that are ready. */
export interface Started {
  readonly session: Session;
  readonly pool: WorkerPool;
}

/** Starts everything; on any failure nothing is left running. */
export async function start(
  checked: CheckedOptions,
  options: CreateOptions,
): Promise<Started> {
  const { signal } = options;
  if (signal?.aborted) throw aborted();
  requireSimd();
  const meter = new ProgressMeter(options.onProgress);
  const abortion = new AbortController();
  const downloads = new Downloads(abortion.signal, () => pool.heard());
  const loader = new AssetLoader(
    options.assets,
    meter,
    downloads,
    checked.keepsModels,
  );
  const module = loadSession(loader);
  const session = module.then(({ Session }) => new Session(checked.session));
  const modelsForSteps = module.then((bindings) => bindings.modelsForSteps);
  const layout = layoutSteps(checked.workers, checked.parts);
  const inits = new InitMessages(
    checked,
    layout,
    loader,
    meter,
    modelsForSteps,
  );
  const pool = new WorkerPool(
    layout,
    inits,
    {
      createWorker:
        options.createWorker ?? (() => createWorker(options.workerUrl)),
      workerTimeoutMs: checked.workerTimeoutMs,
      startTimeoutMs: START_TIMEOUT_MS,
    },
    (slot, progress) => {
      switch (progress.type) {
        case "compiled":
          return inits.compiled(progress.module);
        case "downloaded": {
          const { loadedBytes, totalBytes } = progress;
          downloads.heard();
          return meter.tell({
            ...{ phase: "download", asset: "inference" },
            ...{ loadedBytes, totalBytes },
          });
        }
        case "loaded":
          return meter.tell({
            ...{ phase: "optimise", asset: progress.model },
            worker: slot.number,
          });
      }
    },
  );
  try {
    const [ready] = await unlessAborted(
      signal,
      Promise.all([session, pool.start()]),
    );
    meter.tell({ phase: "ready" });
    return { session: ready, pool };
  } catch (error) {
    pool.close();
    abortion.abort();
    session.then((unused) => unused.free()).catch(() => {});
    throw asLiveKeypointsError(error, "internal");
  }
}

/** The promise's outcome, or the code `aborted` as soon as the signal says so. */
async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
): Promise<T> {
  let onAbort = (): void => {};
  const abortion = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(aborted());
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, abortion]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function createWorker(url: string | URL | undefined): WorkerLike {
  if (typeof Worker !== "function") {
    throw new LiveKeypointsError(
      "worker-failed",
      "there are no Web Workers here",
    );
  }
  if (url !== undefined)
    return new Worker(url, { type: "module", name: "live-keypoints" });
  return createInferenceWorker();
}
