import assert from "node:assert/strict";
import { test } from "node:test";

import * as topology from "../dist/topology.js";

const {
  POSE_LANDMARK_NAMES,
  HAND_LANDMARK_NAMES,
  POSE_LANDMARK,
  HAND_LANDMARK,
  FACE_LANDMARK_COUNT,
} = topology;

/** MediaPipe's own list of the body's lines. */
const POSE_LINES =
  "0-4,4-5,5-6,6-8,0-1,1-2,2-3,3-7,10-9,12-11,12-14,14-16,16-18,16-20,16-22,18-20,11-13,13-15,15-17,15-19,15-21,17-19," +
  "12-24,11-23,24-23,24-26,23-25,26-28,25-27,28-30,27-29,30-32,29-31,28-32,27-31";
/** MediaPipe's own list of a hand's lines. */
const HAND_LINES =
  "0-1,0-5,9-13,13-17,5-9,0-17,1-2,2-3,3-4,5-6,6-7,7-8,9-10,10-11,11-12,13-14,14-15,15-16,17-18,18-19,19-20";

/** Lines without direction or order, as texts. */
const asSet = (lines) =>
  lines.map(([from, to]) => [from, to].sort((a, b) => a - b).join("-")).sort();
const parse = (text) =>
  text.split(",").map((line) => line.split("-").map(Number));

test("the lines of body and hand are MediaPipe's", () => {
  assert.deepEqual(asSet(topology.POSE_CONNECTIONS), asSet(parse(POSE_LINES)));
  assert.deepEqual(asSet(topology.HAND_CONNECTIONS), asSet(parse(HAND_LINES)));
  assert.equal(topology.POSE_CONNECTIONS.length, 35);
  assert.equal(topology.HAND_CONNECTIONS.length, 21);
});

test("the lines of the face are as many as MediaPipe's, without repetition and within the mesh", () => {
  const counts = {
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
