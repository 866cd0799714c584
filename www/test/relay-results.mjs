// Results as a relay writes them, after the protocol's own text, with landmarks that tell one part from another.

const BLOCKS = [
  ["pose", 33 * 4],
  ["poseWorld", 33 * 4],
  ["leftHand", 21 * 3],
  ["rightHand", 21 * 3],
  ["face", 468 * 3],
  ["leftHandWorld", 21 * 3],
  ["rightHandWorld", 21 * 3],
];
/** What a relay gives without being asked. */
const USUAL = BLOCKS.slice(0, 5).map(([name]) => name);

/** A binary result; value i of block b is b + i / 1000. */
export function binaryResult({
  frameId = 0,
  timestampUs = 0,
  dropped = 0,
  parts = USUAL,
}) {
  const present = BLOCKS.map(([name]) => parts.includes(name));
  const length = BLOCKS.reduce(
    (sum, [, values], bit) => sum + (present[bit] ? 4 * values : 0),
    32,
  );
  const view = new DataView(new ArrayBuffer(length));
  view.setUint8(0, 0x4c);
  view.setUint8(1, 0x4b);
  view.setUint8(2, 1);
  view.setUint8(
    3,
    present.reduce((bits, is, bit) => bits | (is ? 1 << bit : 0), 0),
  );
  view.setUint32(4, frameId, true);
  view.setBigInt64(8, BigInt(timestampUs), true);
  view.setBigUint64(16, 99n, true);
  view.setUint32(24, dropped, true);
  view.setUint16(28, 640, true);
  view.setUint16(30, 480, true);
  let at = 32;
  BLOCKS.forEach(([, values], bit) => {
    if (!present[bit]) return;
    for (let value = 0; value < values; value += 1, at += 4)
      view.setFloat32(at, bit + value / 1000, true);
  });
  return view.buffer;
}

/** A JSON result; the left hand is absent, and every number of point p is p. */
export function jsonResult({ frameId = 0, timestampUs = 0, dropped = 0 }) {
  const points = (count, stride) =>
    Array.from({ length: count }, (_, point) => Array(stride).fill(point));
  return JSON.stringify({
    type: "keypoints",
    ...{ index: 99, frame_id: frameId, timestamp_us: timestampUs, dropped },
    ...{ width: 640, height: 480 },
    pose: points(33, 4),
    pose_world: points(33, 4),
    left_hand: null,
    right_hand: points(21, 3),
    face: points(478, 3),
    scores: { pose: 0.75, left_hand: null, right_hand: 0.5, face: 1 },
    missing: { left_hand: "out-of-view" },
    timings_us: {
      ...{ queue: 1000, decode: 2000, pose: 3000, right_hand: 4000 },
      ...{ face: 5000, total: 9500 },
    },
  });
}
