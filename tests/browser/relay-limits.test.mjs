// Streams on the real relay where it limits them: no frame is lost without a word, and nobody waits in vain.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { openBrowser, openPage } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";

const FRAMES = 60;

let opened;

before(async () => (opened = await openBrowser()));
after(() => opened.close());

/** Runs in a page of the package, with a relay of its own; skipped where its program is not named. */
function limitTest(name, options, body) {
  test(name, async (t) => {
    if (!process.env.LIVE_KEYPOINTS_RELAY && !process.env.CI)
      return t.skip("LIVE_KEYPOINTS_RELAY is not set");
    const relay = await startRelay(opened.server, [
      "--workers",
      "2",
      ...options,
    ]);
    const { page, close, unexpected } = await openPage(opened, PAGE);
    try {
      await body(page, relay);
      assert.deepEqual(unexpected(), []);
    } finally {
      await close();
      await relay.stop();
    }
  });
}

/** What the relay counts under a name. */
async function metric({ url }, name) {
  const response = await fetch(
    url.replace("ws:", "http:").replace("/live-signs", "/metrics"),
  );
  const lines = (await response.text()).split("\n");
  const line = lines.find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

/** Pushes frames faster than the relay takes them, and tells what became of them once none is open. */
async function pushTooFast({ url, count, isPaced }) {
  const { LiveKeypoints, clipFrames } = await import("/pages/harness.js");
  /** A socket that keeps the limit to itself, as of a client that does not know of it. */
  class Unpaced extends WebSocket {
    addEventListener(type, listener) {
      super.addEventListener(type, (event) => {
        const { data } = event;
        if (type !== "message" || typeof data !== "string")
          return listener(event);
        listener({ data: data.replace(/"max_fps":\d+/, '"max_fps":null') });
      });
    }
  }
  const Socket = isPaced ? WebSocket : Unpaced;
  const clip = await clipFrames(10);
  const live = await LiveKeypoints.connect(url, {
    ...{ parts: ["pose"], quality: "lite", bufferSize: 2 },
    createSocket: (...given) => new Socket(...given),
  });
  const indices = [];
  const told = { dropped: 0, failed: 0 };
  live.on("keypoints", ({ index, dropped }) => {
    indices.push(index);
    told.dropped += dropped;
  });
  live.on("error", () => (told.failed += 1));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (let number = 0; number < count; number += 1) {
    live.push(clip[number % clip.length]);
    await pause();
  }
  while (live.stats().inFlight + live.stats().buffered > 0) await pause();
  const stats = live.stats();
  await live.close();
  return { indices, told, stats };
}

for (const isPaced of [true, false]) {
  limitTest(
    `over a limit on the rate ${isPaced ? "nothing is uploaded" : "frames are dropped"}, and the last frame is answered`,
    ["--max-fps", "5"],
    async (page, relay) => {
      const { indices, told, stats } = await page.evaluate(pushTooFast, {
        ...{ url: relay.url, count: FRAMES, isPaced },
      });
      assert.equal(indices.at(-1), FRAMES - 1);
      assert.equal(indices.length + told.dropped, FRAMES);
      assert.deepEqual(
        [stats.received, stats.completed, stats.dropped, stats.failed],
        [FRAMES, indices.length, told.dropped, told.failed],
      );
      assert.equal(told.failed, 0);
      assert.equal(stats.connection.lost, 0);
      assert.ok(told.dropped > 0);
      const ofRate = 'live_keypoints_frames_dropped_total{reason="rate"}';
      const droppedThere = await metric(relay, ofRate);
      assert.equal(droppedThere > 0, !isPaced, `${droppedThere}`);
    },
  );
}

limitTest(
  "a stream outlives the sessions of a relay that ends them by their age",
  ["--max-session-secs", "1"],
  async (page, relay) => {
    const { codes, errors, received, results, stats } = await page.evaluate(
      async (url) => {
        const { LiveKeypoints, clipFrames } = await import("/pages/harness.js");
        const clip = await clipFrames(10);
        const codes = [];
        const live = await LiveKeypoints.connect(url, {
          ...{ parts: ["pose"], quality: "lite" },
          reconnect: { firstMs: 100, mostMs: 400 },
          createSocket: (...given) => {
            const socket = new WebSocket(...given);
            socket.addEventListener("close", ({ code }) => codes.push(code));
            return socket;
          },
        });
        const errors = [];
        let results = 0;
        live.on("error", ({ code }) => errors.push(code));
        live.on("keypoints", () => (results += 1));
        let sessions = 1;
        live.on("connection", ({ state }) => {
          if (state === "open") sessions += 1;
        });
        const pause = () => new Promise((resolve) => setTimeout(resolve, 40));
        let received = 0;
        const began = performance.now();
        // Two sessions end by their age, and the third one computes.
        let before = Infinity;
        while (results <= before) {
          live.push(clip[received++ % clip.length]);
          await pause();
          if (sessions === 3 && before === Infinity) before = results;
          if (performance.now() - began > 30_000)
            throw new Error(`${sessions} sessions, ${results} results`);
        }
        while (live.stats().inFlight + live.stats().buffered > 0) await pause();
        const stats = live.stats();
        await live.close();
        return { codes, errors, received, results, stats };
      },
      relay.url,
    );
    assert.deepEqual(codes.slice(0, 2), [1001, 1001]);
    assert.ok(errors.every((code) => code === "connection-lost"));
    assert.deepEqual(
      [stats.received, stats.completed, stats.failed],
      [received, results, errors.length],
    );
    assert.equal(results + errors.length + stats.dropped, received);
    // No more sessions than their age makes necessary, with one more under way.
    const opened = await metric(relay, "live_keypoints_sessions_opened_total");
    assert.equal(opened, stats.connection.lost + 1);
  },
);
