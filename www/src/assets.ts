/** Where WebAssembly modules and model files come from. All but the page's own module is got by that module. */

import type { OnPiece } from "./asset-fetch.js";
import { moduleUrl } from "./asset-urls.js";
import { Downloads } from "./downloads.js";
import { compileModule } from "./module-compile.js";
import type { Progress } from "./generated/results.js";
import type { ModelName } from "./generated/words.js";

/** The two WebAssembly modules: the page's scheduler, and what the workers run. */
export type ModuleName = "session" | "inference";

/** One asset: its address, the answer to a request for it, or its bytes. */
export type AssetSource = string | URL | Response | BufferSource | Blob;

/** Where assets come from, one by one; what is not named comes from `baseUrl`. */
export interface AssetSources {
  /** Folder that holds `wasm/` and `models/` as the package's `dist` does. Default: next to this module. */
  baseUrl?: string | URL | undefined;
  /** The page's module, `wasm/session/session_bg.wasm`. */
  session?: AssetSource | WebAssembly.Module | undefined;
  /**
   * The workers' module: `wasm/inference/inference_relaxed_bg.wasm` where the browser has relaxed SIMD, else
   * `wasm/inference/inference_bg.wasm`.
   */
  inference?: AssetSource | WebAssembly.Module | undefined;
  /** Model files by name. */
  models?: Partial<Record<ModelName, AssetSource>> | undefined;
}

/** A folder's address, or sources one by one. */
export type AssetsOption = string | URL | AssetSources;

/**
 * The page's module, compiled. It is small: what it takes is no part of the whole yet. Rejects as `compileModule` does.
 */
export async function compileSession(
  { baseUrl, session }: Pick<AssetSources, "baseUrl" | "session">,
  signal: AbortSignal = new AbortController().signal,
  onProgress: (progress: Progress) => void = () => {},
): Promise<WebAssembly.Module> {
  const source = session ?? moduleUrl("session", baseUrl);
  const asset = "session";
  const downloads = new Downloads(signal);
  const onPiece: OnPiece = (loadedBytes, totalBytes) => {
    downloads.heard();
    onProgress({
      ...{ phase: "download", asset, loadedBytes, fraction: 0 },
      ...(totalBytes === undefined ? {} : { totalBytes }),
    });
  };
  const isCompiled = (source as object) instanceof WebAssembly.Module;
  const module = isCompiled
    ? (source as WebAssembly.Module)
    : await downloads.run(
        asset,
        source instanceof Response ? ["no-store"] : ["default", "no-store"],
        (request) =>
          compileModule(asset, source as AssetSource, request, onPiece),
      );
  onProgress({ phase: "compile", asset, fraction: 0 });
  return module;
}
