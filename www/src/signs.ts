/**
 * Signs from keypoints that you have: by your own ONNX model, or by a few examples. Exported as `live-keypoints/signs`;
 * importing it does nothing. A stream that shall recognise signs has option `signs` instead.
 */

import type { Recognizer } from "./bindings.js";
import { asLiveKeypointsError, codeOf, LiveKeypointsError } from "./errors.js";
import { SIGN_RECOGNIZER_OPTIONS } from "./generated/options.js";
import type { SignRecognizerOptions } from "./generated/options.js";
import type { Keypoints, Sign } from "./generated/results.js";
import { checked } from "./option-checks.js";
import { fetchParts, makeRecognizer } from "./signs/module.js";

export type { SignRecognizerOptions };
export type { SignsOptions } from "./generated/options.js";
export type { Sign, SignCandidate } from "./generated/results.js";

/** What a sign is called: a text, or an object as a manifest may have it. */
export type SignLabel = Sign["label"];

/**
 * Recognises signs on the thread that calls it. With a model, a frame may take as long as the model does: prefer a worker.
 *
 * ```ts
 * const recognizer = await SignRecognizer.create({ manifest: "signs.json" });
 * live.on("keypoints", (keypoints) => {
 *   const told = recognizer.push(keypoints);
 *   if (told && told !== "idle") console.log(told.label, told.confidence);
 * });
 * ```
 */
export class SignRecognizer {
  #recognizer: Recognizer | undefined;

  private constructor(recognizer: Recognizer) {
    this.#recognizer = recognizer;
  }

  /**
   * Fetches module, manifest and model, and checks that they fit. Rejects with `signs-manifest-invalid`,
   * `signs-model-invalid`, `signs-examples-invalid`, `invalid-option`, `wasm-simd-missing`, `asset-unreachable`,
   * `asset-wrong-type`, `version-mismatch` or `aborted`.
   */
  static async create(given?: SignRecognizerOptions): Promise<SignRecognizer> {
    const options = checked(given, SIGN_RECOGNIZER_OPTIONS);
    const { assets, signal } = options;
    const parts = await fetchParts(options, assets, signal);
    return new SignRecognizer(await makeRecognizer(parts));
  }

  /**
   * Takes the next result of a stream that is not `mirrored`. Returns the sign that is told by it, or `"idle"` once nothing
   * has moved for as long as the manifest says, which only frames with `still: true` tell. Throws `invalid-option` for what
   * is no result, `inference-failed` where the model fails.
   */
  push(keypoints: Keypoints): Sign | "idle" | undefined {
    return this.#call((it) => (it.push(keypoints) ? "idle" : it.answer()));
  }

  /**
   * Teaches a sign by one example of it: results, or the newest so many of those that were pushed, or all of them that one
   * answer is given for. Three examples of each sign are enough to begin with. Throws `signs-examples-invalid`, also where
   * the manifest names a model.
   */
  teach(label: SignLabel, frames?: readonly Keypoints[] | number): void {
    this.#call((it) => it.teach(label, frames));
  }

  /** Forgets all examples of a sign. Returns how many there were. */
  forget(label: SignLabel): number {
    return this.#call((it) => it.forget(label));
  }

  /** The signs that are known: the manifest's, or those that were taught, in that order. */
  labels(): SignLabel[] {
    return this.#call((it) => it.labels());
  }

  /** All examples as JSON. */
  export(): string {
    return this.#call((it) => it.exportExamples());
  }

  /** Takes exported examples instead of those that are there. Throws `signs-examples-invalid`; nothing changes then. */
  import(json: string): void {
    this.#call((it) => it.importExamples(json));
  }

  /** Forgets all frames, as after a gap in the stream; not what was taught. */
  reset(): void {
    this.#call((it) => it.reset());
  }

  /** Frees everything. Can be called again; other calls throw `closed`. */
  close(): void {
    this.#recognizer?.free();
    this.#recognizer = undefined;
  }

  #call<T>(call: (recognizer: Recognizer) => T): T {
    const recognizer = this.#recognizer;
    if (!recognizer)
      throw new LiveKeypointsError("closed", "This SignRecognizer is closed.");
    try {
      return call(recognizer);
    } catch (error) {
      // An instance that trapped is of no more use.
      if (!codeOf(error)) this.#recognizer = undefined;
      throw asLiveKeypointsError(error, "internal");
    }
  }
}
