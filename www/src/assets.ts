/** WebAssembly modules and model files: where they are, fetching them once, and saying plainly when they are not there. */

import { modelUrl, moduleUrl } from "./asset-urls.js";
import { LiveKeypointsError, messageOf } from "./errors.js";
import { MODEL_SHA256 } from "./model-digests.js";
import { ModelCache, sha256 } from "./model-cache.js";
import type { ProgressMeter } from "./progress.js";

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
  readonly #cache: ModelCache | undefined;

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
    this.#cache = keepsModels ? new ModelCache() : undefined;
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
   * A model file. A `Blob`, so that its bytes stay off the page's heap and can be posted to workers without a copy.
   * Rejects as `module` does.
   */
  async model(name: ModelName): Promise<Blob> {
    this.#meter.expectDownload(name);
    const source = this.#sources.models?.[name];
    if (source === undefined) return this.#ownModel(name);
    if (source instanceof Blob) return this.#arrivedModel(name, source);
    if (isBytes(source))
      return this.#arrivedModel(name, new Blob([source as BlobPart]));
    const response = await this.#answer(name, source);
    return this.#arrivedModel(name, await this.#modelOf(name, response));
  }

  /** A file of this package: kept from the last time, or fetched, and in both cases what it is meant to be. */
  async #ownModel(name: ModelName): Promise<Blob> {
    const url = modelUrl(name, this.#sources.baseUrl);
    const digest = MODEL_SHA256[name];
    const kept = await this.#cache?.get(url, digest);
    if (kept) return this.#arrivedModel(name, kept);
    const response = await this.#answer(name, url);
    const model = await this.#modelOf(name, response);
    const found = await sha256(model);
    if (found !== undefined && found !== digest) {
      const reason = `its SHA-256 is ${found} and not ${digest}`;
      throw wrongType(name, response, reason);
    }
    if (found) void this.#cache?.put(url, digest, model);
    return this.#arrivedModel(name, model);
  }

  async #modelOf(name: ModelName, response: Response): Promise<Blob> {
    const parts = await this.#download(name, response);
    const start = parts.find((part) => part.length > 0)?.[0];
    if (start === undefined || start === LESS_THAN) {
      const found = start === undefined ? "nothing" : "markup";
      throw wrongType(name, response, `${found} instead of an ONNX file`);
    }
    return new Blob(parts);
  }

  #arrivedModel(name: ModelName, model: Blob): Blob {
    this.#meter.arrived(name, model.size);
    return model;
  }

  async #compile(
    name: ModuleName,
    source: AssetSource,
  ): Promise<WebAssembly.Module> {
    if (source instanceof Blob)
      return compileBytes(name, await source.arrayBuffer());
    if (isBytes(source)) return compileBytes(name, source);
    const response = await this.#answer(name, source);
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

  /** The answer to the request for an asset, when it may be the asset. */
  async #answer(
    name: string,
    source: string | URL | Response,
  ): Promise<Response> {
    let response: Response;
    if (source instanceof Response) {
      response = source;
    } else {
      try {
        response = await fetch(source, { signal: this.#signal });
      } catch (error) {
        if (this.#signal.aborted) throw aborted();
        const message = `${name} could not be fetched from ${String(source)}: ${messageOf(error)}`;
        throw new LiveKeypointsError("asset-unreachable", message, {
          cause: error,
        });
      }
    }
    if (!response.ok) {
      void response.body?.cancel().catch(() => {});
      const status = `${response.status} ${response.statusText}`.trim();
      throw new LiveKeypointsError(
        "asset-unreachable",
        `${name} could not be fetched: ${response.url} answered with status ${status}`,
      );
    }
    if (contentType(response) === "text/html") {
      void response.body?.cancel().catch(() => {});
      throw wrongType(name, response, "an HTML page");
    }
    return response;
  }

  async #download(
    name: string,
    response: Response,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    const length = Number(response.headers.get("content-length"));
    const totalBytes =
      length > 0 && !response.headers.has("content-encoding")
        ? length
        : undefined;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let loadedBytes = 0;
    try {
      const reader = response.body?.getReader();
      for (
        let piece = await reader?.read();
        piece && !piece.done;
        piece = await reader?.read()
      ) {
        parts.push(piece.value);
        loadedBytes += piece.value.length;
        this.#meter.tell({
          phase: "download",
          asset: name,
          loadedBytes,
          totalBytes,
        });
      }
    } catch (error) {
      if (this.#signal.aborted) throw aborted();
      const message = `${name}: ${response.url} broke off after ${loadedBytes} bytes: ${messageOf(error)}`;
      throw new LiveKeypointsError("asset-unreachable", message, {
        cause: error,
      });
    }
    return parts;
  }
}

/** The error of everything that the caller's signal ended. */
export function aborted(): LiveKeypointsError {
  return new LiveKeypointsError("aborted", "Aborted by the caller's signal.");
}

/** `<`, with which every markup file starts and no ONNX file does. */
const LESS_THAN = 0x3c;

function isBytes(source: unknown): source is BufferSource {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

function contentType(response: Response): string {
  return (response.headers.get("content-type") ?? "")
    .split(";", 1)[0]!
    .trim()
    .toLowerCase();
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

function wrongType(
  name: string,
  response: Response,
  found: string,
): LiveKeypointsError {
  const type = contentType(response) || "no content type";
  return new LiveKeypointsError(
    "asset-wrong-type",
    `${name}: ${response.url} answered with status ${response.status} (${type}), but not with ${name}: ${found}`,
  );
}
