// What is called back pushes, resets, closes or aborts from inside: the stream goes on, or is over, as if from outside.

import assert from "node:assert/strict";

import { FakeTrack, forgetCapture, processors } from "./fake-capture.mjs";
import { fakeStream, jpeg } from "./fake-stream.mjs";
import { FakeWorker, until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

// The page's module is compiled once for all streams: these come first.
for (const [phase, asset] of [
  ["compile", "session"],
  ["compile", "inference"],
  ["optimise", "hand"],
  ["ready"],
]) {
  test(`a listener of progress that aborts at ${phase} ${asset ?? ""}`, async () => {
    const controller = new AbortController();
    const made = [];
    let isTold = false;
    const onProgress = (progress) => {
      if (progress.phase !== phase || progress.asset !== asset) return;
      isTold = true;
      controller.abort();
    };
    // A worker that says what it loads, as the real ones do.
    const answer = ({ type }, worker) => {
      if (type === "model") worker.say({ type: "loaded", name: "hand" });
    };
    const createWorker = () => {
      made.push(new FakeWorker({ answer }));
      return made.at(-1);
    };
    const { signal } = controller;
    const options = { workers: 2, signal, onProgress, createWorker };
    await assert.rejects(fakeStream(options), { code: "aborted" });
    assert.ok(isTold);
    assert.ok(made.every(({ isTerminated }) => isTerminated));
  });
}

/** Workers that find every frame broken whose mark is 1. */
const breaking = () => ({
  answer: ({ type, ticket, beside }) =>
    type === "decode" && beside[2] === 1
      ? { type: "failed", ticket, code: "malformed-picture", message: "broken" }
      : undefined,
});

/**
 * What a callback does, how many of the three frames behind it are answered then, and how many of its own. The first of
 * those behind is in work by the time of the callback, and outlives a reset.
 */
const INSIDE = [
  ["pushes", (live) => live.push(jpeg()), 3, 1],
  ["resets", (live) => live.reset(), 1, 0],
  [
    "resets and pushes",
    (live) => (live.reset(), live.push(jpeg()), live.push(jpeg())),
    ...[1, 2],
  ],
  ["closes", (live) => void live.close(), 0, 0],
];

/** Pushes four frames, and checks what becomes of those behind the first when `listen` has its callback do something. */
async function actsInside(listen, firstMark, [name, act, others, own]) {
  const options = { workers: 1, maxFramesInFlight: 1, bufferSize: 8 };
  const { live, workers } = await fakeStream(options, breaking);
  const answered = [];
  let isFirst = true;
  let counts;
  live.on("keypoints", ({ index }) => answered.push(index));
  const stop = listen(live, () => {
    if (!isFirst) return;
    isFirst = false;
    act(live);
    counts = name === "closes" ? undefined : live.stats();
  });
  for (const mark of [firstMark, 2, 3, 4]) live.push(jpeg(mark));
  await until(() => !isFirst);
  if (name === "closes") {
    assert.throws(() => live.push(jpeg()), { code: "closed" });
    assert.ok(workers.every(({ isTerminated }) => isTerminated));
  } else {
    assert.equal(counts.buffered + counts.inFlight, others + own);
    live.push(jpeg());
    const last = 4 + own;
    await until(() => answered.at(-1) === last);
    assert.deepEqual(
      answered.filter((index) => index > 0),
      [1, 2, 3].slice(0, others).concat(range(4, last)),
    );
    const { received, dropped, completed, failed } = live.stats();
    assert.equal(received, dropped + completed + failed);
    assert.equal(dropped, 3 - others);
    await live.close();
  }
  stop?.();
}

const range = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);

for (const inside of INSIDE) {
  test(`a listener of keypoints that ${inside[0]}`, () =>
    actsInside((live, call) => live.on("keypoints", call), 0, inside));

  test(`a listener of errors that ${inside[0]}`, () =>
    actsInside((live, call) => live.on("error", call), 1, inside));

  test(`a listener of ended sources that ${inside[0]}`, async () => {
    const [name, act, others, own] = inside;
    processors();
    const silent = ({ type }) => (type === "decode" ? null : undefined);
    const options = { workers: 1, maxFramesInFlight: 1, bufferSize: 8 };
    const { live, workers } = await fakeStream(options, () => ({
      answer: silent,
    }));
    const track = new FakeTrack();
    let isTold = false;
    live.on("source-ended", () => {
      act(live);
      isTold = true;
    });
    live.attach(track);
    for (const mark of [0, 2, 3]) live.push(jpeg(mark));
    track.end();
    await until(() => isTold);
    if (name === "closes") {
      assert.throws(() => live.stats(), { code: "closed" });
      assert.ok(workers[0].isTerminated);
    } else {
      const { buffered, inFlight } = live.stats();
      assert.equal(buffered + inFlight, others + own);
    }
    forgetCapture();
    await live.close();
  });

  test(`an async iteration that ${inside[0]}`, async () => {
    const [name, act, others, own] = inside;
    const options = { workers: 1, maxFramesInFlight: 1, bufferSize: 8 };
    const { live } = await fakeStream(options);
    for (const mark of [0, 2, 3, 4]) live.push(jpeg(mark));
    const indices = [];
    for await (const { index } of live) {
      indices.push(index);
      if (index === 0) {
        act(live);
        if (name !== "closes") live.push(jpeg());
      }
      if (index === 4 + own) break;
    }
    const after = [1, 2, 3].slice(0, others).concat(range(4, 4 + own));
    assert.deepEqual(indices, name === "closes" ? [0] : [0, ...after]);
    await live.close();
  });

  test(`a reader of a transform that ${inside[0]}`, async () => {
    const [, act, others] = inside;
    const options = { workers: 1, maxFramesInFlight: 1, bufferSize: 8 };
    const { live } = await fakeStream(options);
    const { readable, writable } = live.transform();
    const writer = writable.getWriter();
    const writing = Promise.allSettled([
      ...[0, 2, 3, 4].map((mark) => writer.write(jpeg(mark))),
      writer.close(),
    ]);
    const indices = [];
    for await (const { index } of readable) {
      if (indices.length === 0) act(live);
      indices.push(index);
    }
    await writing;
    // What it wrote comes out but for what was thrown away, and what another pushed does not.
    const behind = [1, 2, 3].slice(0, others);
    assert.deepEqual(indices, [0, ...behind]);
    await live.close();
  });
}

test("a listener of the last error finds the stream closed, and may close it again", async () => {
  const { live, workers } = await fakeStream({ workers: 1 }, (number) =>
    number === 0 ? {} : assert.fail("no worker any more"),
  );
  const codes = [];
  live.on("error", (error) => {
    codes.push(error.code);
    for (const call of [() => live.push(jpeg()), () => live.reset()]) {
      try {
        call();
      } catch ({ code }) {
        codes.push(code);
      }
    }
    void live.close();
  });
  workers[0].die();
  await until(() => codes.length > 0);
  assert.deepEqual(codes, ["worker-failed", "closed", "closed"]);
});

test("a factory of workers that aborts leaves none behind, not even the one it makes", async () => {
  for (const at of [1, 2]) {
    const controller = new AbortController();
    const made = [];
    const createWorker = () => {
      made.push(new FakeWorker());
      if (made.length === at) controller.abort();
      return made.at(-1);
    };
    const options = { workers: 3, createWorker, signal: controller.signal };
    await assert.rejects(fakeStream(options), { code: "aborted" });
    assert.ok(made.every(({ isTerminated }) => isTerminated));
    assert.equal(made.length, at, "it goes on making workers");
  }
});

test("a factory of workers that closes the stream while one is replaced", async () => {
  let live;
  const made = [];
  const createWorker = () => {
    if (live) void live.close();
    made.push(new FakeWorker());
    return made.at(-1);
  };
  ({ live } = await fakeStream({ workers: 2, createWorker }));
  made[0].die();
  assert.equal(made.length, 3);
  assert.ok(made.every(({ isTerminated }) => isTerminated));
  assert.throws(() => live.push(jpeg()), { code: "closed" });
});

test("a listener of the fallback that aborts keeps the relay from being called", async () => {
  const controller = new AbortController();
  const createWorker = () => {
    throw new Error("the page's policy forbids it");
  };
  let reason;
  const onFallback = (error) => {
    reason = error;
    controller.abort();
  };
  let sockets = 0;
  const createSocket = () => {
    sockets += 1;
    return new EventTarget();
  };
  const fallback = { url: "wss://relay.example/live-signs", createSocket };
  const { signal } = controller;
  const options = { createWorker, fallback, onFallback, signal };
  await assert.rejects(fakeStream(options), { code: "aborted" });
  assert.equal(reason.code, "worker-failed");
  assert.equal(sockets, 0);
});
