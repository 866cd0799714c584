import assert from "node:assert/strict";

import { fakeStream, FakePicture, jpeg, take } from "./fake-stream.mjs";
import { LiveKeypointsError } from "../build/errors.js";
import { startWith, until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const STEPS = {
  1: "decode",
  2: "pose",
  4: "leftHand",
  8: "rightHand",
  16: "face",
};

for (const workers of [1, 2, 3, 4]) {
  test(`${workers} workers give every frame in order, each step on a worker that serves it`, async () => {
    const { live, pool, workers: all, errors } = await fakeStream({ workers });
    const indices = Array.from({ length: 20 }, (_, mark) =>
      live.push(jpeg(mark)),
    );
    const results = await take(live, 20);
    assert.deepEqual(indices, [...results.keys()]);
    assert.deepEqual(
      results.map(({ index }) => index),
      indices,
    );
    all.forEach((worker, number) => {
      const { steps } = pool.slots[number];
      for (const { job } of worker.got("run"))
        assert.ok(steps.includes(STEPS[job[0]]), `${job[0]} on ${steps}`);
      assert.equal(
        worker.got("decode").length,
        steps.includes("decode") ? 20 : 0,
      );
    });
    assert.deepEqual(errors, []);
    const stats = live.stats();
    assert.deepEqual(
      [stats.received, stats.completed, stats.buffered, stats.inFlight],
      [20, 20, 0, 0],
    );
    assert.equal(stats.workers.length, workers);
    assert.ok(stats.workers.every(({ busyMs }) => busyMs > 0));
    await live.close();
  });
}

test("one worker keeps the pixels to itself; with more, each other one gets them once", async () => {
  const alone = await fakeStream({ workers: 1 });
  alone.live.push(jpeg());
  await take(alone.live, 1);
  assert.equal(alone.workers[0].got("decode")[0].wantsCopy, false);
  assert.ok(
    alone.workers[0].got("run").every(({ pixels }) => pixels === undefined),
  );
  await alone.live.close();

  const { live, workers } = await fakeStream({ workers: 3 });
  live.push(jpeg());
  await take(live, 1);
  assert.equal(workers[0].got("decode")[0].wantsCopy, true);
  assert.equal(workers[0].got("run")[0].pixels, undefined);
  const [first, second] = workers[1].got("run");
  assert.equal(first.pixels.rgb.byteLength, 12);
  assert.equal(second.pixels, undefined);
  assert.equal(workers[2].got("run")[0].pixels.rgb.byteLength, 12);
  await live.close();
});

test("workers are told which frames they may forget", async () => {
  const { live, workers } = await fakeStream({ workers: 2 });
  for (let mark = 0; mark < 6; mark += 1) {
    live.push(jpeg(mark));
    await take(live, 1);
  }
  for (const worker of workers) {
    const released = worker.received.flatMap(({ release = [] }) => release);
    assert.deepEqual(released, [0, 1, 2, 3, 4]);
  }
  await live.close();
});

test("a frame whose last branch had nothing to run is forgotten with its result", async () => {
  const { live, session, workers } = await fakeStream({ workers: 2 });
  // Such a frame is finished by another frame's step, so no step of its own says that it is done.
  for (const complete of ["completeDecode", "completeBranch"]) {
    const original = session[complete].bind(session);
    session[complete] = (...step) => original(...step) && false;
  }
  for (let mark = 0; mark < 4; mark += 1) {
    live.push(jpeg(mark));
    await take(live, 1);
  }
  for (const worker of workers) {
    assert.deepEqual(
      worker.received.flatMap(({ release = [] }) => release),
      [0, 1, 2],
    );
  }
  await live.close();
});

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
    if (message.type !== "decode" || message.source.bytes[2] !== 1)
      return undefined;
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

test("a session that breaks down ends the stream with its error", async () => {
  const { live, session, errors, workers } = await fakeStream({ workers: 2 });
  session.completeBranch = () => {
    throw Object.assign(new Error("an outcome cannot be read"), {
      code: "version-mismatch",
    });
  };
  session.free = () => {
    throw new Error("null pointer");
  };
  live.push(jpeg());
  await assert.rejects(take(live, 1), { code: "version-mismatch" });
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["version-mismatch"],
  );
  assert.ok(workers.every(({ isTerminated }) => isTerminated));
});

test("a worker that dies costs the frame it had, is replaced, and the stream goes on", async () => {
  let deaths = 0;
  const answer = (message, worker) => {
    if (
      message.type !== "run" ||
      message.job[0] !== 4 ||
      message.job[1] !== 2 ||
      deaths > 0
    )
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
    [0, 1, 0, 0],
  );
  await live.close();
});

test("frames whose pixels only the dead worker held fail too, and no others", async () => {
  let deaths = 0;
  const answer = (message, worker) => {
    if (message.type !== "run" || message.job[1] !== 1 || deaths > 0)
      return undefined;
    deaths += 1;
    worker.die();
    return null;
  };
  const { live, errors } = await fakeStream({ workers: 1 }, () => ({ answer }));
  for (let mark = 0; mark < 6; mark += 1) live.push(jpeg(mark));
  await until(() => live.stats().completed + live.stats().failed === 6);
  assert.ok(
    errors.length >= 1 && errors.length <= 3,
    `${errors.length} of 3 frames in work failed`,
  );
  assert.ok(errors.every(({ code }) => code === "worker-died"));
  assert.equal(live.stats().completed, 6 - errors.length);
  await live.close();
});

for (const lost of [0, 1, 2, 3]) {
  test(`where worker ${lost} cannot be replaced, another one takes over its steps and models, and no frame fails`, async () => {
    const make = (number) =>
      number < 4 ? {} : assert.fail("no worker any more");
    const messages = startWith({ namesOf: (steps) => steps });
    const { live, workers, errors } = await fakeStream({}, make, messages);
    live.push(jpeg());
    await take(live, 1);
    const { steps } = live.stats().workers[lost];
    workers[lost].die();
    for (let mark = 1; mark < 20; mark += 1) live.push(jpeg(mark));
    const results = await take(live, 19);
    assert.deepEqual(
      results.map(({ index }) => index),
      Array.from({ length: 19 }, (_, number) => number + 1),
    );
    assert.deepEqual(errors, []);
    const served = live.stats().workers.map(({ steps }) => steps);
    assert.deepEqual(served[lost], []);
    const heir = served.findIndex((list) => list.includes(steps[0]));
    if (/Hand/.test(steps))
      assert.match(String(served[heir]), /leftHand|rightHand/);
    const models = workers[heir].got("model").map(({ name }) => name);
    for (const step of steps) assert.ok(models.includes(step), step);
    await live.close();
  });
}

test("while nobody can get the models of lost steps, frames fail; once somebody can, they do not", async () => {
  const make = (number) => (number < 4 ? {} : assert.fail("none any more"));
  const messages = startWith({ namesOf: (steps) => steps });
  const { models } = messages;
  let isOnline = false;
  messages.models = (...of) => {
    if (isOnline) return models(...of);
    throw new LiveKeypointsError("asset-unreachable", "offline");
  };
  const { live, workers, errors } = await fakeStream({}, make, messages);
  workers[3].die();
  live.push(jpeg(0));
  live.push(jpeg(1));
  await until(() => errors.length === 2);
  assert.deepEqual(
    errors.map(({ code, index }) => [index, code]),
    [
      [0, "worker-failed"],
      [1, "worker-failed"],
    ],
  );
  isOnline = true;
  await until(() => live.stats().workers[3].steps.length === 0);
  live.push(jpeg(2));
  assert.equal((await take(live, 1))[0].index, 2);
  assert.equal(errors.length, 2);
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
      ? { answer: ({ type }) => (type === "init" ? undefined : null) }
      : { hello: { protocol: 0, version: "0" } };
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
