// What is sent when, and what comes of the answers.

import assert from "node:assert/strict";

import { fakeRelay, gets } from "./fake-socket.mjs";
import { FakePicture, jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { jsonResult } from "./relay-results.mjs";
import { test } from "./limited.mjs";

test("it offers the protocol, configures, and is ready when the relay says so", async () => {
  const { live, socket } = await fakeRelay({
    ...{ parts: ["hands"], quality: "lite", bufferSize: 1, smoothing: false },
    ...{ handSmoothing: true, handWorld: true, format: "json" },
    token: "grüße?",
  });
  assert.equal(live.engine, "relay");
  assert.equal(socket.url, "wss://relay.example/live-signs");
  assert.deepEqual(socket.protocols, [
    "live-keypoints.v1",
    "bearer.Z3LDvMOfZT8",
  ]);
  assert.equal(socket.binaryType, "arraybuffer");
  assert.deepEqual(socket.texts, [
    {
      ...{ type: "configure", parts: ["hands"], quality: "lite" },
      graph: "landmarkers",
      ...{ format: "json", smoothing: false, hand_smoothing: true },
      ...{ hand_world: true, buffer_size: 1 },
    },
  ]);
  await live.close();
  assert.deepEqual(socket.texts.at(-1), { type: "bye" });
  assert.equal(socket.closeCode, 1000);
});

test("without options the results are binary, and everything else is the relay's own choice", async () => {
  const { live, socket } = await fakeRelay();
  assert.deepEqual(socket.protocols, ["live-keypoints.v1"]);
  assert.deepEqual(socket.texts, [
    {
      ...{ type: "configure", parts: ["pose", "hands", "face"], face: 478 },
      ...{ format: "binary", binary_version: 2, buffer_size: 4 },
    },
  ]);
  await live.close();
});

test("frames go out with their id and time, as many at once as may be unanswered", async () => {
  const { live, socket } = await fakeRelay({ maxFramesInFlight: 2 });
  for (let mark = 0; mark < 5; mark += 1)
    assert.equal(live.push(jpeg(mark), { timestampMs: mark + 0.5 }), mark);
  await gets(socket, 2);
  assert.deepEqual(socket.frames, [
    { id: 0, isStill: false, timestampUs: 500, mark: 0 },
    { id: 1, isStill: false, timestampUs: 1500, mark: 1 },
  ]);
  assert.equal(live.stats().inFlight, 2);
  socket.answer(0);
  await gets(socket, 3);
  assert.deepEqual(socket.ids, [0, 1, 2]);
  socket.answer(1);
  socket.answer(2);
  await gets(socket, 5);
  const [first, second] = await take(live, 2);
  assert.deepEqual([first.index, first.timestampMs], [0, 0.5]);
  assert.deepEqual([second.index, second.timestampMs], [1, 1.5]);
  assert.equal(first.pose.length, 33 * 4);
  assert.deepEqual([first.leftHand, first.face], [null, null]);
  assert.ok(first.timings.total > 0);
  await live.close();
});

test("while the browser has more than a frame to send, newer frames push out older ones, and that is counted", async () => {
  const { live, socket } = await fakeRelay({ bufferSize: 2 });
  socket.bufferedAmount = 1_000_000;
  live.push(jpeg(0));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(socket.ids, []);
  for (let mark = 1; mark < 5; mark += 1) live.push(jpeg(mark));
  assert.deepEqual([live.stats().buffered, live.stats().dropped], [2, 3]);
  assert.equal(live.stats().connection.bufferedBytes, 1_000_000);
  socket.bufferedAmount = 0;
  await gets(socket, 2);
  assert.deepEqual(socket.ids, [3, 4]);
  socket.answer(3);
  socket.answer(4, 0);
  assert.deepEqual(
    (await take(live, 2)).map(({ index, dropped }) => [index, dropped]),
    [
      [3, 3],
      [4, 0],
    ],
  );
  await live.close();
});

test("what cannot be a JPEG does not travel, and is let go", async () => {
  const { live, socket, errors } = await fakeRelay({ maxPixels: 100 });
  const picture = (width, height) =>
    new FakePicture("ImageBitmap", { width, height });
  const pictures = [picture(0, 3), picture(11, 10), picture(9, 9)];
  const lost = new FakePicture("Blob", {
    arrayBuffer: () => Promise.reject(new Error("the file is gone")),
  });
  for (const frame of [
    ...[new Uint8Array(0), Uint8Array.of(0x89, 0x50)],
    ...[new Blob([Uint8Array.of(1)]), lost, ...pictures],
  ])
    live.push(frame);
  await until(() => errors.length === 7);
  assert.deepEqual(
    errors.map(({ code }) => code),
    [
      ...["empty-frame", "not-a-jpeg", "not-a-jpeg", "file-unreadable"],
      ...["invalid-pixels", "too-many-pixels", "unsupported-frame"],
    ],
  );
  assert.deepEqual(
    errors.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5, 6],
  );
  assert.equal(errors[3].message, "the file is gone");
  assert.match(errors[6].message, /no OffscreenCanvas/);
  assert.ok(pictures.every(({ isClosed }) => isClosed));
  assert.throws(() => live.push("nothing"), { code: "unsupported-frame" });
  assert.deepEqual(socket.ids, []);
  await live.close();
});

/** What a canvas of the browser is, as far as frames are encoded with it. */
function fakeCanvas({ context = {}, jpeg = Uint8Array.of(0xff, 0xd8, 7) }) {
  return class {
    static made = [];
    painted = [];

    constructor(width, height) {
      Object.assign(this, { width, height });
      this.constructor.made.push(this);
    }

    getContext(kind, options) {
      this.asked = [kind, options];
      const drawImage = (picture) => this.painted.push(picture);
      return context && { canvas: this, drawImage, ...context };
    }

    async convertToBlob(options) {
      this.options = options;
      return { arrayBuffer: async () => jpeg.buffer };
    }
  };
}

test("pictures are encoded one after the other, on one canvas", async (t) => {
  globalThis.OffscreenCanvas = fakeCanvas({});
  t.after(() => delete globalThis.OffscreenCanvas);
  const { live, socket } = await fakeRelay({ jpegQuality: 0.5 });
  const pictures = [
    new FakePicture("ImageBitmap", { width: 4, height: 3 }),
    new FakePicture("VideoFrame", {
      ...{ displayWidth: 8, displayHeight: 6, timestamp: 2000 },
    }),
  ];
  for (const picture of pictures) live.push(picture);
  await gets(socket, 2);
  const [canvas, ...others] = globalThis.OffscreenCanvas.made;
  assert.equal(others.length, 0);
  assert.deepEqual(canvas.painted, pictures);
  assert.deepEqual([canvas.width, canvas.height], [8, 6]);
  assert.deepEqual(canvas.options, { type: "image/jpeg", quality: 0.5 });
  assert.deepEqual(canvas.asked, [
    "2d",
    { alpha: false, willReadFrequently: true },
  ]);
  assert.deepEqual(
    socket.frames.map(({ mark }) => mark),
    [7, 7],
  );
  assert.equal(socket.frames[1].timestampUs, 2000);
  assert.ok(pictures.every(({ isClosed }) => isClosed));
  await live.close();
});

test("a browser whose canvas refuses, or makes no JPEG, costs the frame alone", async (t) => {
  t.after(() => delete globalThis.OffscreenCanvas);
  const refuse = () => {
    throw new Error("the picture is tainted");
  };
  for (const [canvas, code, message] of [
    [{ context: null }, "unsupported-frame", /no OffscreenCanvas/],
    [{ context: { drawImage: refuse } }, "unsupported-frame", /tainted/],
    [{ jpeg: Uint8Array.of(0x89, 0x50) }, "not-a-jpeg", /JPEG/],
  ]) {
    globalThis.OffscreenCanvas = fakeCanvas(canvas);
    const { live, socket, errors } = await fakeRelay();
    const picture = new FakePicture("ImageBitmap", { width: 4, height: 3 });
    live.push(picture);
    live.push(jpeg(5));
    await gets(socket, 1);
    assert.deepEqual([errors[0].index, errors[0].code], [0, code]);
    assert.match(errors[0].message, message);
    assert.deepEqual(socket.ids, [1]);
    assert.ok(picture.isClosed);
    await live.close();
  }
});

test("detect sends a still ahead of the frames and gets its own answer", async () => {
  const { live, socket } = await fakeRelay({ maxFramesInFlight: 1 });
  live.push(jpeg(0));
  await gets(socket, 1);
  live.push(jpeg(1));
  const still = live.detect(jpeg(2));
  const aborting = new AbortController();
  const aborted = live.detect(jpeg(3), { signal: aborting.signal });
  aborting.abort();
  await assert.rejects(aborted, { code: "aborted" });
  socket.answer(0);
  await gets(socket, 2);
  assert.deepEqual(
    [socket.frames[1].mark, socket.frames[1].isStill],
    [2, true],
  );
  socket.answer(2);
  assert.equal((await still).index, 2);
  await gets(socket, 3);
  const refused = live.detect(jpeg(4));
  socket.answer(3);
  await gets(socket, 4);
  socket.say({
    ...{ type: "error", code: "busy", message: "no room" },
    ...{ index: 9, frame_id: 4, dropped: 0 },
  });
  await assert.rejects(refused, { code: "busy", index: 4 });
  await live.close();
});

test("reset throws away what waits, and what is sent after it is tracked from scratch", async () => {
  const { live, socket } = await fakeRelay({ maxFramesInFlight: 1 });
  const picture = new FakePicture("ImageBitmap");
  live.push(jpeg(0));
  await gets(socket, 1);
  live.push(picture);
  live.reset();
  live.push(jpeg(2));
  socket.answer(0);
  await gets(socket, 2);
  assert.deepEqual(socket.texts.at(-1), { type: "reset" });
  assert.deepEqual(socket.ids, [0, 2]);
  socket.say({ type: "reset", next_index: 1 });
  socket.answer(2);
  const results = await take(live, 2);
  assert.deepEqual(
    results.map(({ index, dropped }) => [index, dropped]),
    [
      [0, 0],
      [2, 1],
    ],
  );
  await until(() => picture.isClosed);
  await live.close();
});

test("JSON results bring scores, reasons and times; mirroring is the relay's", async () => {
  const { live, socket } = await fakeRelay({ format: "json", mirrored: true });
  assert.equal(socket.texts[0].mirrored, true);
  live.push(jpeg());
  await gets(socket, 1);
  socket.tell("message", { data: jsonResult({ frameId: 0, dropped: 0 }) });
  const [result] = await take(live, 1);
  assert.equal(result.pose[4], 1);
  assert.equal(result.scores.face, 1);
  assert.equal(result.missing.leftHand, "out-of-view");
  assert.equal(result.timings.pose, 3);
  await live.close();
});

test("after close every call is refused, what is pending settles, and frames that wait are closed", async () => {
  const { live, socket, states } = await fakeRelay({ maxFramesInFlight: 1 });
  live.push(jpeg());
  await gets(socket, 1);
  const picture = new FakePicture("ImageBitmap");
  live.push(picture);
  const next = live[Symbol.asyncIterator]().next();
  const still = live.detect(jpeg());
  const settled = Promise.allSettled([next, still]);
  await live.close();
  await live.close();
  const [iterated, detected] = await settled;
  assert.equal(iterated.value.done, true);
  assert.equal(detected.reason.code, "closed");
  await until(() => picture.isClosed);
  assert.throws(() => live.push(jpeg()), { code: "closed" });
  socket.answer(0);
  socket.end();
  assert.deepEqual(states, []);
});
