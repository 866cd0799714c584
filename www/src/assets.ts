/** WebAssembly modules and model files. All but the workers' module, which one of them compiles, is got here. */

import { answerOf } from "./asset-fetch.js";
import type { OnPiece } from "./asset-fetch.js";
import { baseOfPage, modelUrl, moduleUrl } from "./asset-urls.js";
import { MODEL_SHA256 } from "./model-digests.js";
import type { Downloads } from "./downloads.js";
import { modelBytes } from "./models.js";
import type { ModelPlace } from "./models.js";
import { compileModule, isBytes } from "./module-compile.js";
import type { ProgressMeter } from "./progress.js";
import type { AssetPlace } from "./protocol.js";

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

/** Gets assets, and tells how far it is. */
export class AssetLoader {
  readonly #sources: AssetSources;
  readonly #meter: ProgressMeter;
  readonly #downloads: Downloads;
  readonly #keepsModels: boolean;
  /** An answer can be read once only, and a worker's replacement needs the model again. */
  readonly #given = new Map<ModelName, Promise<AssetPlace>>();

  /** Models of the package itself are kept where `keepsModels` is set. */
  constructor(
    assets: AssetsOption | undefined,
    meter: ProgressMeter,
    downloads: Downloads,
    keepsModels = false,
  ) {
    this.#sources =
      typeof assets === "string" || assets instanceof URL
        ? { baseUrl: assets }
        : (assets ?? {});
    this.#meter = meter;
    this.#downloads = downloads;
    this.#keepsModels = keepsModels;
  }

  /** The page's module, compiled. Rejects as `compileModule` does. */
  async session(): Promise<WebAssembly.Module> {
    this.#meter.expectDownload("session");
    const source = this.#moduleSource("session");
    const onPiece = this.#onPiece("session");
    const module =
      source instanceof WebAssembly.Module
        ? source
        : await this.#downloads.run(
            "session",
            source instanceof Response ? ["no-store"] : ["default", "no-store"],
            (request) => compileModule("session", source, request, onPiece),
          );
    this.#meter.compiled("session");
    return module;
  }

  /**
   * The workers' module, if it was given compiled, or else where the worker that compiles it gets it from. Rejects with
   * `asset-unreachable` or `asset-wrong-type`.
   */
  async inference(): Promise<WebAssembly.Module | AssetPlace> {
    this.#meter.expectDownload("inference");
    const source = this.#moduleSource("inference");
    return source instanceof WebAssembly.Module
      ? source
      : placeOf("inference", source);
  }

  /** A model file, read anew each time. Rejects as `modelBytes` does. */
  async model(name: ModelName): Promise<Uint8Array<ArrayBuffer>> {
    this.#meter.expectDownload(name);
    const place = await this.#modelPlace(name);
    const bytes =
      "file" in place
        ? new Uint8Array(await place.file.arrayBuffer())
        : await modelBytes(name, place, this.#downloads, this.#onPiece(name));
    this.#meter.arrived(name, bytes.length);
    return bytes;
  }

  async #modelPlace(name: ModelName): Promise<AssetPlace | ModelPlace> {
    const source = this.#sources.models?.[name];
    if (source === undefined) {
      const url = modelUrl(name, this.#sources.baseUrl).href;
      return { url, digest: MODEL_SHA256[name], keeps: this.#keepsModels };
    }
    const place = this.#given.get(name) ?? placeOf(name, source);
    this.#given.set(name, place);
    return place;
  }

  #onPiece(asset: string): OnPiece {
    return (loadedBytes, totalBytes) => {
      this.#downloads.heard();
      this.#meter.tell({ phase: "download", asset, loadedBytes, totalBytes });
    };
  }

  #moduleSource(name: ModuleName): AssetSource | WebAssembly.Module {
    return this.#sources[name] ?? moduleUrl(name, this.#sources.baseUrl);
  }
}

/** Bytes are handed on as `Blob`, which can be posted to workers without a copy. */
async function placeOf(name: string, source: AssetSource): Promise<AssetPlace> {
  if (source instanceof Blob) return { file: source };
  if (isBytes(source)) return { file: new Blob([source as BlobPart]) };
  if (source instanceof Response)
    return { file: await (await answerOf(name, source)).blob() };
  return { url: new URL(source, baseOfPage()).href };
}
