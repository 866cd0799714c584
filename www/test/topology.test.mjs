import assert from "node:assert/strict";

import * as topology from "../build/generated/topology.js";
import { test } from "./limited.mjs";

const {
  POSE_LANDMARK_NAMES,
  HAND_LANDMARK_NAMES,
  POSE_LANDMARK,
  HAND_LANDMARK,
  FACE_LANDMARK_COUNT,
} = topology;

/** Lines without direction or order, as texts. */
const asSet = (lines) =>
  lines.map(([from, to]) => [from, to].sort((a, b) => a - b).join("-")).sort();

test("there are as many lines as in MediaPipe, without repetition and within the points", () => {
  const counts = {
    ...{ POSE_CONNECTIONS: 35, HAND_CONNECTIONS: 21 },
    ...{
      FACE_LIPS: 40,
      FACE_LEFT_EYE: 16,
      FACE_RIGHT_EYE: 16,
      FACE_LEFT_EYEBROW: 8,
      FACE_RIGHT_EYEBROW: 8,
    },
    ...{ FACE_OVAL: 36, FACE_CONTOURS: 124 },
  };
  for (const [name, count] of Object.entries(counts)) {
    const lines = asSet(topology[name]);
    assert.equal(new Set(lines).size, count, name);
    assert.equal(lines.length, count, name);
    assert.ok(
      topology[name]
        .flat()
        .every((point) => point >= 0 && point < FACE_LANDMARK_COUNT),
      name,
    );
  }
});

test("lips, eyes and outline are closed: two lines meet in every point, four nowhere", () => {
  for (const name of [
    "FACE_LIPS",
    "FACE_LEFT_EYE",
    "FACE_RIGHT_EYE",
    "FACE_OVAL",
  ]) {
    const lines = new Map();
    for (const point of topology[name].flat())
      lines.set(point, (lines.get(point) ?? 0) + 1);
    assert.ok(
      [...lines.values()].every((count) => count === 2),
      name,
    );
  }
});

test("left and right of the face mirror each other in number", () => {
  const points = (lines) => new Set(lines.flat());
  const left = points([
    ...topology.FACE_LEFT_EYE,
    ...topology.FACE_LEFT_EYEBROW,
  ]);
  const right = points([
    ...topology.FACE_RIGHT_EYE,
    ...topology.FACE_RIGHT_EYEBROW,
  ]);
  assert.equal(left.size, right.size);
  assert.ok([...left].every((point) => !right.has(point)));
});

test("names are unique and stand at the field's indices", () => {
  assert.equal(new Set(POSE_LANDMARK_NAMES).size, 33);
  assert.equal(new Set(HAND_LANDMARK_NAMES).size, 21);
  assert.deepEqual(
    [
      POSE_LANDMARK.nose,
      POSE_LANDMARK.left_wrist,
      POSE_LANDMARK.right_foot_index,
    ],
    [0, 15, 32],
  );
  assert.deepEqual(
    [
      HAND_LANDMARK.wrist,
      HAND_LANDMARK.index_finger_tip,
      HAND_LANDMARK.pinky_tip,
    ],
    [0, 8, 20],
  );
  for (const [name, index] of Object.entries(POSE_LANDMARK)) {
    if (index > 10)
      assert.equal(name.startsWith("left_"), index % 2 === 1, name);
  }
});
