/** Where the package's files are: in a folder of the caller's, or next to this module. */

import type { ModuleName } from "./assets.js";
import { MODEL_URLS, MODULE_URLS } from "./file-urls.js";
import type { ModelName } from "./generated/words.js";
import { hasRelaxedSimd } from "./simd.js";

/** Address of a module; the quicker one where the browser can run it. */
export function moduleUrl(
  name: ModuleName,
  baseUrl: string | URL | undefined,
): URL {
  const isRelaxed = name === "inference" && hasRelaxedSimd();
  const file = isRelaxed ? "inference_relaxed" : name;
  return baseUrl === undefined
    ? MODULE_URLS[file]()
    : inFolder(baseUrl, `wasm/${name}/${file}_bg.wasm`);
}

/** Address of a model file. */
export function modelUrl(
  name: ModelName,
  baseUrl: string | URL | undefined,
): URL {
  return baseUrl === undefined
    ? MODEL_URLS[name]()
    : inFolder(baseUrl, `models/${name}.onnx`);
}

/** A file of a folder that holds what the package's `dist` does. */
export function inFolder(baseUrl: string | URL, path: string): URL {
  const folder = new URL(baseUrl, baseOfPage());
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return new URL(path, folder);
}

/** What relative addresses of the caller are relative to. */
export function baseOfPage(): string {
  return globalThis.document?.baseURI ?? import.meta.url;
}
