/** Everything between the options and a running pool: feature test, assets, session, workers. */

import { aborted, AssetLoader } from "./assets.js";
import type { ModelName } from "./assets.js";
import {
  asLiveKeypointsError,
  LiveKeypointsError,
  messageOf,
} from "./errors.js";
import type { CheckedOptions, CreateOptions } from "./options.js";
import { WorkerPool } from "./pool.js";
import type { WorkerLike } from "./pool.js";
import { ProgressMeter } from "./progress.js";
import { requireSimd } from "./simd.js";
import { bitsOf, layoutSteps } from "./steps.js";
import type { Step } from "./steps.js";
import { VERSION } from "./version.js";
import type { Session } from "./bindings.js";
import { versionMismatch } from "./worker-slot.js";
import type { InitMessage, SlotEvents } from "./worker-slot.js";

/** A worker that is silent for longer while it starts has failed. Loading its script counts, on slow lines too. */
const START_TIMEOUT_MS = 60_000;

type SessionModule = typeof import("./wasm/session/session.js");

/** A session with workers that are ready. */
export interface Started {
  readonly session: Session;
  readonly pool: WorkerPool;
  /** From now on, `events` are told. */
  connect(events: Omit<SlotEvents, "loaded">): void;
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
  const abort = new AbortController();
  const loader = new AssetLoader(options.assets, meter, abort.signal);
  const layout = layoutSteps(checked.workers, checked.parts);

  const sessionModule = loadSession(loader);
  const inference = loader.module("inference");
  const session = sessionModule.then(
    ({ Session }) => new Session(checked.session),
  );
  const models = new Map<ModelName, Promise<Blob>>();
  let expectedLoads = 0;
  const initOf = async (steps: readonly Step[]): Promise<InitMessage> => {
    const { modelsForSteps } = await sessionModule;
    const names = modelsForSteps(bitsOf(steps), checked.quality) as ModelName[];
    expectedLoads += names.length;
    meter.expectLoads(expectedLoads);
    for (const name of names)
      if (!models.has(name)) models.set(name, loader.model(name));
    const files = Promise.all(
      names.map(async (name) => ({ name, file: await models.get(name)! })),
    );
    const { maxPixels, fastDecode } = checked;
    const [module, modelFiles] = await Promise.all([inference, files]);
    return { type: "init", module, models: modelFiles, maxPixels, fastDecode };
  };
  let events: Omit<SlotEvents, "loaded"> | undefined;
  const pool = new WorkerPool(
    layout,
    initOf,
    {
      createWorker:
        options.createWorker ?? (() => createWorker(options.workerUrl)),
      workerTimeoutMs: checked.workerTimeoutMs,
      startTimeoutMs: START_TIMEOUT_MS,
    },
    {
      loaded: (slot, model) => {
        // A replacement loads its models long after create() is done.
        if (!events)
          meter.tell({ phase: "load", asset: model, worker: slot.number });
      },
      ready: (slot) => events?.ready(slot),
      answered: (slot, answer) => events?.answered(slot, answer),
      died: (slot, error) => events?.died(slot, error),
      lost: (slot, error) => events?.lost(slot, error),
    },
  );

  let onAbort = (): void => {};
  const abortion = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(aborted());
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    const [ready] = await Promise.race([
      abortion,
      Promise.all([session, inference, pool.start()]),
    ]);
    meter.tell({ phase: "ready" });
    return {
      session: ready,
      pool,
      connect: (listeners) => (events = listeners),
    };
  } catch (error) {
    pool.close();
    abort.abort();
    session.then((unused) => unused.free()).catch(() => {});
    throw asLiveKeypointsError(error, "internal");
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function loadSession(loader: AssetLoader): Promise<SessionModule> {
  const [bindings, module] = await Promise.all([
    import("./wasm/session/session.js").catch(bindingsMissing),
    loader.module("session"),
  ]);
  await bindings.default({ module_or_path: module });
  if (bindings.version() !== VERSION)
    throw versionMismatch("the session module", bindings.version());
  return bindings;
}

function bindingsMissing(error: unknown): never {
  const message = `The session module's bindings could not be imported: ${messageOf(error)}`;
  throw new LiveKeypointsError("asset-unreachable", message, { cause: error });
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
  // Written out, so that bundlers see the script and take it along.
  return new Worker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name: "live-keypoints",
  });
}
