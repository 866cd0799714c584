/** The result of a frame. */

import type { SessionKeypoints } from "./bindings.js";

/** The parts of a result that can be absent one by one. */
export type ResultPart = "pose" | "leftHand" | "rightHand" | "face";

/**
 * Why a part that was asked for is absent: nobody was found; its place is not in the picture or hidden; or its model ran
 * and was not sure enough.
 */
export type MissingReason = "no-pose" | "out-of-view" | "low-presence";

/**
 * Milliseconds spent on a frame, with fractions; 0 for what did not run. Of a relay's binary results only the total is
 * known; it counts the way there and back.
 */
export interface Timings {
  /** From `push()` to the start of the first step. */
  readonly queue: number;
  /** JPEG or picture to pixels. */
  readonly decode: number;
  /** The body's models. */
  readonly pose: number;
  /** The left hand's models. */
  readonly leftHand: number;
  /** The right hand's models. */
  readonly rightHand: number;
  /** The face's models. */
  readonly face: number;
  /** From `push()` to the end of the last step, or to the relay's answer. */
  readonly total: number;
}

/**
 * Landmarks of one frame, as flat arrays: point i of a hand is at `[3 * i]`, `[3 * i + 1]`, `[3 * i + 2]`.
 *
 * x and y are fractions of the picture, 0 to 1 inside it; values outside are kept. z is in picture widths, smaller is
 * nearer. World landmarks are in metres. Sides are the subject's own. A part that was asked for and is absent is `null`,
 * one that was not asked for is no key.
 */
export interface Keypoints {
  /** What `push()` returned for the frame. */
  readonly index: number;
  /** Capture time in milliseconds, as given with the frame. */
  readonly timestampMs: number;
  /** Width of the picture in pixels, after Exif orientation. */
  readonly width: number;
  /** Height of the picture in pixels, after Exif orientation. */
  readonly height: number;
  /** Body: 33 × (x, y, z, visibility), visibility 0 to 1. */
  readonly pose?: Float32Array | null;
  /** Body: 33 × (x, y, z, visibility) in metres, origin between the hips. */
  readonly poseWorld?: Float32Array | null;
  /** The subject's left hand: 21 × (x, y, z). */
  readonly leftHand?: Float32Array | null;
  /** The subject's right hand: 21 × (x, y, z). */
  readonly rightHand?: Float32Array | null;
  /** Left hand in metres: 21 × (x, y, z), where option `handWorld` asks for it. */
  readonly leftHandWorld?: Float32Array | null;
  /** Right hand in metres, likewise. */
  readonly rightHandWorld?: Float32Array | null;
  /** Face mesh: 468 × (x, y, z). */
  readonly face?: Float32Array | null;
  /**
   * Presence of each part as its model says, 0 to 1; `null` where the model did not run. A relay's binary results say
   * neither scores nor reasons.
   */
  readonly scores: Readonly<Record<ResultPart, number | null>>;
  /** Why each absent part is absent. */
  readonly missing: Readonly<Partial<Record<ResultPart, MissingReason>>>;
  /** Frames since the previous result or frame error that get no message of their own. */
  readonly dropped: number;
  /** Where the time went. */
  readonly timings: Timings;
}

/** The session's result for the caller. */
export function toKeypoints(result: SessionKeypoints): Keypoints {
  const { kind: _kind, ...keypoints } = result;
  return keypoints as Keypoints;
}
