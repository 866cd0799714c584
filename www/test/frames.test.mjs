// What can be pushed, and what of it reaches whoever reads its pixels: a worker here, a relay in relay-stream.test.mjs.

import assert from "node:assert/strict";
import { afterEach } from "node:test";

import { timestampOf } from "../build/frames.js";
import { fakeRelay } from "./fake-socket.mjs";
import { FakePicture, fakeStream, jpeg } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

afterEach(() => {
  delete globalThis.createImageBitmap;
  delete globalThis.VideoFrame;
});

/** What a worker is posted of a frame, itself and not a copy. */
async function posted(frame, options) {
  const { live, workers, errors } = await fakeStream({ workers: 1 });
  const [worker] = workers;
  const beside = [];
  const { postMessage } = worker;
  worker.postMessage = (message, transfer) => {
    if (Array.isArray(message) && message.length > 1) beside.push(message[1]);
    postMessage.call(worker, message, transfer);
  };
  live.push(frame, options);
  await until(() => beside.length + errors.length > 0);
  await live.close();
  if (errors.length > 0) throw errors[0];
  return beside[0];
}

/** As `posted`, of frames that cannot be posted for real. */
const given = async (frame, options) => {
  const { structuredClone } = globalThis;
  globalThis.structuredClone = (message) => message;
  try {
    return await posted(frame, options);
  } finally {
    globalThis.structuredClone = structuredClone;
  }
};

test("bytes are copied, and with transfer taken over", async () => {
  const whole = Uint8Array.of(9, 0xff, 0xd8, 1, 9);
  const view = whole.subarray(1, 4);
  assert.deepEqual([...(await given(view))], [0xff, 0xd8, 1]);
  assert.deepEqual([...(await given(view.slice().buffer))], [0xff, 0xd8, 1]);
  assert.equal(whole.length, 5);
  const taken = await given(view, { transfer: true });
  assert.equal(taken.buffer, whole.buffer);
  await posted(view, { transfer: true });
  assert.equal(whole.length, 0, "it is detached");
});

test("shared memory is copied even with transfer", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  const taken = await given(shared, { transfer: true });
  assert.ok(taken.buffer instanceof ArrayBuffer);
});

test("a Blob goes to the worker as it is", async () => {
  const blob = new Blob([jpeg()]);
  assert.equal(await given(blob), blob);
});

test("ImageData is copied at once, so that the caller may go on drawing", async () => {
  const data = new Uint8ClampedArray([1, 2, 3, 4]);
  const { live, workers } = await fakeStream({ workers: 1 });
  live.push(new FakePicture("ImageData", { width: 1, height: 1, data }));
  data.fill(0);
  await until(() => workers[0].got("decode").length === 1);
  assert.deepEqual([...workers[0].got("decode")[0].beside], [1, 2, 3, 4]);
  await live.close();
});

test("ImageData of more than 8 bits a channel is a bad frame", async () => {
  const data = new Float32Array(4);
  await assert.rejects(
    posted(new FakePicture("ImageData", { width: 1, height: 1, data })),
    { code: "unsupported-frame" },
  );
});

test("an ImageBitmap is taken over, and without transfer copied", async () => {
  const bitmap = new FakePicture("ImageBitmap");
  assert.equal(await given(bitmap), bitmap);
  const copy = new FakePicture("ImageBitmap");
  globalThis.createImageBitmap = async (picture) => (
    assert.equal(picture, bitmap),
    copy
  );
  assert.equal(await given(bitmap, { transfer: false }), copy);
  assert.ok(!bitmap.isClosed);
});

test("of many VideoFrames that wait, only a few are held: the others are copied and given back to the camera", async () => {
  const copies = [];
  globalThis.createImageBitmap = async () => {
    copies.push(new FakePicture("ImageBitmap"));
    return copies.at(-1);
  };
  const { live, socket } = await fakeRelay();
  socket.bufferedAmount = 1_000_000;
  const pushed = (count) => {
    const frames = Array.from(
      { length: count },
      () => new FakePicture("VideoFrame", { timestamp: 0 }),
    );
    for (const frame of frames) live.push(frame);
    return frames;
  };
  const areClosed = (frames) => frames.map(({ isClosed }) => isClosed);
  const frames = pushed(6);
  await until(() => frames[5].isClosed);
  assert.deepEqual(areClosed(frames), [
    ...[false, false, false, false, true, true],
  ]);
  assert.equal(copies.length, 2);
  live.reset();
  await until(() => copies.every(({ isClosed }) => isClosed));
  assert.ok(areClosed(frames).every((isClosed) => isClosed));
  // They are let go, and others can be held.
  assert.deepEqual(areClosed(pushed(1)), [false]);
  await live.close();
});

test("a VideoFrame without transfer is cloned", async () => {
  const frame = new FakePicture("VideoFrame", { timestamp: 0 });
  const clone = await given(frame, { transfer: false });
  assert.notEqual(clone, frame);
  assert.ok(!frame.isClosed);
});

test("a <video> gives the picture of this moment, with VideoFrame or without", async () => {
  globalThis.createImageBitmap = async () => new FakePicture("ImageBitmap");
  const video = new FakePicture("HTMLVideoElement");
  const tag = async () => (await given(video))[Symbol.toStringTag];
  assert.equal(await tag(), "ImageBitmap");
  globalThis.VideoFrame = class extends FakePicture {
    constructor() {
      super("VideoFrame");
    }
  };
  assert.equal(await tag(), "VideoFrame");
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
  await assert.rejects(posted(new FakePicture("HTMLVideoElement")), {
    code: "unsupported-frame",
    message: "the video has no picture yet",
  });
});

test("canvas and <img> become bitmaps", async () => {
  const copy = new FakePicture("ImageBitmap");
  globalThis.createImageBitmap = async () => copy;
  for (const tag of [
    "HTMLCanvasElement",
    "OffscreenCanvas",
    "HTMLImageElement",
  ])
    assert.equal(await given(new FakePicture(tag)), copy);
});

test("what is no frame at all is named", async () => {
  const { live } = await fakeStream({ workers: 1 });
  for (const [value, name] of [
    ["text", "String"],
    [undefined, "Undefined"],
    [{}, "Object"],
    [new Uint16Array(2), "Uint16Array"],
  ])
    assert.throws(
      () => live.push(value),
      (error) =>
        error.code === "unsupported-frame" && error.message.startsWith(name),
    );
  await live.close();
});

test("a VideoFrame brings its capture time", () => {
  assert.equal(
    timestampOf(new FakePicture("VideoFrame", { timestamp: 33_333 })),
    33.333,
  );
});
