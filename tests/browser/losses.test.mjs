// A worker that nothing can replace, and a module of the page's that traps: what else there is goes on.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";
import { breakable } from "./trap.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

for (const [what, isOffline] of [
  ["another one serves its steps", false],
  ["the other hand's worker serves it, though no file can be had", true],
])
  test(`a worker is lost and none can be started: ${what}`, async () => {
    const { results, steps, codes } = await inPage(
      opened,
      async ({ LiveKeypoints, clipFrame }, isOffline) => {
        const workers = [];
        const createWorker = () => {
          if (workers.length === 4) throw new Error("no worker any more");
          workers.push(
            new Worker("/live-keypoints/worker.js", { type: "module" }),
          );
          return workers.at(-1);
        };
        const live = await LiveKeypoints.create({
          ...{ quality: "lite", createWorker, workerTimeoutMs: 5000 },
          cache: !isOffline,
        });
        const frame = await clipFrame(0);
        if (isOffline)
          globalThis.fetch = () => Promise.reject(new TypeError("offline"));
        const codes = [];
        const results = [];
        live.on("error", ({ code }) => codes.push(code));
        live.on("keypoints", ({ pose, leftHand, rightHand, face }) =>
          results.push([pose, leftHand, rightHand, face].map((part) => !!part)),
        );
        const push = async () => {
          const before = codes.length + results.length;
          live.push(frame);
          while (codes.length + results.length === before)
            await new Promise((resolve) => setTimeout(resolve, 10));
        };
        await push();
        workers[isOffline ? 1 : 3].postMessage({ type: "nonsense" });
        for (let turn = 0; turn < 8; turn += 1) await push();
        const steps = live.stats().workers.map(({ steps }) => steps);
        await live.close();
        return { results, steps, codes };
      },
      isOffline,
    );
    assert.ok(codes.length <= 1, `${codes}`);
    assert.ok(results.length >= 8);
    for (const parts of results) assert.deepEqual(parts, results[0]);
    const lost = isOffline ? 1 : 3;
    assert.deepEqual(steps[lost], []);
    const step = isOffline ? "leftHand" : "face";
    assert.equal(steps.flat().filter((served) => served === step).length, 1);
  });

test("a trap of the page's module ends its stream; another one goes on, and a new one can be opened", async () => {
  const found = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame }) => {
      const options = { workers: 1, parts: ["pose"], quality: "lite" };
      const frame = await clipFrame(0);
      const [one, other] = [
        await LiveKeypoints.create(options),
        await LiveKeypoints.create(options),
      ];
      const ended = new Promise((resolve) => one.on("error", resolve));
      globalThis.trapNext = true;
      one.push(frame);
      const { code } = await ended;
      const poses = [(await other.detect(frame)).pose !== null];
      const next = await LiveKeypoints.create(options);
      poses.push((await next.detect(frame)).pose !== null);
      await Promise.all([other.close(), next.close()]);
      return { code, poses };
    },
    undefined,
    { init: breakable },
  );
  assert.deepEqual(found, { code: "internal", poses: [true, true] });
});
