// @ts-nocheck
/** Binary results of a relay, in the protocol `live-keypoints.v1`: about a third of the bytes of JSON. */

import type { AskedPart } from "./options.js";
import { emptyResult, invalidMessage } from "./result.js";
import type { RelayKeypoints } from "./result.js";

const VERSION = 1;
const HEADER_BYTES = 32;

/** Blocks in the order of their bits, each with its key, its number of values and what it is part of. */
const BLOCKS = [
  { key: "pose", values: 33 * 4, part: "pose" },
  { key: "poseWorld", values: 33 * 4, part: "pose" },
  { key: "leftHand", values: 21 * 3, part: "hands" },
  { key: "rightHand", values: 21 * 3, part: "hands" },
  { key: "face", values: 468 * 3, part: "face" },
  { key: "leftHandWorld", values: 21 * 3, part: "handWorld" },
  { key: "rightHandWorld", values: 21 * 3, part: "handWorld" },
] as const;

/**
 * Reads the result of a session that was asked for `parts`. It says neither scores nor reasons nor timings: those are
 * `null`, none and 0. Throws `invalid-message`.
 */
export function readBinary(
  buffer: ArrayBuffer,
  parts: readonly AskedPart[],
): RelayKeypoints {
  if (buffer.byteLength < HEADER_BYTES) throw invalidMessage("it is too short");
  const header = new DataView(buffer);
  if (
    header.getUint8(0) !== 0x4c ||
    header.getUint8(1) !== 0x4b ||
    header.getUint8(2) !== VERSION
  )
    throw invalidMessage("it does not start like a result of version 1");
  const bits = header.getUint8(3);
  const result = emptyResult({
    frameId: header.getUint32(4, true),
    timestampUs: Number(header.getBigInt64(8, true)),
    width: header.getUint16(28, true),
    height: header.getUint16(30, true),
    dropped: header.getUint32(24, true),
  });
  let at = HEADER_BYTES;
  BLOCKS.forEach(({ key, values, part }, bit) => {
    if (bits & (1 << bit)) {
      if (at + 4 * values > buffer.byteLength)
        throw invalidMessage("it is too short");
      result[key] = readFloats(header, at, values);
      at += 4 * values;
    } else if (parts.includes(part)) {
      result[key] = null;
    }
  });
  if (at !== buffer.byteLength) throw invalidMessage("it is too long");
  return result;
}

function readFloats(view: DataView, at: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, number) =>
    view.getFloat32(at + 4 * number, true),
  );
}
