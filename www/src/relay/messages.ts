// @ts-nocheck
/** What a relay says, in the protocol `live-keypoints.v1`. Its snake_case keys end here. */

import { readBinary } from "./binary-result.js";
import type { AskedPart } from "./options.js";
import { emptyResult, invalidMessage } from "./result.js";
import type { RelayKeypoints } from "./result.js";

/** Why a frame has no landmarks, or, without `frameId`, what is wrong with something else that was sent. */
export interface RelayError {
  kind: "error";
  code: string;
  message: string;
  frameId: number | undefined;
  dropped: number;
}

/** What a relay says first, with its limits; `undefined` is none. */
export interface RelayWelcome {
  kind: "welcome";
  protocol: unknown;
  /** Length of a message. */
  maxMessageBytes: number | undefined;
  /** Frames a second. */
  maxFps: number | undefined;
}

/** Everything a relay says. */
export type RelayMessage =
  | RelayKeypoints
  | RelayError
  | RelayWelcome
  | { kind: "configured" }
  | { kind: "reset" }
  | { kind: "stats" }
  /** Of a later version; it says nothing that this one needs. */
  | { kind: "unknown" };

/** Parts of a result by their key on the wire. */
const RESULT_PARTS = {
  pose: "pose",
  left_hand: "leftHand",
  right_hand: "rightHand",
  face: "face",
} as const;

/** Landmarks by their key on the wire, with the numbers a point has. */
const LANDMARKS = {
  pose: ["pose", 33, 4],
  pose_world: ["poseWorld", 33, 4],
  left_hand: ["leftHand", 21, 3],
  right_hand: ["rightHand", 21, 3],
  left_hand_world: ["leftHandWorld", 21, 3],
  right_hand_world: ["rightHandWorld", 21, 3],
  face: ["face", 468, 3],
} as const;

/** Reads a message of a relay that was asked for `parts`. Throws `invalid-message` for what is none. */
export function readMessage(
  data: unknown,
  parts: readonly AskedPart[],
): RelayMessage {
  if (data instanceof ArrayBuffer) return readBinary(data, parts);
  if (typeof data !== "string")
    throw invalidMessage("it is neither text nor bytes");
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    throw invalidMessage("its text is not JSON");
  }
  if (typeof json !== "object" || json === null)
    throw invalidMessage("it is no object");
  return readJson(json as Record<string, unknown>);
}

function readJson(json: Record<string, unknown>): RelayMessage {
  switch (json["type"]) {
    case "welcome": {
      const limits = objectOr(json["limits"], {});
      return {
        kind: "welcome",
        protocol: json["protocol"],
        maxMessageBytes: positive(limits["max_message_bytes"]),
        maxFps: positive(limits["max_fps"]),
      };
    }
    case "configured":
    case "reset":
    case "stats":
      return { kind: json["type"] };
    case "keypoints":
      return readKeypoints(json);
    case "error":
      return {
        kind: "error",
        code: String(json["code"]),
        message: String(json["message"]),
        frameId:
          typeof json["frame_id"] === "number" ? json["frame_id"] : undefined,
        dropped: typeof json["dropped"] === "number" ? json["dropped"] : 0,
      };
    default:
      return { kind: "unknown" };
  }
}

function readKeypoints(json: Record<string, unknown>): RelayKeypoints {
  const scores = objectOr(json["scores"], {});
  const missing = objectOr(json["missing"], {});
  const timings = objectOr(json["timings_us"], {});
  const result = emptyResult({
    frameId: number(json, "frame_id"),
    timestampUs: number(json, "timestamp_us"),
    width: number(json, "width"),
    height: number(json, "height"),
    dropped: number(json, "dropped"),
  });
  for (const [wire, part] of Object.entries(RESULT_PARTS)) {
    const score = scores[wire];
    if (typeof score === "number") result.scores[part] = score;
    const reason = missing[wire];
    if (typeof reason === "string") result.missing[part] = reason;
  }
  const steps = { queue: "queue", decode: "decode", total: "total" } as const;
  for (const [wire, step] of Object.entries({ ...RESULT_PARTS, ...steps })) {
    const time = timings[wire];
    if (typeof time === "number") result.timings[step] = time / 1000;
  }
  for (const [wire, [key, points, stride]] of Object.entries(LANDMARKS)) {
    const value = json[wire];
    if (value !== undefined)
      result[key] =
        value === null ? null : flatten(wire, value, points, stride);
  }
  return result;
}

function flatten(
  wire: string,
  value: unknown,
  points: number,
  stride: number,
): Float32Array {
  const flat = new Float32Array(points * stride);
  if (!Array.isArray(value) || value.length !== points)
    throw invalidMessage(`${wire} does not have ${points} points`);
  value.forEach((point: unknown, at) => {
    if (!Array.isArray(point) || point.length !== stride)
      throw invalidMessage(
        `a point of ${wire} does not have ${stride} numbers`,
      );
    flat.set(point as number[], at * stride);
  });
  return flat;
}

function number(json: Record<string, unknown>, key: string): number {
  const value = json[key];
  if (typeof value !== "number") throw invalidMessage(`${key} is no number`);
  return value;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

function objectOr(
  value: unknown,
  fallback: Record<string, unknown>,
): Record<string, unknown> {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)
    : fallback;
}
