/** The engine of this page: WebAssembly that drives workers. */

import { aborted } from "./asset-fetch.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { sourcesOf } from "./assets.js";
import type { AssetSource, AssetSources, ModelName } from "./assets.js";
import type { Engine } from "./engine.js";
import type { CheckedOptions, CreateOptions } from "./options.js";
import { loadSession } from "./session-module.js";
import { requireSimd } from "./simd.js";
import { StreamEngine } from "./stream-engine.js";
import { createInferenceWorker } from "./worker-scripts.js";

/** Starts everything; on any failure nothing is left running. */
export async function startPage(
  checked: CheckedOptions,
  options: CreateOptions,
): Promise<Engine> {
  const { signal, assets, onProgress } = options;
  if (signal?.aborted) throw aborted();
  requireSimd();
  const { baseUrl, inference, models } = sourcesOf(assets);
  return StreamEngine.start("page", async (hooks) => {
    const { PageStream } = await loadSession(assets, signal, onProgress);
    return PageStream.start({
      ...checked,
      assets: { inference: absolute(inference), models: allAbsolute(models) },
      addressOf: (name: string) =>
        (name === "inference"
          ? moduleUrl(name, baseUrl)
          : modelUrl(name as ModelName, baseUrl)
        ).href,
      createWorker:
        options.createWorker ??
        (() => createInferenceWorker(options.workerUrl)),
      ...{ onProgress, signal },
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
