/** The engine of this page: WebAssembly that drives workers. */

import { aborted } from "./errors.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { sourcesOf } from "./assets.js";
import type { AssetSource } from "./assets.js";
import { Engine } from "./engine.js";
import type {
  AssetSources,
  CREATE_OPTIONS,
  CreateOptions,
} from "./generated/options.js";
import type { ModelName } from "./generated/words.js";
import type { Checked } from "./option-checks.js";
import { loadSession } from "./session-module.js";
import { requireSimd } from "./simd.js";
import { createInferenceWorker } from "./worker-scripts.js";

/** Starts everything; on any failure nothing is left running. */
export async function startPage(
  options: Checked<CreateOptions, typeof CREATE_OPTIONS>,
): Promise<Engine> {
  const { assets, signal, onProgress } = options;
  if (signal?.aborted) throw aborted();
  requireSimd();
  const { baseUrl, inference, models } = sourcesOf(assets);
  return Engine.start("page", async (hooks) => {
    const { PageStream } = await loadSession(assets, signal, onProgress);
    return PageStream.start({
      ...options,
      assets: { inference: absolute(inference), models: allAbsolute(models) },
      addressOf: (name: string) =>
        (name === "inference"
          ? moduleUrl(name, baseUrl)
          : modelUrl(name as ModelName, baseUrl)
        ).href,
      createWorker:
        options.createWorker ??
        (() => createInferenceWorker(options.workerUrl)),
      ...hooks,
    });
  });
}

/** An address of the caller is relative to the page. */
function absolute<T>(source: T | AssetSource): T | AssetSource {
  return typeof source === "string"
    ? new URL(source, baseOfPage()).href
    : source;
}

function allAbsolute(models: AssetSources["models"] = {}): object {
  const entries = Object.entries(models);
  return Object.fromEntries(
    entries.map(([name, source]) => [name, absolute(source)]),
  );
}
