// Recordings as `.pose` files. What the bytes must be, the pipeline's tests and pose-format itself say.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { POSE_BYTES_PER_FRAME, PoseRecorder } from "../build/pose.js";
import { test } from "./limited.mjs";

const session = await readFile(
  new URL("../build/wasm/session/session_bg.wasm", import.meta.url),
);
const create = (options) =>
  PoseRecorder.create({ assets: { session }, ...options });

const floats = (points, stride) => new Float32Array(points * stride).fill(0.5);
const keypoints = (more) => ({
  ...{ index: 0, timestampMs: 0, width: 320, height: 240 },
  ...{ pose: floats(33, 4), poseWorld: floats(33, 4), face: floats(478, 3) },
  ...{ leftHand: floats(21, 3), rightHand: null, scores: {}, missing: {} },
  ...more,
});

const bytesOf = async (recorder) => {
  const blob = recorder.toBlob();
  assert.equal(blob.type, "application/octet-stream");
  return new DataView(await blob.arrayBuffer());
};
/** Frames a second and number of frames, which end the header. */
const counts = (view, headerBytes) => [
  view.getFloat32(headerBytes - 10, true),
  view.getUint32(headerBytes - 6, true),
];

// The first of all: once the module is there, no other is looked at.
test("bytes that are no module are told, and a later start works", async () => {
  await assert.rejects(create({ assets: { session: new Uint8Array(9) } }), {
    ...{ name: "LiveKeypointsError", code: "asset-wrong-type" },
  });
  const recorder = await create();
  assert.equal(recorder.frames, 0);
});

test("a recording is a header, all points, and then all confidences", async () => {
  const recorder = await create({ fps: 25 });
  const headerBytes = (await bytesOf(recorder)).byteLength;
  recorder.add(null);
  recorder.add(keypoints());
  const view = await bytesOf(recorder);
  assert.equal(view.byteLength, headerBytes + 2 * POSE_BYTES_PER_FRAME);
  assert.deepEqual(counts(view, headerBytes), [25, 2]);
  assert.deepEqual(
    [view.getUint16(4, true), view.getUint16(6, true)],
    [320, 240],
  );
  const points = (frame) => headerBytes + frame * 586 * 12;
  assert.equal(view.getFloat32(points(0), true), 0, "a failed frame is zeros");
  assert.equal(view.getFloat32(points(1), true), 160);
  assert.equal(view.getFloat32(points(1) + 4, true), 120);
  const confidences = points(2) + 586 * 4;
  const rightHand = 33 + 478 + 21;
  assert.deepEqual(
    [0, 33, rightHand - 1, rightHand, 585].map((point) =>
      view.getFloat32(confidences + 4 * point, true),
    ),
    [0.5, 1, 1, 0, 0.5],
  );
  assert.equal(recorder.frames, 2);
  // It goes on, and what was given before stays as it was.
  const before = recorder.toBlob();
  recorder.add(keypoints());
  assert.equal(before.size, view.byteLength);
  assert.equal(recorder.toBlob().size - before.size, POSE_BYTES_PER_FRAME);
});

test("every face of a file has as many points as it was made for", async () => {
  for (const [face, given, there] of [
    [468, 468, 468],
    [468, 478, 468],
    [478, 468, 468],
    [478, 478, 478],
  ]) {
    const recorder = await create({ face });
    const headerBytes = (await bytesOf(recorder)).byteLength;
    recorder.add(keypoints({ face: floats(given, 3) }));
    const view = await bytesOf(recorder);
    const points = face + 108;
    assert.equal(view.byteLength, headerBytes + points * 16);
    const confidences = headerBytes + points * 12;
    const found = Array.from({ length: face }, (_, point) =>
      view.getFloat32(confidences + 4 * (33 + point), true),
    );
    assert.deepEqual(
      found,
      Array.from({ length: face }, (_, point) => (point < there ? 1 : 0)),
    );
    // What follows the face is where it should be: the left hand.
    assert.equal(view.getFloat32(confidences + 4 * (33 + face), true), 1);
  }
});

test("frames a second are those of the capture times, frames that failed among them", async () => {
  const recorder = await create();
  const headerBytes = (await bytesOf(recorder)).byteLength;
  const fps = async () => counts(await bytesOf(recorder), headerBytes)[0];
  assert.equal(await fps(), 30);
  recorder.add(keypoints({ timestampMs: 1000 }));
  assert.equal(await fps(), 30);
  recorder.add(null);
  recorder.add(keypoints({ timestampMs: 1100 }));
  assert.equal(await fps(), 20);
  const still = await create();
  still.add(keypoints({ timestampMs: 5 }));
  still.add(keypoints({ timestampMs: 5 }));
  assert.equal(counts(await bytesOf(still), headerBytes)[0], 30);
  const looped = await create();
  for (const timestampMs of [0, 40, 80, 0, 40, -120, -80])
    looped.add(keypoints({ timestampMs }));
  assert.equal(counts(await bytesOf(looped), headerBytes)[0], 25);
});

test("parts that were not asked for are zeros", async () => {
  const recorder = await create();
  recorder.add({ ...{ timestampMs: 0, width: 2, height: 2 } });
  const view = await bytesOf(recorder);
  const body = new Uint8Array(view.buffer).subarray(-POSE_BYTES_PER_FRAME);
  assert.ok(body.every((byte) => byte === 0));
});

test("what does not fit, and what is no result, is refused and adds nothing", async () => {
  const recorder = await create({ maxFrames: 1 });
  for (const [wrong, code] of [
    [keypoints({ width: 65_536 }), "too-many-pixels"],
    [keypoints({ width: 1.5 }), "invalid-option"],
    [keypoints({ face: new Float32Array(3) }), "invalid-option"],
    [keypoints({ pose: [...floats(33, 4)] }), "invalid-option"],
    [undefined, "invalid-option"],
    ["keypoints", "invalid-option"],
  ])
    assert.throws(() => recorder.add(wrong), {
      ...{ name: "LiveKeypointsError", code },
    });
  assert.equal(recorder.frames, 0);
  recorder.add(keypoints());
  assert.throws(() => recorder.add(keypoints()), { code: "too-many-bytes" });
  assert.equal(recorder.frames, 1);
});

test("wrong options and an aborted start have their codes", async () => {
  for (const options of [
    { fps: 0 },
    { fps: NaN },
    { fps: Infinity },
    { fps: "25" },
    { maxFrames: 0 },
    { maxFrames: 2 ** 32 },
    { face: 400 },
  ])
    await assert.rejects(
      create(options),
      (error) =>
        error.code === "invalid-option" &&
        error.message.includes(Object.keys(options)[0]),
    );
  await assert.rejects(create({ signal: AbortSignal.abort() }), {
    code: "aborted",
  });
});
