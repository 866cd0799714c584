// Cameras that end and are replaced, and videos that begin anew.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

const camera = { permissions: ["camera"] };

test("a camera that ends is told, however it was attached", async () => {
  const seen = await inPage(
    opened,
    async ({ LiveKeypoints, openCamera, frameWithin, until }) => {
      const seen = {};
      for (const kind of ["track", "stream", "video"]) {
        const live = await LiveKeypoints.create({
          ...{ workers: 1, parts: ["pose"], quality: "lite", bufferSize: 1 },
        });
        const ended = [];
        live.on("source-ended", ({ source }) => ended.push(source));
        const { stream, track, video } = await openCamera(160);
        const source = { stream, track, video }[kind];
        live.attach(source);
        await frameWithin(live, 160);
        const before = ended.length;
        track.stop();
        await until(() => ended.length > 0);
        await new Promise((resolve) => setTimeout(resolve, 600));
        seen[kind] = [before, ended.length, ended[0] === source];
        await live.close();
      }
      return seen;
    },
    undefined,
    camera,
  );
  const once = [0, 1, true];
  assert.deepEqual(seen, { track: once, stream: once, video: once });
});

test("a track that replaces another in a stream, and a stream in a <video>, are followed", async () => {
  const seen = await inPage(
    opened,
    async ({ LiveKeypoints, openCamera, frameWithin, until }) => {
      const seen = [];
      for (const [kind, replace] of [
        [
          "stream",
          ({ stream, track }, other) => {
            stream.removeTrack(track);
            stream.addTrack(other.track);
          },
        ],
        [
          "video",
          ({ stream, track }, other) => {
            stream.removeTrack(track);
            stream.addTrack(other.track);
          },
        ],
        [
          "video",
          ({ video, track }, other) => {
            video.srcObject = other.stream;
            track.stop();
            void video.play();
          },
        ],
      ]) {
        const live = await LiveKeypoints.create({
          ...{ workers: 1, parts: ["pose"], quality: "lite", bufferSize: 1 },
        });
        let ended = 0;
        live.on("source-ended", () => (ended += 1));
        const first = await openCamera(160);
        const second = await openCamera(320);
        live.attach(first[kind]);
        await frameWithin(live, 160);
        replace(first, second);
        await frameWithin(live, 320);
        const endedBefore = ended;
        second.track.stop();
        await until(() => ended > 0);
        seen.push([kind, endedBefore, ended]);
        await live.close();
        first.track.stop();
      }
      return seen;
    },
    undefined,
    camera,
  );
  assert.deepEqual(seen, [
    ["stream", 0, 1],
    ["video", 0, 1],
    ["video", 0, 1],
  ]);
});

test("a clip that is played again is smoothed again, the same by one worker as by four", async () => {
  const { smoothed, raw, one } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, run }) => {
      const clip = await clipFrames(6);
      const twice = [...clip, ...clip];
      const play = async (options) => {
        const live = await LiveKeypoints.create(options);
        const time = (number) => (number % clip.length) * 40 - 80;
        const { results } = await run(live, twice, time);
        await live.close();
        return results.map(({ timestampMs, pose, leftHand }) => [
          timestampMs,
          pose && [...pose],
          leftHand && [...leftHand],
        ]);
      };
      return {
        smoothed: await play({ workers: 4, handSmoothing: true }),
        raw: await play({ workers: 4, smoothing: false }),
        one: await play({ workers: 1, handSmoothing: true }),
      };
    },
  );
  assert.equal(smoothed.length, 12);
  assert.deepEqual(
    smoothed.map(([time]) => time),
    [...Array(2)].flatMap(() => [-80, -40, 0, 40, 80, 120]),
  );
  assert.deepEqual(one, smoothed);
  // The first frame of each round passes; all others move by less than unsmoothed ones.
  for (let at = 0; at < 12; at += 1) {
    const isFirst = at % 6 === 0;
    assert.equal(smoothed[at][1][0] === raw[at][1][0], isFirst, `frame ${at}`);
  }
});
