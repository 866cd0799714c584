/** WebAssembly modules, which the page compiles, and model files, which its workers fetch: where each of them is. */

import { aborted, answerOf, contentType, wrongType } from "./asset-fetch.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { LiveKeypointsError, messageOf } from "./errors.js";
import { MODEL_SHA256 } from "./model-digests.js";
import type { ProgressMeter } from "./progress.js";
import type { ModelSource } from "./protocol.js";

/** A model file, without `.onnx`. */
export type ModelName =
  | "pose_detection"
  | "pose_landmark_full"
  | "pose_landmark_lite"
  | "hand_recrop"
  | "hand_landmark_full"
  | "hand_landmark_lite"
  | "face_detection_short_range"
  | "face_landmark";

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

/** Gets assets. Each is asked for once and held by whoever asked. */
export class AssetLoader {
  readonly #sources: AssetSources;
  readonly #meter: ProgressMeter;
  readonly #signal: AbortSignal;
  readonly #keepsModels: boolean;

  /** Models of the package itself are kept where `keepsModels` is set. */
  constructor(
    assets: AssetsOption | undefined,
    meter: ProgressMeter,
    signal: AbortSignal,
    keepsModels = false,
  ) {
    this.#sources =
      typeof assets === "string" || assets instanceof URL
        ? { baseUrl: assets }
        : (assets ?? {});
    this.#meter = meter;
    this.#signal = signal;
    this.#keepsModels = keepsModels;
  }

  /** A compiled module. Rejects with `asset-unreachable`, `asset-wrong-type` or `aborted`. */
  async module(name: ModuleName): Promise<WebAssembly.Module> {
    this.#meter.expectDownload(name);
    const source =
      this.#sources[name] ?? moduleUrl(name, this.#sources.baseUrl);
    const module =
      source instanceof WebAssembly.Module
        ? source
        : await this.#compile(name, source);
    this.#meter.arrived(name, 1);
    this.#meter.tell({ phase: "compile", asset: name });
    return module;
  }

  /**
   * Where a worker gets a model file from. Bytes are handed on as `Blob`, which can be posted to workers without a copy.
   * Rejects as `module` does.
   */
  async model(name: ModelName): Promise<ModelSource> {
    this.#meter.expectDownload(name);
    const source = this.#sources.models?.[name];
    if (source === undefined) {
      const url = modelUrl(name, this.#sources.baseUrl).href;
      return { url, digest: MODEL_SHA256[name], keeps: this.#keepsModels };
    }
    if (source instanceof Blob) return { file: source };
    if (isBytes(source)) return { file: new Blob([source as BlobPart]) };
    if (source instanceof Response)
      return { file: await (await answerOf(name, source)).blob() };
    return { url: new URL(source, baseOfPage()).href };
  }

  async #compile(
    name: ModuleName,
    source: AssetSource,
  ): Promise<WebAssembly.Module> {
    if (source instanceof Blob)
      return compileBytes(name, await source.arrayBuffer());
    if (isBytes(source)) return compileBytes(name, source);
    const response = await answerOf(name, source, this.#signal);
    const type = contentType(response);
    try {
      // The untouched response: browsers then keep the compiled code with it in their cache.
      if (type === "application/wasm")
        return await WebAssembly.compileStreaming(response);
      return await WebAssembly.compile(await response.arrayBuffer());
    } catch (error) {
      if (this.#signal.aborted) throw aborted();
      throw compileError(error) ?? wrongType(name, response, messageOf(error));
    }
  }
}

function isBytes(source: unknown): source is BufferSource {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

async function compileBytes(
  name: ModuleName,
  bytes: BufferSource,
): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const message = `the bytes given as ${name} are not its WebAssembly module: ${messageOf(error)}`;
    throw (
      compileError(error) ??
      new LiveKeypointsError("asset-wrong-type", message, { cause: error })
    );
  }
}

/** A page's policy may forbid WebAssembly altogether: that is no fault of the asset. */
function compileError(error: unknown): LiveKeypointsError | undefined {
  if (!/content security policy/i.test(messageOf(error))) return undefined;
  const message = `The page's Content-Security-Policy forbids WebAssembly; script-src needs 'wasm-unsafe-eval'. ${messageOf(error)}`;
  return new LiveKeypointsError("worker-failed", message, { cause: error });
}
