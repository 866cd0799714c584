// What is sent when, and what comes of the answers.

import assert from "node:assert/strict";

import { LiveKeypoints } from "../build/index.js";
import { fakeRelay, gets } from "./fake-socket.mjs";
import { FakePicture, jpeg, take, GIVEN } from "./fake-stream.mjs";
import { FakeWorker, until } from "./fake-worker.mjs";
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
      ...{ type: "configure", parts: ["pose", "hands", "face"] },
      ...{ format: "binary", buffer_size: 4 },
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

test("what the relay dropped is counted with what was dropped here", async () => {
  const { live, socket } = await fakeRelay();
  for (let mark = 0; mark < 4; mark += 1) live.push(jpeg(mark));
  await gets(socket, 4);
  socket.answer(3, 3);
  const [result] = await take(live, 1);
  assert.deepEqual([result.index, result.dropped], [3, 3]);
  const { received, dropped, completed, inFlight } = live.stats();
  assert.deepEqual([received, dropped, completed, inFlight], [4, 3, 1, 0]);
  await live.close();
});

test("an answer settles the frames before it, whenever the relay counts them", async () => {
  const { live, socket } = await fakeRelay();
  for (let mark = 0; mark < 10; mark += 1) live.push(jpeg(mark));
  await gets(socket, 4);
  // Frames 1 and 2 were dropped while 0 was computed: its answer is the next to tell.
  socket.answer(0, 2);
  await gets(socket, 5);
  assert.deepEqual(socket.ids, [0, 1, 2, 3, 4]);
  socket.answer(3, 0);
  await gets(socket, 8);
  socket.answer(7, 3);
  await gets(socket, 10);
  socket.answer(9, 1);
  const results = await take(live, 4);
  assert.deepEqual(
    results.map(({ index, dropped }) => [index, dropped]),
    [
      [0, 0],
      [3, 2],
      [7, 3],
      [9, 1],
    ],
  );
  const { received, dropped, completed, inFlight } = live.stats();
  assert.deepEqual([received, dropped, completed, inFlight], [10, 6, 4, 0]);
  await live.close();
});

test("no more frames a second are sent than the relay takes, and all of them go", async () => {
  const { live, socket } = await fakeRelay({
    ...{ limits: { max_fps: 20 }, maxFramesInFlight: 64 },
  });
  const began = performance.now();
  for (let mark = 0; mark < 20; mark += 1) live.push(jpeg(mark));
  await gets(socket, 10);
  assert.equal(live.stats().dropped, 0);
  for (let count = 10; count < 20; count += 1) {
    const most = 10 + (performance.now() - began) / 50;
    assert.ok(socket.frames.length <= most, `${socket.frames.length}`);
    await gets(socket, count + 1);
  }
  // Ten at once, ten more at 20 a second.
  assert.ok(performance.now() - began >= 490);
  await live.close();
});

test("frames from before a reset hold nothing up: they may never be answered", async () => {
  const { live, sockets, socket, errors } = await fakeRelay({
    answerTimeoutMs: 60,
  });
  for (let mark = 0; mark < 4; mark += 1) live.push(jpeg(mark));
  await gets(socket, 4);
  live.reset();
  live.push(jpeg(4));
  await gets(socket, 5);
  // The one that was in work is answered.
  socket.answer(0);
  socket.answer(4, 3);
  const results = await take(live, 2);
  assert.deepEqual(
    results.map(({ index, dropped }) => [index, dropped]),
    [
      [0, 0],
      [4, 3],
    ],
  );
  for (let mark = 5; mark < 8; mark += 1) live.push(jpeg(mark));
  await gets(socket, 8);
  live.reset();
  await until(() => live.stats().inFlight === 0);
  assert.equal(live.stats().dropped, 6);
  live.push(jpeg(8));
  await gets(socket, 9);
  // One that comes after all was counted already.
  socket.answer(5);
  socket.answer(8, 3);
  const [last] = await take(live, 1);
  assert.deepEqual([last.index, last.dropped], [8, 3]);
  const { received, dropped, completed } = live.stats();
  assert.deepEqual([received, dropped, completed], [9, 6, 3]);
  assert.deepEqual([errors, sockets.length], [[], 1]);
  await live.close();
});

test("resets without end do not open the way without end", async () => {
  const { live, socket } = await fakeRelay({ maxFramesInFlight: 2 });
  for (let mark = 0; mark < 20; mark += 1) {
    live.push(jpeg(mark));
    await new Promise((resolve) => setTimeout(resolve, 2));
    live.reset();
  }
  assert.ok(live.stats().inFlight <= 4, `${live.stats().inFlight}`);
  assert.ok(socket.frames.length <= 4);
  await live.close();
});

test("the relay's error about a frame is that frame's, and the stream goes on", async () => {
  const { live, socket, errors } = await fakeRelay();
  live.push(jpeg(0));
  live.push(jpeg(1));
  await gets(socket, 2);
  socket.say({
    ...{ type: "error", code: "malformed-picture", message: "truncated" },
    ...{ index: 0, frame_id: 0, dropped: 0 },
  });
  socket.answer(1);
  assert.equal((await take(live, 1))[0].index, 1);
  assert.deepEqual(errors, [
    { code: "malformed-picture", index: 0, message: "truncated" },
  ]);
  assert.equal(live.stats().failed, 1);
  await live.close();
});

test("what cannot be a JPEG does not travel", async () => {
  const { live, socket, errors } = await fakeRelay();
  live.push(new Uint8Array(0));
  live.push(Uint8Array.of(0x89, 0x50));
  live.push(new Blob([Uint8Array.of(1)]));
  live.push(new FakePicture("ImageBitmap", { width: 0, height: 3 }));
  live.push(new FakePicture("ImageBitmap", { width: 9, height: 9 }));
  await until(() => errors.length === 5);
  assert.deepEqual(
    errors.map(({ code, index }) => [index, code]),
    [
      [0, "empty-frame"],
      [1, "not-a-jpeg"],
      [2, "not-a-jpeg"],
      [3, "invalid-pixels"],
      [4, "unsupported-frame"],
    ],
  );
  assert.throws(() => live.push("nothing"), { code: "unsupported-frame" });
  assert.deepEqual(socket.ids, []);
  await live.close();
});

test("a frame over the relay's limit is told here", async () => {
  const sockets = [];
  const { FakeSocket } = await import("./fake-socket.mjs");
  const opening = LiveKeypoints.connect("wss://relay.example/", {
    createSocket: (...given) => {
      sockets.push(new FakeSocket(...given));
      return sockets[0];
    },
  });
  sockets[0].accept({ limits: { max_message_bytes: 20 } });
  const live = await opening;
  const errors = [];
  live.on("error", ({ code, index }) => errors.push([index, code]));
  live.push(Uint8Array.of(0xff, 0xd8, 0, 0, 0));
  live.push(Uint8Array.of(0xff, 0xd8, 0, 0));
  await gets(sockets[0], 1);
  assert.deepEqual(sockets[0].ids, [1]);
  assert.deepEqual(errors, [[0, "too-many-bytes"]]);
  await live.close();
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
    ...{ frame_id: 4, dropped: 0 },
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

test("a fallback is told before the relay hears of it, waits for the answer, and can be refused", async () => {
  const sockets = [];
  const { FakeSocket } = await import("./fake-socket.mjs");
  const fallback = {
    url: "wss://relay.example/live-signs",
    createSocket: (...given) => {
      sockets.push(new FakeSocket(...given));
      setImmediate(() => sockets.at(-1).accept());
      return sockets.at(-1);
    },
  };
  const createWorker = () => {
    throw new Error("no workers today");
  };
  const told = [];
  const onFallback = async (reason) => {
    told.push([reason.code, sockets.length]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    told.push(["asked", sockets.length]);
  };
  const options = { fallback, createWorker, assets: GIVEN };
  const live = await LiveKeypoints.create({ ...options, onFallback });
  assert.equal(live.engine, "relay");
  await live.close();
  assert.deepEqual(told, [
    ["worker-failed", 0],
    ["asked", 0],
  ]);
  const refusal = new Error("the user said no");
  await assert.rejects(
    LiveKeypoints.create({
      ...options,
      onFallback: () => Promise.reject(refusal),
    }),
    (error) => error === refusal,
  );
  assert.equal(sockets.length, 1);
});

test("a page that can compute does not ask the relay, and one that cannot falls back to it", async () => {
  const { validate } = WebAssembly;
  const sockets = [];
  const { FakeSocket } = await import("./fake-socket.mjs");
  const fallback = {
    url: "wss://relay.example/live-signs",
    createSocket: (...given) => {
      const socket = new FakeSocket(...given);
      sockets.push(socket);
      setImmediate(() => socket.accept());
      return socket;
    },
  };
  const options = { parts: ["pose"], quality: "lite", bufferSize: 3, fallback };
  WebAssembly.validate = () => false;
  try {
    const live = await LiveKeypoints.create(options);
    assert.equal(live.engine, "relay");
    assert.deepEqual(sockets[0].texts[0].parts, ["pose"]);
    assert.equal(sockets[0].texts[0].quality, "lite");
    assert.equal(sockets[0].texts[0].buffer_size, 3);
    await live.close();
    await assert.rejects(
      LiveKeypoints.create({ ...options, fallback: undefined }),
      { code: "wasm-simd-missing" },
    );
    await assert.rejects(
      LiveKeypoints.create({ ...options, fallback: "ftp://relay.example/" }),
      { code: "invalid-option" },
    );
  } finally {
    WebAssembly.validate = validate;
  }
  const { fetch } = globalThis;
  globalThis.fetch = async () => new Response("", { status: 404 });
  try {
    // A missing asset is a mistake of the page, which another engine would hide.
    const createWorker = () => new FakeWorker();
    await assert.rejects(LiveKeypoints.create({ ...options, createWorker }), {
      code: "asset-unreachable",
    });
  } finally {
    globalThis.fetch = fetch;
  }
  assert.equal(sockets.length, 1);
  // Neither are there workers under Node.
  const live = await LiveKeypoints.create({ ...options, assets: GIVEN });
  assert.equal(live.engine, "relay");
  await live.close();
});
