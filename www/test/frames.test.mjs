import assert from "node:assert/strict";
import { afterEach } from "node:test";

import { FrameIntake, timestampOf } from "../build/frames.js";
import { FakePicture } from "./fake-stream.mjs";
import { test } from "./limited.mjs";

afterEach(() => {
  delete globalThis.createImageBitmap;
  delete globalThis.VideoFrame;
});

const prepare = (frame, transfer) => new FrameIntake().prepare(frame, transfer);

test("bytes are copied, and with transfer taken over", () => {
  const whole = Uint8Array.of(9, 0xff, 0xd8, 1, 9);
  const view = whole.subarray(1, 4);
  const copied = prepare(view);
  assert.deepEqual([...copied.bytes], [0xff, 0xd8, 1]);
  assert.notEqual(copied.bytes.buffer, whole.buffer);
  const taken = prepare(view, true);
  assert.equal(taken.bytes.buffer, whole.buffer);
  assert.deepEqual([...taken.bytes], [0xff, 0xd8, 1]);
  assert.deepEqual([...prepare(view.slice().buffer).bytes], [0xff, 0xd8, 1]);
});

test("shared memory is copied even with transfer", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  assert.ok(prepare(shared, true).bytes.buffer instanceof ArrayBuffer);
});

test("a Blob goes to the worker as it is", () => {
  const blob = new Blob([Uint8Array.of(0xff, 0xd8)]);
  const prepared = prepare(blob);
  assert.equal(prepared.blob, blob);
});

test("ImageData is copied at once, so that the caller may go on drawing", () => {
  const data = new Uint8ClampedArray([1, 2, 3, 4]);
  const prepared = prepare(
    new FakePicture("ImageData", { width: 1, height: 1, data }),
  );
  data.fill(0);
  assert.deepEqual(
    [prepared.width, prepared.height, ...prepared.pixels],
    [1, 1, 1, 2, 3, 4],
  );
});

test("ImageData of more than 8 bits a channel is a bad frame", async () => {
  const data = new Float32Array(4);
  await assert.rejects(
    prepare(new FakePicture("ImageData", { width: 1, height: 1, data })),
    { code: "unsupported-frame" },
  );
});

test("an ImageBitmap is taken over, and without transfer copied", async () => {
  const bitmap = new FakePicture("ImageBitmap");
  assert.equal(prepare(bitmap).bitmap, bitmap);
  const copy = new FakePicture("ImageBitmap");
  globalThis.createImageBitmap = async (picture) => (
    assert.equal(picture, bitmap),
    copy
  );
  assert.equal((await prepare(bitmap, false)).bitmap, copy);
  assert.ok(!bitmap.isClosed);
});

test("of many VideoFrames that wait, only a few are held: the others are copied and given back to the camera", async () => {
  globalThis.createImageBitmap = async () => new FakePicture("ImageBitmap");
  const intake = new FrameIntake();
  const frames = Array.from({ length: 6 }, () => new FakePicture("VideoFrame"));
  const prepared = await Promise.all(
    frames.map((frame) => intake.prepare(frame)),
  );
  assert.deepEqual(
    prepared.map(({ kind }) => kind),
    [
      "video-frame",
      "video-frame",
      "video-frame",
      "video-frame",
      "bitmap",
      "bitmap",
    ],
  );
  assert.deepEqual(
    frames.map(({ isClosed }) => isClosed),
    [false, false, false, false, true, true],
  );
  intake.released(prepared[0]);
  assert.equal(
    intake.prepare(new FakePicture("VideoFrame")).kind,
    "video-frame",
  );
});

test("a VideoFrame without transfer is cloned", () => {
  const frame = new FakePicture("VideoFrame");
  assert.notEqual(prepare(frame, false).frame, frame);
});

test("a <video> gives the picture of this moment, with VideoFrame or without", async () => {
  globalThis.createImageBitmap = async () => new FakePicture("ImageBitmap");
  const video = new FakePicture("HTMLVideoElement");
  assert.equal((await prepare(video)).kind, "bitmap");
  globalThis.VideoFrame = class extends FakePicture {
    constructor() {
      super("VideoFrame");
    }
  };
  assert.equal(prepare(video).kind, "video-frame");
});

test("a <video> without a picture is a bad frame, not an exception", async () => {
  globalThis.VideoFrame = class {
    constructor() {
      throw new DOMException(
        "the video has no picture yet",
        "InvalidStateError",
      );
    }
  };
  await assert.rejects(prepare(new FakePicture("HTMLVideoElement")), {
    code: "unsupported-frame",
    message: "the video has no picture yet",
  });
});

test("canvas and <img> become bitmaps", async () => {
  globalThis.createImageBitmap = async () => new FakePicture("ImageBitmap");
  for (const tag of [
    "HTMLCanvasElement",
    "OffscreenCanvas",
    "HTMLImageElement",
  ]) {
    assert.equal((await prepare(new FakePicture(tag))).kind, "bitmap");
  }
});

test("what is no frame at all is named", () => {
  for (const [value, name] of [
    ["text", "String"],
    [undefined, "Undefined"],
    [{}, "Object"],
    [new Uint16Array(2), "Uint16Array"],
  ]) {
    assert.throws(
      () => prepare(value),
      (error) =>
        error.code === "unsupported-frame" && error.message.startsWith(name),
    );
  }
});

test("a VideoFrame brings its capture time", () => {
  assert.equal(
    timestampOf(new FakePicture("VideoFrame", { timestamp: 33_333 })),
    33.333,
  );
});
