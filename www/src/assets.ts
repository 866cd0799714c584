/** Where WebAssembly modules and model files come from. All but the page's own modules is got by one of them. */

import type { OnPiece } from "./asset-fetch.js";
import { moduleUrl } from "./asset-urls.js";
import { Downloads } from "./downloads.js";
import { compileModule } from "./module-compile.js";
import type { Progress } from "./generated/results.js";
import { MODEL_NAMES } from "./generated/words.js";
import type { ModelName } from "./generated/words.js";
import { checked } from "./option-checks.js";
import type { Checks } from "./option-checks.js";

/** The WebAssembly modules: the page's scheduler, what the workers run, and the client of a relay. */
export type ModuleName = "session" | "inference" | "relay";

/** Those that run on the page's own thread. */
export type PageModuleName = Exclude<ModuleName, "inference">;

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
  /** The client of a relay, `wasm/relay/relay_bg.wasm`, which only `connect()` and a fallback load. */
  relay?: AssetSource | WebAssembly.Module | undefined;
  /** Model files by name. */
  models?: Partial<Record<ModelName, AssetSource>> | undefined;
}

/** A folder's address, or sources one by one. */
export type AssetsOption = string | URL | AssetSources;

const ADDRESS = { kind: "address" } as const;
const SOURCES = {
  baseUrl: ADDRESS,
  session: ADDRESS,
  inference: ADDRESS,
  relay: ADDRESS,
  models: {
    kind: "nested",
    options: Object.fromEntries(MODEL_NAMES.map((name) => [name, ADDRESS])),
  },
} as const satisfies Checks<AssetSources>;

/** Where assets come from, one by one. Throws `invalid-option`, naming the option. */
export function sourcesOf(assets: AssetsOption | undefined): AssetSources {
  if (typeof assets !== "string" && !(assets instanceof URL))
    return checked(assets, SOURCES, "assets");
  checked({ assets }, { assets: ADDRESS });
  return { baseUrl: assets };
}

/**
 * A module of the page's own, compiled. It is small: what it takes is no part of the whole yet. Rejects as `compileModule`
 * does.
 */
export async function compiledModule(
  name: PageModuleName,
  assets: AssetsOption | undefined,
  signal?: AbortSignal | null,
  onProgress: (progress: Progress) => void = () => {},
): Promise<WebAssembly.Module> {
  const sources = sourcesOf(assets);
  const source = sources[name] ?? moduleUrl(name, sources.baseUrl);
  const downloads = new Downloads(signal ?? new AbortController().signal);
  const onPiece: OnPiece = (loadedBytes, totalBytes) => {
    downloads.heard();
    onProgress({
      ...{ phase: "download", asset: name, loadedBytes, fraction: 0 },
      ...(totalBytes === undefined ? {} : { totalBytes }),
    });
  };
  const isCompiled = (source as object) instanceof WebAssembly.Module;
  const module = isCompiled
    ? (source as WebAssembly.Module)
    : await downloads.run(
        name,
        source instanceof Response ? ["no-store"] : ["default", "no-store"],
        (request) =>
          compileModule(name, source as AssetSource, request, onPiece),
      );
  onProgress({ phase: "compile", asset: name, fraction: 0 });
  return module;
}
