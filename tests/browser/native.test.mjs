// What the page computes is what the native program computes, bit for bit, in every graph. Chromium has relaxed SIMD, and
// processors with fused multiply-add (x86 since 2013, every 64-bit ARM) then compute in the page exactly what the native
// kernels compute.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

const RELAY = process.env.LIVE_KEYPOINTS_RELAY;
const CLIP = fileURLToPath(
  new URL("../fixtures/clips/fingers/", import.meta.url),
);

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

/** Numbers of 32 bits in a row; what is `null` or not there stays so. */
const floats = (rows) => rows && rows.flat().map(Math.fround);
const float = (number) => number && Math.fround(number);

/** A line of `extract`, as a result of the page has it. */
const keypointsOf = (line) => ({
  pose: floats(line.pose),
  poseWorld: floats(line.pose_world),
  leftHand: floats(line.left_hand),
  rightHand: floats(line.right_hand),
  face: floats(line.face),
  blendshapes: floats(line.blendshapes),
  hands: line.hands?.map(({ handedness, score, points, world }) => ({
    ...{ handedness, score: float(score) },
    ...{ points: floats(points), world: floats(world) },
  })),
  scores: {
    pose: float(line.scores.pose),
    leftHand: float(line.scores.left_hand),
    rightHand: float(line.scores.right_hand),
    face: float(line.scores.face),
  },
});

/** What `extract` says of these pictures. */
async function extracted(inputs, options) {
  const { stdout } = await promisify(execFile)(
    RELAY,
    ["extract", ...options, ...inputs],
    { maxBuffer: 1 << 26 },
  );
  const lines = stdout.trim().split("\n");
  return lines.map((line) => keypointsOf(JSON.parse(line)));
}

function assertSame({ results, errors }, native) {
  assert.deepEqual(errors, []);
  assert.equal(results.length, native.length);
  native.forEach((expected, index) => {
    for (const [part, value] of Object.entries(expected))
      assert.deepEqual(results[index][part], value, `frame ${index}, ${part}`);
  });
}

const clip = (count) =>
  Array.from({ length: count }, (_, number) =>
    join(CLIP, `${String(number).padStart(3, "0")}.jpg`),
  );

for (const [name, count, options, native] of [
  ["holistic", 43, {}, []],
  ["holistic with expressions", 12, { blendshapes: true }, ["--blendshapes"]],
  ["holistic without irises", 12, { face: 468 }, ["--face=468"]],
  [
    "the landmarkers with expressions",
    12,
    { graph: "landmarkers", blendshapes: true },
    ["--graph=landmarkers", "--blendshapes"],
  ],
])
  test(`the page's numbers are the native program's: ${name}`, async (t) => {
    if (!RELAY && !process.env.CI)
      return t.skip("LIVE_KEYPOINTS_RELAY is not set");
    const played = await inPage(
      opened,
      (harness, [options, count]) => harness.playClip(options, count),
      [{ ...options, workers: 2 }, count],
    );
    assertSame(played, await extracted(clip(count), native));
  });
