// A stream while it runs: piped, watched, in a hidden tab.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

test("frames are piped through, in order and without a drop, as fast as they are read", async () => {
  const { results, stats, isOpen } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, captureTime }) => {
      const live = await LiveKeypoints.create({
        ...{ workers: 2, parts: ["pose"], quality: "lite", bufferSize: 2 },
      });
      const clip = await clipFrames(12);
      const frames = new ReadableStream({
        async start(controller) {
          for (const [number, frame] of clip.entries()) {
            const given = number % 2 ? frame : new Blob([frame]);
            controller.enqueue({
              ...{ frame: given, timestampMs: captureTime(number) },
            });
          }
          controller.close();
        },
      });
      const results = [];
      for await (const {
        index,
        timestampMs,
        dropped,
        pose,
      } of frames.pipeThrough(live.transform())) {
        results.push({ index, timestampMs, dropped, points: pose?.length / 4 });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const stats = live.stats();
      const still = await live.detect(clip[0]);
      await live.close();
      return { results, stats, isOpen: still.pose !== null };
    },
  );
  assert.deepEqual(
    results,
    Array.from({ length: 12 }, (_, index) => ({
      index,
      timestampMs: ((index + 1) * 33_333) / 1000,
      ...{ dropped: 0, points: 33 },
    })),
  );
  assert.deepEqual([stats.completed, stats.dropped], [12, 0]);
  assert.ok(isOpen);
});

test("a stream that runs asks the network for nothing, and its stats say where time and memory went", async () => {
  const stats = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, run }) => {
      const live = await LiveKeypoints.create({ workers: 2, quality: "lite" });
      const frames = await clipFrames(5);
      const before = performance.getEntriesByType("resource").length;
      await run(live, frames);
      await live.detect(frames[0]);
      live.reset();
      const stats = live.stats();
      await live.close();
      const asked = performance.getEntriesByType("resource").length - before;
      return { ...stats, asked };
    },
  );
  assert.equal(stats.asked, 0);
  for (const stage of ["decode", "pose", "leftHand", "face", "total"]) {
    const { count, meanMs, maxMs, lastMs } = stats.stages[stage];
    assert.ok(count === 6 || stage === "leftHand", `${stage}: ${count}`);
    assert.ok(meanMs > 0 && meanMs <= maxMs && lastMs <= maxMs, stage);
  }
  assert.equal(stats.workers.length, 2);
  for (const { busyMs, memoryBytes, replaced } of stats.workers) {
    assert.ok(busyMs > 0 && memoryBytes > 1e6);
    assert.equal(replaced, 0);
  }
});

test("a hidden tab skips frames and keeps the session", async () => {
  const { whileHidden, indices, times } = await inPage(
    opened,
    async ({ LiveKeypoints }) => {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { width: 160, height: 120 },
      });
      const live = await LiveKeypoints.create({
        ...{ workers: 1, parts: ["pose"], quality: "lite", bufferSize: 1 },
      });
      const [indices, times] = [[], []];
      live.on("keypoints", ({ index, timestampMs }) => {
        indices.push(index);
        times.push(timestampMs);
      });
      const until = async (done) => {
        while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      let visibility = "visible";
      Object.defineProperty(document, "visibilityState", {
        get: () => visibility,
      });
      live.attach(stream);
      await until(() => indices.length >= 3);
      visibility = "hidden";
      const { received } = live.stats();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const whileHidden = live.stats().received - received;
      visibility = "visible";
      const before = indices.length;
      await until(() => indices.length >= before + 3);
      await live.close();
      return { whileHidden, indices, times };
    },
    undefined,
    { permissions: ["camera"] },
  );
  assert.equal(whileHidden, 0);
  assert.deepEqual(
    indices,
    [...indices].sort((a, b) => a - b),
  );
  const gaps = times.slice(1).map((time, at) => time - times[at]);
  assert.ok(Math.max(...gaps) > 400, "the pause shows in the capture times");
});

test("the page's own thread runs the small module only, whatever is pushed", async () => {
  const init = () => {
    globalThis.modules = [];
    const note = (made) => {
      const { exports } =
        made instanceof WebAssembly.Instance ? made : made.instance;
      modules.push(exports);
      return made;
    };
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const original = WebAssembly[name];
      WebAssembly[name] = (...given) => original(...given).then(note);
    }
  };
  const found = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, run, playingVideo }) => {
      const live = await LiveKeypoints.create({ workers: 2, quality: "lite" });
      const frames = await clipFrames(3);
      const blob = new Blob([frames[0]]);
      await run(live, [...frames, await createImageBitmap(blob)]);
      const video = await playingVideo(640, 480);
      await live.detect(video);
      video.srcObject.getTracks()[0].stop();
      await live.close();
      return modules.map(({ memory, ...functions }) => ({
        bytes: memory.buffer.byteLength,
        runs: Object.keys(functions).filter((name) =>
          /^inferenceworker_/.test(name),
        ),
        schedules: "pagestream_pump" in functions,
      }));
    },
    undefined,
    { init },
  );
  assert.equal(found.length, 1);
  const [{ bytes, runs, schedules }] = found;
  assert.ok(schedules);
  assert.deepEqual(runs, []);
  // No pixels pass through it: that is less than four frames of this size.
  assert.ok(bytes < 4 * 640 * 480 * 3, `${bytes} bytes`);
});
