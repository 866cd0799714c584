// What the package computes: the same for any number of workers, and what MediaPipe computes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

const PARTS = [
  "pose",
  "poseWorld",
  "leftHand",
  "rightHand",
  "leftHandWorld",
  "rightHandWorld",
  "face",
];

let opened;
/** Results of the clip on one worker, by frame. */
let alone;

before(async () => {
  opened = await openBrowser();
  alone = await inPage(opened, (harness) =>
    harness.playClip({ workers: 1, handWorld: true }),
  );
});
after(() => opened.close());

/** What must not depend on the number of workers. */
const lasting = ({ timings: _timings, ...rest }) => rest;

test("one worker finds body, left hand and face in every frame of the clip", () => {
  assert.deepEqual(alone.errors, []);
  assert.equal(alone.results.length, 43);
  alone.results.forEach((result, index) => {
    assert.equal(result.index, index);
    assert.equal(result.timestampMs, Math.round((index + 1) * 33_333) / 1000);
    assert.deepEqual(
      [result.width, result.height, result.dropped],
      [320, 240, 0],
    );
    assert.deepEqual(
      [
        result.pose?.length,
        result.poseWorld?.length,
        result.leftHand?.length,
        result.leftHandWorld?.length,
        result.face?.length,
      ],
      [33 * 4, 33 * 4, 21 * 3, 21 * 3, 478 * 3],
    );
    assert.ok(
      result.scores.pose > 0.5 &&
        result.scores.leftHand > 0.5 &&
        result.scores.face > 0.5,
    );
    assert.ok(
      result.timings.pose > 0 && result.timings.total >= result.timings.pose,
    );
    if (!result.rightHand)
      assert.match(result.missing.rightHand, /^(out-of-view|low-presence)$/);
  });
});

for (const workers of [2, 3, 4]) {
  test(`${workers} workers give the same results as one, bit for bit`, async () => {
    const together = await inPage(
      opened,
      (harness, workers) => harness.playClip({ workers, handWorld: true }),
      workers,
    );
    assert.equal(together.stats.workers.length, workers);
    assert.deepEqual(together.errors, []);
    assert.deepEqual(together.results.map(lasting), alone.results.map(lasting));
  });
}

test("the landmarks are those of MediaPipe's graph of old, which has no irises", async () => {
  const { results } = await inPage(opened, (harness) =>
    harness.playClip({ workers: 2, face: 468 }),
  );
  const golden = JSON.parse(
    await readFile(
      new URL("../golden/fingers.clip.json", import.meta.url),
      "utf8",
    ),
  );
  // Limits in pixels, mean over all points that are visible: another JPEG decoder alone moves the free-running
  // reference by 0.47 (body), 0.33 (hand) and 0.03 (face) on this clip.
  for (const [part, theirs, stride, limit] of [
    ["pose", "pose", 4, 0.8],
    ["leftHand", "left_hand", 3, 0.8],
    ["face", "face", 3, 0.1],
  ]) {
    let sum = 0;
    let count = 0;
    golden.frames.forEach((frame, index) => {
      frame[theirs].forEach(([x, y, _z, visibility = 1], point) => {
        if (visibility < 0.5) return;
        const ours = results[index][part].slice(point * stride);
        sum += Math.hypot(
          (ours[0] - x) * golden.width,
          (ours[1] - y) * golden.height,
        );
        count += 1;
      });
    });
    assert.ok(count > 300, `${part} was compared`);
    assert.ok(
      sum / count < limit,
      `${part} differs by ${sum / count} pixels in the mean`,
    );
  }
});

test("parts that were not asked for are no keys, and their models are not fetched", async () => {
  opened.server.requests.length = 0;
  const played = await inPage(opened, (harness) =>
    harness.playClip({ parts: ["face"], quality: "lite" }, 3),
  );
  for (const result of played.results) {
    assert.deepEqual(
      PARTS.filter((part) => part in result),
      ["face"],
    );
    assert.equal(result.face.length, 478 * 3);
  }
  assert.equal(played.stats.workers.length, 1);
  const models = opened.server.requests
    .filter((path) => path.endsWith(".onnx"))
    .map((path) => path.split("/").at(-1));
  assert.deepEqual(models.sort(), [
    "face_detection_short_range.onnx",
    "face_landmarks_478.onnx",
  ]);
});

test("hands come in metres on request only", async () => {
  const { results } = await inPage(opened, (harness) =>
    harness.playClip({ workers: 1, parts: ["pose", "hands"] }, 1),
  );
  assert.deepEqual(
    PARTS.filter((part) => part in results[0]),
    ["pose", "poseWorld", "leftHand", "rightHand"],
  );
  assert.deepEqual(results[0].leftHand, alone.results[0].leftHand);
  const { results: poses } = await inPage(opened, (harness) =>
    harness.playClip({ workers: 1, parts: ["pose"], handWorld: true }, 1),
  );
  assert.deepEqual(
    PARTS.filter((part) => part in poses[0]),
    ["pose", "poseWorld"],
  );
});

test("hands and face are smoothed on request, and the body's tracking stays as it is", async () => {
  const { results } = await inPage(opened, (harness) =>
    harness.playClip(
      { workers: 1, handSmoothing: true, faceSmoothing: true },
      4,
    ),
  );
  const [plain, smoothed] = [alone.results[3], results[3]];
  assert.deepEqual(smoothed.pose, plain.pose);
  for (const part of ["leftHand", "face"]) {
    assert.notDeepEqual(smoothed[part], plain[part], part);
    const distances = smoothed[part].map((value, at) =>
      Math.abs(value - plain[part][at]),
    );
    assert.ok(Math.max(...distances) < 0.05, `${part} stays where it is`);
  }
});

test("mirrored turns x around and leaves the sides the subject's", async () => {
  const { results } = await inPage(opened, (harness) =>
    harness.playClip({ workers: 1, mirrored: true }, 2),
  );
  const [plain, mirrored] = [alone.results[1], results[1]];
  assert.equal(mirrored.leftHand.length, 63);
  assert.equal(mirrored.leftHand[0], Math.fround(1 - plain.leftHand[0]));
  assert.equal(mirrored.leftHand[1], plain.leftHand[1]);
});

test("detect is stateless: it repeats itself and leaves the stream's results alone", async () => {
  const seen = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, captureTime, plain }) => {
      const live = await LiveKeypoints.create({ workers: 2, handWorld: true });
      const frames = await clipFrames(6);
      const results = [];
      const stills = [];
      live.on("keypoints", (keypoints) => results.push(plain(keypoints)));
      for (const [number, frame] of frames.entries()) {
        live.push(frame, { timestampMs: captureTime(number) });
        if (number % 2 === 1) stills.push(plain(await live.detect(frames[5])));
      }
      while (results.length < 6)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await live.close();
      return { results, stills };
    },
  );
  const bits = (result) => PARTS.map((part) => result[part]);
  assert.deepEqual(seen.results.map(bits), alone.results.slice(0, 6).map(bits));
  assert.equal(seen.stills.length, 3);
  assert.equal(seen.stills[0].pose.length, 33 * 4);
  for (const still of seen.stills)
    assert.deepEqual(bits(still), bits(seen.stills[0]));
});

test("capture times that repeat or run backwards are taken, and smoothing survives them", async () => {
  const { results, errors } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, run }) => {
      const live = await LiveKeypoints.create({ workers: 1, parts: ["pose"] });
      const times = [1000, 1000, 900.5, 0, 5000, -3, 1 / 3];
      const played = await run(
        live,
        await clipFrames(7),
        (number) => times[number],
      );
      await live.close();
      return played;
    },
  );
  assert.deepEqual(errors, []);
  for (const { pose } of results) assert.ok(pose.every(Number.isFinite));
  assert.deepEqual(
    results.map(({ timestampMs }) => timestampMs),
    [1000, 1000, 900.5, 0, 5000, -3, 1 / 3],
  );
});

test("reset starts tracking from scratch", async () => {
  const { first, again } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, run }) => {
      const live = await LiveKeypoints.create({
        workers: 2,
        parts: ["pose", "hands"],
      });
      const frames = await clipFrames(3);
      const first = await run(live, frames);
      await run(live, frames.slice(1));
      live.reset();
      const again = await run(live, frames);
      await live.close();
      return { first: first.results, again: again.results };
    },
  );
  assert.deepEqual(
    again.map(({ index }) => index),
    [5, 6, 7],
  );
  assert.deepEqual(
    again.map(({ pose, leftHand }) => [pose, leftHand]),
    first.map(({ pose, leftHand }) => [pose, leftHand]),
  );
});
