import assert from "node:assert/strict";

import { fakeStream, FakePicture, jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

test("a full buffer drops the oldest waiting frame, closes it and counts it", async () => {
  const { live } = await fakeStream({
    workers: 1,
    bufferSize: 2,
    maxFramesInFlight: 1,
  });
  const results = take(live, 3);
  const inWork = live.push(jpeg());
  const pictures = [1, 2, 3, 4].map(() => new FakePicture("ImageBitmap"));
  const dropped = pictures.slice(0, 2).map((picture) => live.push(picture));
  live.push(jpeg());
  live.push(jpeg());
  assert.deepEqual([inWork, ...dropped], [0, 1, 2]);
  assert.deepEqual(
    (await results).map(({ index, dropped }) => [index, dropped]),
    [
      [0, 2],
      [3, 0],
      [4, 0],
    ],
  );
  assert.deepEqual(
    pictures.map(({ isClosed }) => isClosed),
    [true, true, false, false],
  );
  await live.close();
});

test("a frame that fails is told by an error event, and the stream goes on", async () => {
  const answer = (message) => {
    if (message.type !== "decode" || message.beside[2] !== 1) return undefined;
    return {
      type: "failed",
      ticket: message.ticket,
      code: "malformed-picture",
      message: "cut short",
    };
  };
  const { live, errors } = await fakeStream({ workers: 2 }, () => ({ answer }));
  for (const mark of [0, 1, 2]) live.push(jpeg(mark));
  assert.deepEqual(
    (await take(live, 2)).map(({ index }) => index),
    [0, 2],
  );
  assert.deepEqual(
    errors.map(({ code, index, message }) => [code, index, message]),
    [["malformed-picture", 1, "cut short"]],
  );
  assert.equal(live.stats().failed, 1);
  await live.close();
});

test("a frame that cannot be posted fails alone", async () => {
  const { live, errors } = await fakeStream({ workers: 1 });
  live.push(new FakePicture("ImageBitmap", { cannotBeCloned: () => {} }));
  live.push(jpeg());
  assert.equal((await take(live, 1))[0].index, 1);
  assert.deepEqual(
    errors.map(({ code, index }) => [code, index]),
    [["unsupported-frame", 0]],
  );
  await live.close();
});

test("a picture that the browser refuses fails alone, and later ones keep their order", async () => {
  const refused = Promise.reject(
    new DOMException("the image is broken", "InvalidStateError"),
  );
  refused.catch(() => {});
  globalThis.createImageBitmap = () => refused;
  const { live, errors } = await fakeStream({ workers: 1 });
  live.push(new FakePicture("HTMLImageElement"));
  live.push(jpeg());
  assert.equal((await take(live, 1))[0].index, 1);
  assert.deepEqual(
    [errors[0].code, errors[0].index, errors[0].message],
    ["unsupported-frame", 0, "the image is broken"],
  );
  delete globalThis.createImageBitmap;
  await live.close();
});

test("a bitmap that took a moment and cannot be posted then does not hold up the stream", async () => {
  const bitmap = new FakePicture("ImageBitmap", { cannotBeCloned: () => {} });
  globalThis.createImageBitmap = async () => bitmap;
  const { live, errors } = await fakeStream({ workers: 1 });
  live.push(new FakePicture("HTMLCanvasElement"));
  live.push(jpeg());
  assert.equal((await take(live, 1))[0].index, 1);
  assert.deepEqual(
    errors.map(({ code, index }) => [code, index]),
    [["unsupported-frame", 0]],
  );
  delete globalThis.createImageBitmap;
  await live.close();
});

test("a worker that dies costs the frame it had, is replaced, and the stream goes on", async () => {
  let deaths = 0;
  const answer = (message, worker) => {
    if (message.type !== "run" || message.frame !== 2 || deaths > 0)
      return undefined;
    deaths += 1;
    worker.die();
    return null;
  };
  const { live, workers, errors } = await fakeStream({ workers: 4 }, () => ({
    answer,
  }));
  for (let mark = 0; mark < 8; mark += 1) live.push(jpeg(mark));
  const results = await take(live, 7);
  assert.deepEqual(
    results.map(({ index }) => index),
    [0, 1, 3, 4, 5, 6, 7],
  );
  assert.deepEqual(
    errors.map(({ code, index }) => [code, index]),
    [["worker-died", 2]],
  );
  assert.equal(workers.length, 5);
  assert.deepEqual(
    live.stats().workers.map(({ replaced }) => replaced),
    [1, 0, 0, 0],
  );
  await live.close();
});

test("when the last worker is lost, the stream ends", async () => {
  const make = (number) => (number < 2 ? {} : assert.fail("none any more"));
  const { live, workers, errors } = await fakeStream({ workers: 2 }, make);
  workers[0].die();
  workers[1].die();
  await until(() => errors.length > 0);
  assert.deepEqual(
    errors.map(({ code, index }) => [code, index]),
    [["worker-failed", undefined]],
  );
  assert.throws(() => live.push(jpeg()), { code: "closed" });
});

test("a worker that cannot be replaced ends the stream: iterator, detect and event tell", async () => {
  const make = (number) =>
    number === 0
      ? {
          answer: ({ type }) =>
            ["decode", "run"].includes(type) ? null : undefined,
        }
      : { hello: "0.0.1" };
  const { live, workers, errors } = await fakeStream({ workers: 1 }, make);
  const settled = Promise.allSettled([
    live[Symbol.asyncIterator]().next(),
    live.detect(jpeg()),
    live.detect(jpeg()),
  ]);
  workers[0].die();
  assert.deepEqual(
    (await settled).map(({ reason }) => reason?.code),
    ["worker-failed", "worker-died", "worker-failed"],
  );
  assert.deepEqual(
    errors.map(({ code, index }) => [code, index]),
    [["worker-failed", undefined]],
  );
  assert.throws(() => live.push(jpeg()), { code: "closed" });
});

test("the last worker, which does not find the pose, warms the kernels for all", async () => {
  for (const count of [1, 2, 4]) {
    const { live, workers } = await fakeStream({ workers: count });
    const inits = workers.map((worker) => worker.got("init"));
    assert.deepEqual(
      inits.map(([init]) => init.warmsKernels),
      inits.map((_, place) => place === count - 1),
    );
    await live.close();
  }
});
