import assert from "node:assert/strict";

import { fakeRelay, gets } from "./fake-socket.mjs";
import { fakeStream, FakePicture, jpeg } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A stream of so many frames; `pulled` tells how many were asked for. */
function frames(count, make = jpeg) {
  const source = { pulled: 0 };
  source.readable = new ReadableStream(
    {
      pull(controller) {
        if (source.pulled === count) return controller.close();
        controller.enqueue(make(source.pulled));
        source.pulled += 1;
      },
    },
    { highWaterMark: 0 },
  );
  return source;
}

async function collect(readable) {
  const values = [];
  for await (const value of readable) values.push(value);
  return values;
}

for (const bufferSize of [1, 50]) {
  test(`every frame of a stream comes out as its result, in order, with room for ${bufferSize}`, async () => {
    const { live } = await fakeStream({ workers: 2, bufferSize });
    const results = await collect(
      frames(40).readable.pipeThrough(live.transform()),
    );
    assert.deepEqual(
      results.map(({ index, dropped }) => [index, dropped]),
      Array.from({ length: 40 }, (_, index) => [index, 0]),
    );
    const { dropped, unread } = live.stats();
    assert.deepEqual([dropped, unread], [0, 0]);
    assert.equal(live.push(jpeg()), 40, "the stream is still open");
    await live.close();
  });
}

test("frames are not taken faster than results are read", async () => {
  const { live } = await fakeStream({ workers: 1, bufferSize: 2 });
  const source = frames(100);
  const results = source.readable.pipeThrough(live.transform());
  await moment();
  assert.ok(source.pulled < 12, `${source.pulled} frames were taken`);
  assert.equal((await collect(results)).length, 100);
  await live.close();
});

test("times and ownership can be given with a frame", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const picture = new FakePicture("VideoFrame", { timestamp: 7_000_000 });
  const given = [{ frame: jpeg(), timestampMs: 5.5 }, picture];
  const results = await collect(
    frames(2, (at) => given[at]).readable.pipeThrough(live.transform()),
  );
  assert.deepEqual(
    results.map(({ timestampMs }) => timestampMs),
    [5.5, 7000],
  );
  await live.close();
});

test("a frame that fails is left out, and what another pushed does not come out", async () => {
  const answer = ({ type, ticket, beside }) =>
    type === "decode" && beside[2] === 1
      ? { type: "failed", ticket, code: "not-a-jpeg", message: "no" }
      : undefined;
  const { live, errors } = await fakeStream({ workers: 1 }, () => ({ answer }));
  const transform = live.transform();
  live.push(jpeg(9));
  const results = await collect(frames(3).readable.pipeThrough(transform));
  assert.deepEqual(
    results.map(({ index }) => index),
    [1, 3],
  );
  assert.deepEqual(
    errors.map(({ code, index }) => [index, code]),
    [[2, "not-a-jpeg"]],
  );
  await live.close();
});

test("what is no frame breaks the pipe and not the stream", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const pipe = frames(1, () => "a text").readable.pipeThrough(live.transform());
  await assert.rejects(collect(pipe), {
    code: "unsupported-frame",
  });
  live.push(jpeg());
  await until(() => live.stats().completed === 1);
  await live.close();
});

test("reset while it closes does not leave it waiting", async () => {
  let isHeld = true;
  const answer = ({ type }) => (isHeld && type === "run" ? null : undefined);
  const { live, workers } = await fakeStream(
    { workers: 1, maxFramesInFlight: 1 },
    () => ({ answer }),
  );
  const { writable, readable } = live.transform();
  const writer = writable.getWriter();
  void writer.write(jpeg(0));
  void writer.write(jpeg(1));
  const closed = writer.close();
  const results = collect(readable);
  await until(() => workers[0].got("run").length === 1);
  live.reset();
  isHeld = false;
  const [{ ticket }] = workers[0].got("run");
  workers[0].say({
    ...{ type: "outcome", ticket },
    ...{ elapsedUs: 1, memoryBytes: 1 },
  });
  await closed;
  assert.deepEqual(
    (await results).map(({ index }) => index),
    [0],
  );
  await live.close();
});

test("reset on a relay, which then owes nothing, does not leave it waiting", async () => {
  const { live, socket } = await fakeRelay({ answerTimeoutMs: 30 });
  const { writable, readable } = live.transform();
  const writer = writable.getWriter();
  const results = collect(readable);
  await writer.write(jpeg(0));
  await writer.write(jpeg(1));
  await gets(socket, 2);
  live.reset();
  const closed = writer.close();
  await closed;
  assert.deepEqual(await results, []);
  assert.equal(live.stats().dropped, 2);
  await live.close();
});

test("frames that others pushed out are not waited for, however long the others go on", async () => {
  let isHeld = true;
  const answer = ({ type }) => (isHeld && type === "decode" ? null : undefined);
  const options = { workers: 1, bufferSize: 1, maxFramesInFlight: 1 };
  const { live, workers } = await fakeStream(options, () => ({ answer }));
  const { writable, readable } = live.transform();
  const writer = writable.getWriter();
  const results = collect(readable);
  live.push(jpeg());
  await until(() => workers[0].got("decode").length === 1);
  await writer.write(jpeg(0));
  live.push(jpeg(1));
  isHeld = false;
  const [{ ticket }] = workers[0].got("decode");
  workers[0].say({
    ...{ type: "decoded", ticket, width: 2, height: 2 },
    ...{ elapsedUs: 1, memoryBytes: 1 },
  });
  let isClosed = false;
  const closed = writer.close().then(() => (isClosed = true));
  // Whenever a frame is done, the next one waits already.
  const off = live.on("keypoints", () => isClosed || live.push(jpeg()));
  live.push(jpeg(2));
  await closed;
  assert.deepEqual(await results, []);
  off();
  await live.close();
});

test("a relay that is lost, or closed with frames on their way, ends it", async () => {
  for (const reconnect of [false, { firstMs: 1 }]) {
    const { live, socket, sockets } = await fakeRelay({ reconnect });
    const { writable, readable } = live.transform();
    const writer = writable.getWriter();
    const results = collect(readable);
    await writer.write(jpeg(0));
    await gets(socket, 1);
    const closed = Promise.allSettled([writer.close(), results]);
    socket.end();
    const [, { reason, value }] = await closed;
    if (reconnect) assert.deepEqual(value, []);
    else assert.equal(reason.code, "connection-lost");
    sockets.at(-1).accept?.();
    await live.close();
  }
  const { live, socket } = await fakeRelay();
  const { writable, readable } = live.transform();
  const writer = writable.getWriter();
  await writer.write(jpeg(0));
  await gets(socket, 1);
  const settled = Promise.allSettled([writer.close(), collect(readable)]);
  await live.close();
  assert.deepEqual((await settled)[1].value, []);
});

test("cancelling and aborting end it, and nothing of it is left", async () => {
  const silent = ({ type }) =>
    ["decode", "run"].includes(type) ? null : undefined;
  const { live } = await fakeStream({ workers: 1, bufferSize: 1 }, () => ({
    answer: silent,
  }));
  const cancelled = live.transform();
  const writer = cancelled.writable.getWriter();
  await cancelled.readable.cancel("enough");
  await assert.rejects(writer.write(jpeg()), /enough/);

  const aborted = live.transform();
  const second = aborted.writable.getWriter();
  const writes = [0, 1, 2, 3].map((mark) => second.write(jpeg(mark)));
  await moment();
  const settled = Promise.allSettled(writes);
  await second.abort(new Error("enough"));
  await assert.rejects(collect(aborted.readable), /enough/);
  await settled;
  await live.close();
});

test("close ends the results, and a fatal error breaks them", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const { readable, writable } = live.transform();
  const reading = collect(readable);
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await live.close();
  assert.deepEqual(await reading, []);
  await assert.rejects(writer.write(jpeg()), { code: "closed" });
  assert.throws(() => live.transform(), { code: "closed" });

  const broken = await fakeStream({ workers: 1 }, (number) =>
    number === 0 ? {} : assert.fail("no worker any more"),
  );
  const results = collect(
    frames(5).readable.pipeThrough(broken.live.transform()),
  );
  broken.workers[0].die();
  await assert.rejects(results, { code: "worker-failed" });
});
