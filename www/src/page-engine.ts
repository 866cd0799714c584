/** The engine of this page: WebAssembly that drives workers. */

import { aborted } from "./errors.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { sourcesOf } from "./assets.js";
import { Engine } from "./engine.js";
import type { CREATE_OPTIONS, CreateOptions } from "./generated/options.js";
import type { ModelName } from "./generated/words.js";
import type { Checked } from "./option-checks.js";
import { loadSession } from "./session-module.js";
import { requireSimd } from "./simd.js";
import { WorkerMaker } from "./worker-scripts.js";

/** Starts everything; on any failure nothing is left running. */
export async function startPage(
  options: Checked<CreateOptions, typeof CREATE_OPTIONS>,
): Promise<Engine> {
  const { assets, signal, onProgress } = options;
  if (signal?.aborted) throw aborted();
  requireSimd();
  const { baseUrl, ...given } = sourcesOf(assets);
  const { createWorker, workerUrl } = options;
  const addressOfModule = () => moduleUrl("inference", baseUrl);
  const workers = createWorker
    ? undefined
    : new WorkerMaker(workerUrl, given.inference ? undefined : addressOfModule);
  const engine = Engine.start("page", async (hooks) => {
    const { PageStream } = await loadSession(assets, signal, onProgress);
    return PageStream.start({
      ...options,
      assets: { ...given, base: baseOfPage() },
      addressOf: (name: string) =>
        (name === "inference"
          ? addressOfModule()
          : modelUrl(name as ModelName, baseUrl)
        ).href,
      createWorker: createWorker ?? (() => workers!.make()),
      ...hooks,
    });
  });
  return engine.finally(() => workers?.end());
}
