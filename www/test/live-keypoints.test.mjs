import assert from "node:assert/strict";

import { LiveKeypoints } from "../build/index.js";
import { fakeStream, FakePicture, jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const silent = () => ({
  answer: ({ type }) => (["decode", "run"].includes(type) ? null : undefined),
});

test("after close every call throws or rejects with closed, and close can be called again", async () => {
  const { live, workers } = await fakeStream({ workers: 3 });
  await live.close();
  const closed = { name: "LiveKeypointsError", code: "closed" };
  assert.throws(() => live.push(jpeg()), closed);
  assert.throws(() => live.stats(), closed);
  assert.throws(() => live.reset(), closed);
  assert.throws(() => live.attach({}), closed);
  assert.throws(() => live.on("keypoints", () => {}), closed);
  assert.throws(() => live[Symbol.asyncIterator](), closed);
  await assert.rejects(live.detect(jpeg()), closed);
  await live.close();
  assert.ok(workers.every(({ isTerminated }) => isTerminated));
});

test("close settles what is pending, and closes the pictures that wait", async () => {
  const { live } = await fakeStream({ workers: 1 }, silent);
  const next = live[Symbol.asyncIterator]().next();
  const picture = new FakePicture("ImageBitmap");
  live.push(jpeg());
  live.push(jpeg());
  live.push(jpeg());
  live.push(picture);
  const settled = Promise.allSettled([next, live.detect(jpeg())]);
  await live.close();
  const [iterated, detected] = await settled;
  assert.deepEqual(iterated.value, { done: true, value: undefined });
  assert.equal(detected.reason.code, "closed");
  assert.ok(picture.isClosed);
});

test("a stream can be closed from a listener, and by leaving an await-using block", async () => {
  const { live } = await fakeStream({ workers: 2 });
  const seen = [];
  live.on("keypoints", ({ index }) => {
    seen.push(index);
    void live[Symbol.asyncDispose]();
  });
  live.push(jpeg());
  live.push(jpeg());
  await until(() => seen.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen, [0]);
});

test("there is one iterator at a time, and leaving its loop allows another", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const first = live[Symbol.asyncIterator]();
  assert.throws(() => live[Symbol.asyncIterator](), { code: "invalid-option" });
  live.push(jpeg());
  assert.equal((await first.next()).value.index, 0);
  const pending = first.next();
  await first.return();
  assert.deepEqual(await pending, { done: true, value: undefined });
  assert.deepEqual(await first.next(), { done: true, value: undefined });
  live.push(jpeg());
  assert.equal((await take(live, 1))[0].index, 1);
  await live.close();
});

test("unread results are bounded; the oldest go and are counted in the next one", async () => {
  const { live } = await fakeStream({ workers: 2, bufferSize: 3 });
  for (let mark = 0; mark < 10; mark += 1) {
    live.push(jpeg(mark));
    await until(
      () => live.stats().completed + live.stats().dropped === mark + 1,
    );
  }
  const { received, completed, dropped, unread } = live.stats();
  assert.deepEqual([received, completed, dropped, unread], [10, 3, 7, 3]);
  const results = await take(live, 3);
  assert.deepEqual(
    results.map(({ index, dropped }) => [index, dropped]),
    [
      [7, 7],
      [8, 0],
      [9, 0],
    ],
  );
  await live.close();
});

test("what a listener got is not kept for an iterator that is not open, and is not counted as dropped", async () => {
  const { live } = await fakeStream({ workers: 2, bufferSize: 2 });
  const seen = [];
  const stop = live.on("keypoints", ({ index }) => seen.push(index));
  for (let mark = 0; mark < 5; mark += 1) {
    live.push(jpeg(mark));
    await until(() => seen.length === mark + 1);
  }
  assert.deepEqual([live.stats().unread, live.stats().dropped], [0, 0]);
  stop();
  live.push(jpeg());
  await until(() => live.stats().unread === 1);
  assert.equal(seen.length, 5);
  await live.close();
});

test("a listener and an iterator both get every frame", async () => {
  const { live } = await fakeStream({ workers: 2 });
  const seen = [];
  live.on("keypoints", ({ index }) => seen.push(index));
  const iterated = take(live, 4);
  for (let mark = 0; mark < 4; mark += 1) live.push(jpeg(mark));
  assert.deepEqual(
    (await iterated).map(({ index }) => index),
    [0, 1, 2, 3],
  );
  assert.deepEqual(seen, [0, 1, 2, 3]);
  await live.close();
});

test("listeners that push get their frames in order, all of them", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const first = [];
  const second = [];
  live.on("keypoints", ({ index }) => {
    first.push(index);
    if (index < 5) live.push(jpeg());
  });
  live.on("keypoints", ({ index }) => second.push(index));
  live.push(jpeg());
  await until(() => second.length === 6);
  assert.deepEqual(first, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(second, first);
  await live.close();
});

test("a listener that throws is reported, and stops neither the others nor the stream", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const uncaught = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
  });
  const seen = [];
  const thrower = () => {
    throw new Error("a bug of the page");
  };
  live.on("keypoints", thrower);
  live.on("keypoints", ({ index }) => seen.push(index));
  live.push(jpeg());
  assert.equal((await uncaught).message, "a bug of the page");
  process.setUncaughtExceptionCaptureCallback(null);
  live.off("keypoints", thrower);
  live.push(jpeg());
  await until(() => seen.length === 2);
  await live.close();
});

test("detect answers with its own picture and leaves the stream alone", async () => {
  const { live } = await fakeStream({ workers: 2 });
  const [one, still, two] = [
    live.push(jpeg()),
    live.detect(jpeg()),
    live.push(jpeg()),
  ];
  assert.equal((await still).index, 1);
  assert.deepEqual(
    (await take(live, 2)).map(({ index }) => index),
    [one, two],
  );
  await live.close();
});

test("detect rejects with the picture's error, with busy, and when it is aborted", async () => {
  const answer = ({ type, ticket }) =>
    type === "decode"
      ? { type: "failed", ticket, code: "not-a-jpeg", message: "no" }
      : undefined;
  const broken = await fakeStream({ workers: 1 }, () => ({ answer }));
  await assert.rejects(broken.live.detect(jpeg()), { code: "not-a-jpeg" });
  await assert.rejects(broken.live.detect("a string"), {
    code: "unsupported-frame",
  });
  assert.deepEqual(broken.errors, []);
  await broken.live.close();

  const { live } = await fakeStream({ workers: 1 }, silent);
  const controller = new AbortController();
  const aborted = live.detect(jpeg(), { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { code: "aborted" });
  await assert.rejects(live.detect(jpeg(), { signal: AbortSignal.abort() }), {
    code: "aborted",
  });
  const waiting = Array.from({ length: 12 }, () => live.detect(jpeg()));
  const settled = Promise.allSettled(waiting);
  await live.close();
  const codes = new Set((await settled).map(({ reason }) => reason.code));
  assert.deepEqual([...codes].sort(), ["busy", "closed"]);
});

test("capture times may repeat and run backwards, and keep their fractions", async () => {
  const { live } = await fakeStream({ workers: 2 });
  const times = [1000.125, 1000.125, 999.5, 2000, 0];
  for (const timestampMs of times) live.push(jpeg(), { timestampMs });
  assert.deepEqual(
    (await take(live, 5)).map(({ timestampMs }) => timestampMs),
    times,
  );
  for (const timestampMs of [NaN, Infinity]) {
    assert.throws(() => live.push(jpeg(), { timestampMs }), {
      code: "invalid-option",
    });
  }
  live.push(new FakePicture("VideoFrame", { timestamp: 123456 }));
  assert.equal((await take(live, 1))[0].timestampMs, 123.456);
  const before = performance.now();
  live.push(jpeg());
  const [{ timestampMs }] = await take(live, 1);
  assert.ok(timestampMs >= before && timestampMs <= performance.now());
  await live.close();
});

test("reset throws the waiting frames away and goes on counting", async () => {
  const { live } = await fakeStream({ workers: 1, maxFramesInFlight: 1 });
  const picture = new FakePicture("ImageBitmap");
  live.push(jpeg());
  live.push(picture);
  live.reset();
  assert.ok(picture.isClosed);
  assert.equal(live.push(jpeg()), 2);
  assert.deepEqual(
    (await take(live, 2)).map(({ index }) => index),
    [0, 2],
  );
  await live.close();
});

test("wrong options reject before anything is fetched", async () => {
  const wrong = [
    ...[
      { workers: 0 },
      { workers: 5 },
      { workers: 2.5 },
      { workers: NaN },
      { bufferSize: 0 },
      { maxPixels: -1 },
    ],
    ...[
      { parts: [] },
      { parts: ["pose", "tail"] },
      { parts: "pose" },
      { quality: "best" },
      { decode: "slow" },
      { handSmoothing: 1 },
      { mirrored: "yes" },
      { handWorld: 1 },
      { cache: "no" },
    ],
  ];
  globalThis.fetch = () => assert.fail("fetched");
  for (const options of wrong) {
    const [name] = Object.keys(options);
    await assert.rejects(
      LiveKeypoints.create(options),
      (error) =>
        error.code === "invalid-option" && error.message.includes(name),
    );
  }
});
