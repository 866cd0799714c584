/**
 * Signs from keypoints that you already have: with your own ONNX model, or from a few examples. Exported as
 * `live-keypoints/signs`; importing it does nothing. To recognise signs in a stream, use its option `signs` instead.
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

/** The label of a sign: a string, or an object as in the manifest. */
export type SignLabel = Sign["label"];

/**
 * Recognises signs on the calling thread. With a model, a call may take as long as the model; prefer a worker then.
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
   * Fetches module, manifest and model, and checks that they fit together. Rejects with `signs-manifest-invalid`,
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
   * Takes the next result of a stream without `mirrored`. Returns the sign that it completes, or `"idle"` when nothing has
   * moved for the number of frames in the manifest (results say so by `still: true`). Throws `invalid-option` if the
   * argument is not a result, and `inference-failed` if the model fails.
   */
  push(keypoints: Keypoints): Sign | "idle" | undefined {
    return this.#call((it) => (it.push(keypoints) ? "idle" : it.answer()));
  }

  /**
   * Teaches a sign by one example: these results, or this number of the newest pushed ones, or by default the whole current
   * window. Three examples of each sign are enough to begin with. Throws `signs-examples-invalid`, also if the manifest
   * names a model.
   */
  teach(label: SignLabel, frames?: readonly Keypoints[] | number): void {
    this.#call((it) => it.teach(label, frames));
  }

  /** Forgets all examples of a sign. Returns their number. */
  forget(label: SignLabel): number {
    return this.#call((it) => it.forget(label));
  }

  /** The known signs: those of the manifest, or those that were taught, in that order. */
  labels(): SignLabel[] {
    return this.#call((it) => it.labels());
  }

  /** All examples as JSON. */
  export(): string {
    return this.#call((it) => it.exportExamples());
  }

  /** Replaces all examples by exported ones. If it throws `signs-examples-invalid`, nothing changes. */
  import(json: string): void {
    this.#call((it) => it.importExamples(json));
  }

  /** Forgets all frames, as after a gap in the stream, but not the examples. */
  reset(): void {
    this.#call((it) => it.reset());
  }

  /** Frees everything. May be called again; other calls throw `closed`. */
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
