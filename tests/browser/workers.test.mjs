// Workers that die, and closing.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

for (const [how, end] of [
  ["is killed without a word", "terminate"],
  ["throws", "confuse"],
]) {
  test(`a worker that ${how} costs its frame, is replaced, and the stream goes on`, async () => {
    const { codes, results, replaced } = await inPage(
      opened,
      async ({ LiveKeypoints, clipFrames, captureTime }, end) => {
        const workers = [];
        const createWorker = () => {
          const worker = new Worker("/live-keypoints/worker.js", {
            type: "module",
          });
          workers.push(worker);
          return worker;
        };
        const live = await LiveKeypoints.create({
          workers: 3,
          createWorker,
          workerTimeoutMs: 3000,
        });
        const codes = [];
        const results = [];
        live.on("error", ({ code }) => codes.push(code));
        live.on("keypoints", ({ index }) => results.push(index));
        const frames = await clipFrames(20);
        let number = 0;
        const play = async (until) => {
          for (; results.length + codes.length < until; number += 1) {
            live.push(frames[number % 20], {
              timestampMs: captureTime(number),
            });
            while (results.length + codes.length <= number - 2)
              await new Promise((resolve) => setTimeout(resolve, 5));
          }
        };
        await play(4);
        end === "terminate"
          ? workers[1].terminate()
          : workers[1].postMessage({ type: "nonsense" });
        await play(14);
        const replaced = live.stats().workers.map((worker) => worker.replaced);
        await live.close();
        return { codes, results, replaced };
      },
      end,
    );
    assert.deepEqual(replaced, [0, 1, 0]);
    assert.ok(
      codes.length <= 3 && codes.every((code) => code === "worker-died"),
      `${codes}`,
    );
    assert.ok(results.length >= 11);
    assert.deepEqual(
      results,
      [...results].sort((a, b) => a - b),
    );
  });
}

test("a killed worker's step is reported as worker-died", async () => {
  const errors = await inPage(opened, async ({ LiveKeypoints, clipFrame }) => {
    let worker;
    const createWorker = () =>
      (worker = new Worker("/live-keypoints/worker.js", { type: "module" }));
    const live = await LiveKeypoints.create({
      workers: 1,
      parts: ["pose"],
      createWorker,
      workerTimeoutMs: 2000,
    });
    const errors = [];
    live.on("error", ({ code, index }) => errors.push({ code, index }));
    live.push(await clipFrame(0));
    worker.terminate();
    while (live.stats().failed === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const still = await live.detect(await clipFrame(1));
    await live.close();
    return { errors, found: still.pose !== null };
  });
  assert.deepEqual(errors, {
    errors: [{ code: "worker-died", index: 0 }],
    found: true,
  });
});

for (const [how, fault] of [
  ["traps", "trap"],
  ["runs out of memory", "memory"],
]) {
  test(`a worker whose module ${how} is replaced, its frame is told, and the stream goes on`, async () => {
    const { errors, found, workers } = await inPage(
      opened,
      async ({ LiveKeypoints, clipFrame, canvasJpeg }, fault) => {
        const made = [];
        const createWorker = () => {
          made.push(new Worker("/pages/fault-worker.js", { type: "module" }));
          return made.at(-1);
        };
        const live = await LiveKeypoints.create({
          ...{ workers: 1, parts: ["pose"], quality: "lite", createWorker },
        });
        const errors = [];
        const found = [];
        live.on("error", ({ code, index }) => errors.push([index, code]));
        live.on("keypoints", ({ index, pose }) => found.push([index, !!pose]));
        const frame = await clipFrame(0);
        const push = async (picture) => {
          const index = live.push(picture);
          while (errors.length + found.length <= index)
            await new Promise((resolve) => setTimeout(resolve, 10));
        };
        await push(frame);
        made[0].postMessage({ fault });
        // 36 MB of pixels, for which the worker has no room yet.
        await push(await canvasJpeg(4000, 3000));
        for (let turn = 0; turn < 3; turn += 1) await push(frame);
        const { workers } = live.stats();
        await live.close();
        return { errors, found, workers };
      },
      fault,
    );
    assert.deepEqual(errors, [[1, "worker-died"]]);
    assert.deepEqual(found, [
      [0, true],
      [2, true],
      [3, true],
      [4, true],
    ]);
    assert.equal(workers[0].replaced, 1);
    assert.ok(workers[0].memoryBytes < 1e9, "the memory was given back");
  });
}

test("close ends iteration and detection, and leaves no worker behind", async () => {
  const { page, close } = await openPage(opened, "/pages/blank.html");
  const open = page.evaluate(async () => {
    const { LiveKeypoints, clipFrames } = await import("/pages/harness.js");
    const live = await LiveKeypoints.create({ workers: 2 });
    const frames = await clipFrames(5);
    for (const frame of frames) live.push(frame);
    const loop = (async () => {
      for await (const _keypoints of live);
    })();
    const detection = live.detect(frames[0]).catch(({ code }) => code);
    globalThis.end = async () => {
      await live.close();
      await loop;
      return detection;
    };
  });
  await open;
  assert.equal(page.workers().length, 2);
  assert.equal(await page.evaluate(() => globalThis.end()), "closed");
  // The browser ends them when it comes to it; the test's limit ends the wait for one that stays.
  while (page.workers().length > 0) await page.waitForTimeout(20);
  await close();
});

test("streams can be opened and closed one after the other, and side by side", async () => {
  const found = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, plain }) => {
      const frame = await clipFrame(3);
      const options = { workers: 1, parts: ["pose"], quality: "lite" };
      const found = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const live = await LiveKeypoints.create(options);
        found.push(plain(await live.detect(frame)).pose);
        await live.close();
      }
      const both = await Promise.all([
        LiveKeypoints.create(options),
        LiveKeypoints.create(options),
      ]);
      for (const live of both) found.push(plain(await live.detect(frame)).pose);
      await Promise.all(both.map((live) => live.close()));
      return found;
    },
  );
  assert.equal(found.length, 5);
  assert.equal(found[0].length, 33 * 4);
  for (const pose of found) assert.deepEqual(pose, found[0]);
});

test("a worker without a frame runs its models once, and then waits", async () => {
  const { asked, found, askedLater } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame }) => {
      let asked = 0;
      const channel = new BroadcastChannel("warm-up");
      channel.onmessage = () => (asked += 1);
      const live = await LiveKeypoints.create({
        ...{ workers: 1, parts: ["pose"], quality: "lite" },
        createWorker: () =>
          new Worker("/pages/warm-up-worker.js", { type: "module" }),
      });
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      while (asked < 3) await pause(10);
      const still = await live.detect(await clipFrame(0));
      const before = asked;
      await pause(500);
      await live.close();
      channel.close();
      return { asked: before, found: still.pose !== null, askedLater: asked };
    },
  );
  // Detector, landmarks, and the answer that none is left.
  assert.deepEqual([asked, askedLater, found], [3, 3, true]);
});

test("a stream can be made inside a worker of the page's", async () => {
  const answer = await inPage(opened, async ({ clipFrames }) => {
    const worker = new Worker("/pages/in-worker.js", { type: "module" });
    const answered = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    const frames = await clipFrames(2);
    worker.postMessage({ frames, options: { workers: 2, quality: "lite" } });
    const answer = await answered;
    worker.terminate();
    return answer;
  });
  assert.deepEqual(answer, {
    found: [
      [0, 0, true, true],
      [1, 1, true, true],
    ],
    workers: 2,
  });
});

test("streams that are closed, fail to start or lose a worker leave nothing behind", async () => {
  const { page, close } = await openPage(opened, "/pages/blank.html");
  const client = await page.context().newCDPSession(page);
  /** How many objects of a class there are after garbage collection. */
  const count = async (name) => {
    await client.send("HeapProfiler.collectGarbage");
    const prototype = await client.send("Runtime.evaluate", {
      expression: `${name}.prototype`,
    });
    const { objects } = await client.send("Runtime.queryObjects", {
      prototypeObjectId: prototype.result.objectId,
      objectGroup: "counted",
    });
    const length = await client.send("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: "function () { return this.length; }",
    });
    await client.send("Runtime.releaseObjectGroup", { objectGroup: "counted" });
    return length.result.value;
  };
  await page.evaluate(async () => {
    const { LiveKeypoints, clipFrame } = await import("/pages/harness.js");
    const frame = await clipFrame(0);
    const options = { workers: 2, quality: "lite" };
    for (let turn = 0; turn < 2; turn += 1) {
      const live = await LiveKeypoints.create(options);
      live.push(frame);
      live.push(await createImageBitmap(new Blob([frame])));
      await live.detect(frame);
      live.push(frame);
      await live.close();
    }
    const workers = [];
    const createWorker = () => {
      const worker = new Worker("/live-keypoints/worker.js", {
        type: "module",
      });
      workers.push(worker);
      return worker;
    };
    const lossy = await LiveKeypoints.create({ ...options, createWorker });
    workers[1].postMessage("nonsense");
    await lossy.detect(frame).catch(() => {});
    await lossy.close();
    await LiveKeypoints.create({
      ...options,
      assets: { models: { face_landmarks_478: new Uint8Array(9) } },
    }).catch(() => {});
    const signal = AbortSignal.timeout(30);
    await LiveKeypoints.create({ ...options, signal }).catch(() => {});
  });
  // Each stream has a memory of its own. The browser ends workers, and lets go, when it comes to it; the test's limit ends
  // the wait for what stays.
  while (page.workers().length > 0) await page.waitForTimeout(20);
  for (const name of ["WebAssembly.Memory", "Worker", "MessagePort"])
    while ((await count(name)) > 0) await page.waitForTimeout(50);
  await close();
});
