// Streams that a relay computes: what a real browser makes of frames that are no JPEG, and what the real relay makes of
// the clip.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser, openPage } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";

let opened;
let relay;

before(async () => {
  opened = await openBrowser();
  relay = await startRelay(opened.server, ["--workers", "2"]);
});
after(async () => {
  await relay?.stop();
  await opened.close();
});

test("every kind of frame reaches the relay as the JPEG of its picture, and JPEG bytes as they are", async () => {
  const { sent, errors, clip, isClosed } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, RelaySocket }) => {
      const sockets = [];
      const live = await LiveKeypoints.connect("wss://relay.example/", {
        maxFramesInFlight: 64,
        createSocket: () => {
          sockets.push(new RelaySocket());
          return sockets[0];
        },
      });
      const errors = [];
      live.on("error", ({ code }) => errors.push(code));
      const canvas = new OffscreenCanvas(32, 16);
      const context = canvas.getContext("2d");
      context.fillStyle = "rgb(200, 40, 20)";
      context.fillRect(0, 0, 32, 16);
      const onPage = document.createElement("canvas");
      [onPage.width, onPage.height] = [32, 16];
      onPage.getContext("2d").drawImage(canvas, 0, 0);
      const image = new Image();
      image.src = URL.createObjectURL(await canvas.convertToBlob());
      await image.decode();
      const clip = await clipFrame(0);
      const bitmap = await createImageBitmap(canvas);
      const video = new VideoFrame(canvas, { timestamp: 5_000_000 });
      const frames = [
        ...[context.getImageData(0, 0, 32, 16), canvas, onPage, image],
        ...[bitmap, video, clip, clip.slice().buffer, new Blob([clip])],
      ];
      for (const frame of frames) live.push(frame);
      await sockets[0].gets(frames.length);
      const sent = [];
      for (const { jpeg, timestampMs } of sockets[0].frames) {
        const picture = await createImageBitmap(new Blob([jpeg]));
        context.drawImage(picture, 0, 0, 32, 16);
        sent.push({
          size: [picture.width, picture.height],
          color: [...context.getImageData(9, 9, 1, 1).data.slice(0, 3)],
          isSame:
            jpeg.length === clip.length && jpeg.every((b, i) => b === clip[i]),
          timestampMs,
        });
      }
      const isClosed = [bitmap.width === 0, video.format === null];
      await live.close();
      return { sent, errors, clip: clip.length, isClosed };
    },
  );
  assert.deepEqual(errors, []);
  assert.ok(clip > 1000);
  assert.equal(sent.length, 9);
  for (const { size, color } of sent.slice(0, 6)) {
    assert.deepEqual(size, [32, 16]);
    color.forEach((value, channel) =>
      assert.ok(Math.abs(value - [200, 40, 20][channel]) < 8, `${color}`),
    );
  }
  assert.equal(sent[5].timestampMs, 5000);
  assert.deepEqual(
    sent.map(({ isSame }) => isSame),
    [...Array(6).fill(false), true, true, true],
  );
  assert.deepEqual(isClosed, [true, true]);
});

test("a picture over the limit is told, and a video that plays is sent", async () => {
  const { codes, sizes } = await inPage(
    opened,
    async ({ LiveKeypoints, RelaySocket, playingVideo }) => {
      const socket = new RelaySocket();
      const live = await LiveKeypoints.connect("wss://relay.example/", {
        ...{ maxPixels: 100, createSocket: () => socket },
      });
      const codes = [];
      live.on("error", ({ code }) => codes.push(code));
      live.push(new ImageData(20, 20));
      const video = await playingVideo(10, 8);
      live.attach(video);
      await socket.gets(3);
      await live.close();
      video.srcObject.getTracks()[0].stop();
      const sizes = [];
      for (const { jpeg } of socket.frames) {
        const { width, height } = await createImageBitmap(new Blob([jpeg]));
        sizes.push([width, height]);
      }
      return { codes, sizes };
    },
  );
  assert.deepEqual(codes, ["too-many-pixels"]);
  for (const size of sizes) assert.deepEqual(size, [10, 8]);
});

/** A test against the real relay, skipped where its program is not named. */
function relayTest(name, body) {
  test(name, async (t) => {
    if (!relay && !process.env.CI)
      return t.skip("LIVE_KEYPOINTS_RELAY is not set");
    await body();
  });
}

/** Runs in a page that may connect to the relay; `url` comes before the harness's argument. */
const withRelay = (body, options) =>
  inPage(opened, body, relay.url, { path: PAGE, ...options });

relayTest("the relay gives what the page gives, bit for bit", async () => {
  const frames = 12;
  const { here, there, binary, errors, stats } = await withRelay(
    async (harness, url) => {
      const { LiveKeypoints, clipFrames, run } = harness;
      const clip = await clipFrames(12);
      const play = async (live) => {
        const { results, errors } = await run(live, clip);
        const stats = live.stats();
        await live.close();
        return { results, errors, stats };
      };
      const here = await play(await LiveKeypoints.create({ workers: 2 }));
      const connect = (format) =>
        LiveKeypoints.connect(url, { format, maxFramesInFlight: 16 });
      const there = await play(await connect("json"));
      const binary = await play(await connect("binary"));
      return {
        ...{ here: here.results, there: there.results },
        ...{ binary: binary.results, stats: there.stats },
        errors: [here, there, binary].flatMap(({ errors }) => errors),
      };
    },
  );
  assert.deepEqual(errors, []);
  assert.equal(here.length, frames);
  const parts = ["pose", "poseWorld", "leftHand", "rightHand", "face"];
  here.forEach((result, at) => {
    for (const other of [there[at], binary[at]]) {
      for (const key of ["index", "timestampMs", "width", "height", ...parts])
        assert.deepEqual(other[key], result[key], `frame ${at}, ${key}`);
    }
    const { scores, missing, timings, dropped } = there[at];
    assert.deepEqual(missing, result.missing);
    for (const [part, score] of Object.entries(result.scores))
      assert.equal(Math.fround(scores[part]), score, part);
    assert.equal(dropped, 0);
    assert.ok(timings.pose > 0 && timings.total > timings.pose);
    assert.deepEqual(binary[at].missing, {});
  });
  assert.deepEqual(
    [stats.received, stats.completed, stats.connection.state],
    [frames, frames, "open"],
  );
});

relayTest(
  "hands in metres come from the relay as from the page, where they are asked for",
  async () => {
    const { asked, unasked } = await withRelay(
      async ({ LiveKeypoints, clipFrame, plain }, url) => {
        const frame = await clipFrame(5);
        const still = async (live) => {
          const result = plain(await live.detect(frame));
          await live.close();
          return result;
        };
        const streams = (options) => [
          LiveKeypoints.create({ workers: 1, ...options }),
          LiveKeypoints.connect(url, { format: "json", ...options }),
          LiveKeypoints.connect(url, { format: "binary", ...options }),
        ];
        const results = async (options) => {
          const found = [];
          for (const live of streams(options))
            found.push(await still(await live));
          return found;
        };
        return {
          asked: await results({ handWorld: true }),
          unasked: await results({}),
        };
      },
    );
    const [here, ...there] = asked;
    assert.equal(here.leftHandWorld.length, 21 * 3);
    assert.equal(here.rightHandWorld, null);
    for (const result of there)
      for (const key of ["leftHand", "leftHandWorld", "rightHandWorld"])
        assert.deepEqual(result[key], here[key], key);
    for (const result of unasked)
      assert.ok(!("leftHandWorld" in result || "rightHandWorld" in result));
  },
);

relayTest("stills, bad frames, reset and options reach the relay", async () => {
  const { still, again, errors, next, keys } = await withRelay(
    async ({ LiveKeypoints, clipFrame, plain }, url) => {
      const live = await LiveKeypoints.connect(url, {
        ...{ parts: ["hands"], format: "json", quality: "lite" },
        ...{ handSmoothing: true, faceSmoothing: false, bufferSize: 1 },
      });
      const errors = [];
      live.on("error", ({ code, index }) => errors.push([index, code]));
      const frame = await clipFrame(5);
      const still = plain(await live.detect(frame));
      live.push(Uint8Array.of(0xff, 0xd8, 1, 2, 3));
      while (errors.length === 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
      live.reset();
      live.push(frame);
      let next;
      for await (const keypoints of live) {
        next = plain(keypoints);
        break;
      }
      const again = plain(await live.detect(frame));
      await live.close();
      return { still, again, errors, next, keys: Object.keys(next) };
    },
  );
  assert.equal(still.index, 0);
  assert.deepEqual(errors, [[1, "malformed-picture"]]);
  assert.equal(next.index, 2);
  assert.equal(still.leftHand.length, 63);
  assert.deepEqual(again.leftHand, still.leftHand, "stills have no memory");
  assert.ok(!keys.includes("pose") && !keys.includes("face"), `${keys}`);
});

relayTest("a relay that is replaced costs the frames under way", async () => {
  let first = await startRelay(opened.server, ["--workers", "2"]);
  const { port } = new URL(first.url);
  const { page, close, unexpected } = await openPage(opened, PAGE, {
    expected: [/WebSocket connection to .* failed/],
  });
  try {
    await page.evaluate(async (url) => {
      const { LiveKeypoints, clipFrames } = await import("/pages/harness.js");
      const frames = await clipFrames(10);
      const live = await LiveKeypoints.connect(url, {
        ...{ parts: ["pose"], quality: "lite" },
        ...{ reconnect: { firstMs: 100, mostMs: 300 } },
      });
      globalThis.seen = { results: [], errors: [], states: [] };
      globalThis.live = live;
      live.on("keypoints", ({ index }) => seen.results.push(index));
      live.on("error", ({ code, index }) => seen.errors.push([index, code]));
      live.on("connection", ({ state }) => seen.states.push(state));
      let number = 0;
      globalThis.camera = setInterval(
        () => live.push(frames[number++ % 10]),
        40,
      );
    }, first.url);
    await page.waitForFunction(() => seen.results.length > 5);
    await first.stop();
    await page.waitForFunction(() => seen.states.includes("waiting"));
    const before = await page.evaluate(() => seen.results.length);
    first = await startRelay(opened.server, [
      ...["--workers", "2", "--listen", `127.0.0.1:${port}`],
    ]);
    await page.waitForFunction(
      (before) => seen.results.length > before + 5,
      before,
    );
    const { seen, stats } = await page.evaluate(async () => {
      clearInterval(camera);
      while (live.stats().inFlight + live.stats().buffered > 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
      const stats = live.stats();
      await live.close();
      return { seen, stats };
    });
    assert.ok(seen.errors.every(([, code]) => code === "connection-lost"));
    assert.equal(stats.completed, seen.results.length);
    assert.equal(stats.failed, seen.errors.length);
    assert.equal(
      stats.received,
      stats.completed + stats.failed + stats.dropped,
    );
    assert.deepEqual(unexpected(), []);
  } finally {
    await close();
    await first.stop();
  }
});
