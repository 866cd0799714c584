import assert from "node:assert/strict";

import { fakeStream, jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

test("stats tell each stage's time and each worker's memory", async () => {
  const { live } = await fakeStream({ workers: 2, parts: ["pose", "face"] });
  assert.equal(live.engine, "page");
  assert.deepEqual(live.stats().stages, {});
  assert.deepEqual(
    live.stats().workers.map(({ memoryBytes }) => memoryBytes),
    [1000, 1000],
  );
  for (let mark = 0; mark < 3; mark += 1) live.push(jpeg(mark));
  await take(live, 3);
  const { stages, workers } = live.stats();
  assert.deepEqual(stages.pose, {
    ...{ count: 3, meanMs: 0.02, maxMs: 0.02, lastMs: 0.02 },
  });
  assert.equal(stages.decode.count, 3);
  assert.equal(stages.leftHand, undefined);
  assert.ok(stages.total.maxMs >= stages.total.meanMs);
  assert.deepEqual(
    workers.map(({ memoryBytes }) => memoryBytes),
    [3000, 2000],
    "where nobody is found, only the pose's worker runs a model",
  );
  await live.close();
});

test("listeners end by off, by the function that on gave, and by a signal", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const seen = [];
  const controller = new AbortController();
  const { signal } = controller;
  live.on("keypoints", () => seen.push("signal"), { signal });
  live.on("keypoints", () => seen.push("never"), {
    signal: AbortSignal.abort(),
  });
  const off = live.on("keypoints", () => seen.push("function"));
  live.push(jpeg());
  await until(() => seen.length === 2);
  controller.abort();
  off();
  live.push(jpeg());
  await until(() => live.stats().unread === 1);
  assert.deepEqual(seen, ["signal", "function"]);
  await live.close();
});
