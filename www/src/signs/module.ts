/** The recogniser's module, and what it is made of. */

import { answerOf } from "../asset-fetch.js";
import { baseOfPage } from "../asset-urls.js";
import { compiledModule } from "../assets.js";
import type { AssetSource, AssetsOption } from "../assets.js";
import type { Recognizer, SignsModule } from "../bindings.js";
import {
  aborted,
  asLiveKeypointsError,
  LiveKeypointsError,
  messageOf,
} from "../errors.js";
import type { SignsOptions } from "../generated/options.js";
import type { Progress } from "../generated/results.js";
import { instantiate } from "../module-load.js";
import { isOneAddress } from "../option-checks.js";
import { requireSimd } from "../simd.js";
import makeBindings from "../wasm/signs/bindings.js";

/** What a recogniser is made of. All of it can be posted. */
export interface SignsParts {
  module: WebAssembly.Module;
  /** JSON. */
  manifest: string | undefined;
  model: Uint8Array | undefined;
  /** JSON. */
  examples: string | undefined;
}

/** Fetches everything. Rejects with `wasm-simd-missing`, `asset-unreachable`, `asset-wrong-type` or `aborted`. */
export async function fetchParts(
  { manifest, model, examples }: SignsOptions,
  assets: AssetsOption | undefined,
  signal?: AbortSignal | null,
  onProgress?: (progress: Progress) => void,
): Promise<SignsParts> {
  if (signal?.aborted) throw aborted();
  requireSimd();
  const files = async () => {
    const json = await manifestText(manifest, signal);
    const source = model ?? besideManifest(manifest, json);
    const bytes = source && (await bytesOf("the sign model", source, signal));
    return { manifest: json, model: bytes || undefined, examples };
  };
  const [module, parts] = await Promise.all([
    compiledModule("signs", assets, signal, onProgress),
    files(),
  ]);
  return { module, ...parts };
}

/** A recogniser of an instance of its own. Throws the codes of signs, or `version-mismatch`. */
export async function makeRecognizer({
  module,
  manifest,
  model,
  examples,
}: SignsParts): Promise<Recognizer> {
  try {
    const { Recognizer }: SignsModule = await instantiate(
      "signs",
      makeBindings,
      () => Promise.resolve(module),
    );
    return new Recognizer(manifest, model, examples);
  } catch (error) {
    throw asLiveKeypointsError(error, "internal");
  }
}

async function manifestText(
  manifest: SignsOptions["manifest"],
  signal: AbortSignal | null | undefined,
): Promise<string | undefined> {
  if (manifest === undefined) return undefined;
  const isSource =
    isOneAddress(manifest) ||
    manifest instanceof Response ||
    manifest instanceof Blob ||
    manifest instanceof ArrayBuffer ||
    ArrayBuffer.isView(manifest);
  if (!isSource) return JSON.stringify(manifest);
  const bytes = await bytesOf(
    "the manifest of signs",
    manifest as AssetSource,
    signal,
  );
  return new TextDecoder().decode(bytes);
}

/** The address of the file that a manifest names, where the manifest has one itself. */
function besideManifest(
  manifest: SignsOptions["manifest"],
  json: string | undefined,
): URL | undefined {
  const address = manifest instanceof Response ? manifest.url : manifest;
  if (!isOneAddress(address) || !json) return undefined;
  try {
    const { model } = JSON.parse(json) as { model?: unknown };
    if (typeof model !== "string") return undefined;
    const folder = new URL(address, baseOfPage());
    return new URL(encodeURIComponent(model), folder);
  } catch {
    return undefined; // The module says what is wrong with it.
  }
}

async function bytesOf(
  name: string,
  source: AssetSource,
  signal: AbortSignal | null | undefined,
): Promise<Uint8Array> {
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (ArrayBuffer.isView(source))
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (!isOneAddress(source) && !(source instanceof Response))
    return new Uint8Array(source);
  const response = await answerOf(
    name,
    isOneAddress(source) ? new URL(source, baseOfPage()) : source,
    { signal: signal ?? null },
  );
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal?.aborted) throw aborted();
    const message = `${name} could not be fetched from ${response.url}: ${messageOf(error)}`;
    throw new LiveKeypointsError("asset-unreachable", message, {
      cause: error,
    });
  }
}
