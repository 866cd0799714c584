// The same package in Firefox: it starts, finds what it finds in Chromium, draws, and survives what a page does to it.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { firefox, launchFirefox } from "./firefox.mjs";
import { test } from "../limited.mjs";

const FRAMES = 8;
const isThere = firefox() !== undefined;

let chromium;
let fox;

before(async () => {
  if (!isThere) return;
  chromium = await openBrowser();
  fox = await launchFirefox();
  console.log(`Firefox ${fox.version}`);
});
after(async () => {
  await fox?.close();
  await chromium?.close();
});

/** A test in Firefox, skipped where there is none. */
function foxTest(name, path, body) {
  test(name, async (t) => {
    if (!isThere && !process.env.CI)
      return t.skip("there is no Firefox: install it, or name it in FIREFOX");
    const page = await fox.open(chromium.server.address + path);
    try {
      await body(page);
      assert.deepEqual(page.complaints, []);
    } finally {
      await page.close();
    }
  });
}

const BLANK = "/pages/blank.html";

/** Plays the clip on two workers. */
async function play(count) {
  const { playClip } = await import("/pages/harness.js");
  return playClip({ workers: 2, handWorld: true }, count);
}

foxTest(
  "under the strict policy it finds in a clip what Chromium finds",
  BLANK,
  async (page) => {
    const there = await page.run(play, FRAMES);
    const here = await inPage(
      chromium,
      `async (_harness, count) => (${play})(count)`,
      FRAMES,
    );
    assert.deepEqual([here.errors, there.errors], [[], []]);
    assert.equal(there.results.length, FRAMES);
    there.results.forEach((result, at) => {
      const { timings, ...lasting } = result;
      assert.ok(timings.total > 0);
      const { timings: _timings, ...expected } = here.results[at];
      assert.deepEqual(lasting, expected, `frame ${at}`);
    });
  },
);

foxTest(
  "frames of every kind are taken, bad ones fail alone, and keypoints are drawn",
  BLANK,
  async (page) => {
    const { found, codes, inked } = await page.run(async () => {
      const { LiveKeypoints, clipFrame } = await import("/pages/harness.js");
      const { drawKeypoints } = await import("/live-keypoints/draw.js");
      const live = await LiveKeypoints.create({
        ...{ workers: 2, quality: "lite" },
      });
      const bytes = await clipFrame(5);
      const bitmap = () => createImageBitmap(new Blob([bytes]));
      const canvas = document.createElement("canvas");
      const { width, height } = await bitmap();
      Object.assign(canvas, { width, height });
      const context = canvas.getContext("2d");
      context.drawImage(await bitmap(), 0, 0);
      const frames = {
        ...{ bytes, blob: new Blob([bytes]), bitmap: await bitmap(), canvas },
        imageData: context.getImageData(0, 0, width, height),
        videoFrame: new VideoFrame(canvas, { timestamp: 0 }),
      };
      const found = {};
      let last;
      for (const [kind, frame] of Object.entries(frames)) {
        last = await live.detect(frame);
        found[kind] = [last.pose, last.leftHand, last.face].map(Boolean);
      }
      const codes = [];
      live.on("error", ({ code, index }) => codes.push([code, index]));
      const index = live.push(bytes.slice(0, 200));
      while (codes.length === 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
      context.clearRect(0, 0, width, height);
      drawKeypoints(canvas, last);
      const { data } = context.getImageData(0, 0, width, height);
      let inked = 0;
      for (let at = 3; at < data.length; at += 4) inked += data[at] > 0;
      await live.close();
      return {
        ...{ found, inked },
        codes: codes.map(([code, at]) => [code, at - index]),
      };
    });
    assert.deepEqual(Object.keys(found).length, 6);
    for (const [kind, parts] of Object.entries(found))
      assert.deepEqual(parts, [true, true, true], kind);
    assert.deepEqual(codes, [["malformed-picture", 0]]);
    assert.ok(inked > 500, `${inked} pixels`);
  },
);

foxTest(
  "a camera is attached, and a worker that is killed is replaced",
  BLANK,
  async (page) => {
    const { widths, replaced, codes } = await page.run(async () => {
      const { LiveKeypoints } = await import("/pages/harness.js");
      const workers = [];
      const live = await LiveKeypoints.create({
        ...{ workers: 1, parts: ["pose"], quality: "lite", bufferSize: 1 },
        workerTimeoutMs: 3000,
        createWorker: () => {
          const type = "module";
          workers.push(new Worker("/live-keypoints/worker.js", { type }));
          return workers.at(-1);
        },
      });
      const codes = [];
      live.on("error", ({ code }) => codes.push(code));
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      live.attach(stream);
      const widths = [];
      for await (const { width } of live) {
        if (widths.push(width) === 3) workers[0].terminate();
        if (widths.length === 6) break;
      }
      const { replaced } = live.stats().workers[0];
      await live.close();
      for (const track of stream.getTracks()) track.stop();
      return { widths, replaced, codes };
    });
    assert.ok(widths.every((width) => width > 0));
    assert.equal(replaced, 1);
    assert.deepEqual(codes, ["worker-died"]);
  },
);

foxTest(
  "the demo starts by itself",
  "/?workers=1&parts=pose&quality=lite",
  async (page) => {
    const found = await page.run(async () => {
      while (!(demo.results >= 2) && demo.state !== "failed")
        await new Promise((resolve) => setTimeout(resolve, 20));
      return [demo.state, demo.last?.pose !== null];
    });
    assert.deepEqual(found, ["running", true]);
  },
);
