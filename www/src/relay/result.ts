// @ts-nocheck
/** Landmarks as a relay gives them, before the stream's own numbers are put in. */

import type { SessionKeypoints } from "../bindings.js";
import { LiveKeypointsError } from "../errors.js";

/** The subprotocol that both sides must speak. */
export const SUBPROTOCOL = "live-keypoints.v1";

/** Landmarks of one frame, as a relay gives them. */
export interface RelayKeypoints extends Omit<
  SessionKeypoints,
  "kind" | "index" | "timestampMs"
> {
  kind: "keypoints";
  frameId: number;
  timestampUs: number;
}

/** A result without any landmarks yet; of scores and times, nothing is known. */
export function emptyResult(
  header: Pick<
    RelayKeypoints,
    "frameId" | "timestampUs" | "width" | "height" | "dropped"
  >,
): RelayKeypoints {
  return {
    kind: "keypoints",
    ...header,
    scores: { pose: null, leftHand: null, rightHand: null, face: null },
    missing: {},
    timings: {
      ...{ queue: 0, decode: 0, total: 0 },
      ...{ pose: 0, leftHand: 0, rightHand: 0, face: 0 },
    },
  };
}

/** The error of a message that is none. */
export function invalidMessage(reason: string): LiveKeypointsError {
  return new LiveKeypointsError(
    "invalid-message",
    `The relay sent a message that ${SUBPROTOCOL} does not have: ${reason}.`,
  );
}
