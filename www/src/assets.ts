/** Where WebAssembly modules and model files come from. All but the page's own modules is got by one of them. */

import { moduleUrl } from "./asset-urls.js";
import { unlessSilent } from "./downloads.js";
import { compileModule } from "./module-compile.js";
import type { Progress } from "./generated/results.js";
import type { AssetSources } from "./generated/options.js";
import { isOneAddress } from "./option-checks.js";

/** The WebAssembly modules: the page's scheduler, what the workers run, the client of a relay, the recogniser of signs. */
export type ModuleName = "session" | "inference" | "relay" | "signs";

/** Those that the page gets itself. */
export type PageModuleName = Exclude<ModuleName, "inference">;

/** One asset: its address, the answer to a request for it, or its bytes. */
export type AssetSource = string | URL | Response | BufferSource | Blob;

/** A folder's address, or sources one by one. */
export type AssetsOption = string | URL | AssetSources;

/** Where assets come from, one by one. */
export function sourcesOf(assets: AssetsOption = {}): AssetSources {
  return isOneAddress(assets) ? { baseUrl: assets } : assets;
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
  const isCompiled = (source as object) instanceof WebAssembly.Module;
  const module = isCompiled
    ? (source as WebAssembly.Module)
    : await unlessSilent(
        name,
        source instanceof Response ? ["no-store"] : ["default", "no-store"],
        signal ?? new AbortController().signal,
        (request, heard) =>
          compileModule(name, source as AssetSource, request, (...bytes) => {
            const [loadedBytes, totalBytes] = bytes;
            heard();
            onProgress({
              ...{ phase: "download", asset: name, loadedBytes, fraction: 0 },
              ...(totalBytes === undefined ? {} : { totalBytes }),
            });
          }),
      );
  onProgress({ phase: "compile", asset: name, fraction: 0 });
  return module;
}
