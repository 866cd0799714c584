/** The engine of this page: WebAssembly that drives workers. */

import { aborted } from "./errors.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { sourcesOf } from "./assets.js";
import { Engine } from "./engine.js";
import { CREATE_OPTIONS } from "./generated/options.js";
import type { CreateOptions } from "./generated/options.js";
import type { ModelName } from "./generated/words.js";
import { loadPart } from "./load-part.js";
import type { Opened } from "./open.js";
import { checked } from "./option-checks.js";
import { loadSession } from "./session-module.js";
import type { SignsStart } from "./signs/start.js";
import { requireSimd } from "./simd.js";
import { WorkerMaker } from "./worker-scripts.js";
import type { WorkerLike } from "./worker-scripts.js";

/** Starts everything; on any failure nothing is left running. */
export async function startPage(given: CreateOptions = {}): Promise<Opened> {
  let options = checked(given, CREATE_OPTIONS);
  const { assets, signal, onProgress, createWorker, workerUrl } = options;
  if (signal?.aborted) throw aborted();
  requireSimd();
  const { baseUrl, ...sources } = sourcesOf(assets);
  const addressOfModule = () => moduleUrl("inference", baseUrl);
  const workers = createWorker
    ? undefined
    : new WorkerMaker(
        workerUrl,
        sources.inference ? undefined : addressOfModule,
      );
  let make: () => WorkerLike = createWorker ?? (() => workers!.make());
  let start: SignsStart | undefined;
  try {
    if (options.signs) {
      const { startSigns } = await loadPart(
        "the signs",
        () => import("./signs/start.js"),
      );
      start = await startSigns(given, options, make);
      options = checked(start.options, CREATE_OPTIONS);
      make = start.make;
    }
    const engine = await Engine.start("page", async (hooks) => {
      const { PageStream } = await loadSession(assets, signal, onProgress);
      return PageStream.start({
        ...options,
        stillThreshold: start?.stillThreshold,
        assets: { ...sources, base: baseOfPage() },
        addressOf: (name: string) =>
          (name === "inference"
            ? addressOfModule()
            : modelUrl(name as ModelName, baseUrl)
          ).href,
        createWorker: make,
        ...hooks,
      });
    });
    return { engine, options, signs: start?.signs };
  } catch (error) {
    start?.signs.close();
    throw error;
  } finally {
    workers?.end();
  }
}
