// live-keypoints/tasks in the place of tasks-vision: the same application, pictures and video, by another import.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

/** Made by MediaPipe 1.2.3, as `tests/golden/README.md` says. */
const GOLDEN = new URL("../golden/landmarkers.json", import.meta.url);
const { stills, clip } = JSON.parse(await readFile(GOLDEN, "utf8"));

/** tasks-vision 1.1.0 on the models that `cargo xtask bench --rivals` fetches. */
const RIVAL = {
  files: "/tasks-vision/wasm",
  bundles: {
    FaceLandmarker: "/rivals/bundles/face_landmarker.task",
    HandLandmarker: "/rivals/bundles/hand_landmarker.task",
    PoseLandmarker: "/rivals/bundles/pose_landmarker_full.task",
    HolisticLandmarker: "/rivals/holistic.task",
  },
};
const missing = Object.values(RIVAL.bundles).filter(
  (path) => !existsSync(new URL(`../../target${path}`, import.meta.url)),
);

/** Much that is said on the console, and a log that it sends home, which the page's policy forbids. */
const ITS_COMPLAINTS = [/XNNPACK delegate/, /googleapis\.com\/v1\/log/];

/**
 * How far numbers may be from MediaPipe's for the same pixels: points in pixels of a picture 320 wide, metres, scores. Twice
 * what was measured. A pose leads to its own next region, so differences grow from frame to frame; Holistic's
 * hands have three models one behind the other.
 */
const NEAR = { pixels: 0.4, holisticHand: 1, metres: 0.003, score: 0.02 };

let opened;
let ours;

before(async () => {
  opened = await openBrowser();
  ours = await everything("/live-keypoints/tasks.js", {}, []);
});
after(() => opened.close());

/** What the application finds by one of the packages. */
async function everything(address, more, expected) {
  const { page, close, unexpected } = await openPage(
    opened,
    "/pages/blank.html",
    { expected },
  );
  const given = {
    pictures: [...stills.map(({ file }) => `/${file}`), null],
    frames: clip.map(({ file }) => `/${file}`),
    ...more,
  };
  const found = await page.evaluate(
    `import("/pages/tasks.js").then(({ everything }) => everything(${JSON.stringify(address)}, ${JSON.stringify(given)})).then(JSON.stringify)`,
  );
  assert.deepEqual(unexpected(), []);
  await close();
  return JSON.parse(found);
}

/** Fails where points are too far from `expected`, [x, y, …] each, or where their number is another. */
function assertNear(points, expected, name) {
  assert.equal(points.length, expected.length, name);
  const scale = /world/i.test(name) ? [1, 1] : [320, 240];
  const pixels = /Holistic.*Hand/.test(name) ? NEAR.holisticHand : NEAR.pixels;
  const most = /world/i.test(name) ? NEAR.metres : pixels;
  points.forEach((point, at) => {
    // What is not in the picture is guessed, and seldom alike.
    if ((point.visibility || 1) < 0.5) return;
    const [x, y] = expected[at];
    const distance = Math.hypot(
      (point.x - x) * scale[0],
      (point.y - y) * scale[1],
    );
    assert.ok(distance <= most, `${name}, point ${at}: ${distance}`);
  });
}

function assertScores(scores, expected, name) {
  assert.equal(scores.length, expected.length, name);
  scores.forEach((score, at) =>
    assert.ok(
      Math.abs(score - expected[at]) <= NEAR.score,
      `${name} ${at}: ${score} for ${expected[at]}`,
    ),
  );
}

const scoresOf = ([{ categories }]) => categories.map(({ score }) => score);

for (const [kind, goldens] of Object.entries({ stills, frames: clip }))
  test(`${kind}: FaceLandmarker, HandLandmarker and PoseLandmarker find what MediaPipe does`, () => {
    goldens.forEach((golden, at) => {
      const [face, hand, pose] = ["Face", "Hand", "Pose"].map(
        (name) => ours[`${name}Landmarker`][kind][at],
      );
      const someOf = ([points]) => golden.face.map(([index]) => points[index]);
      assertNear(
        someOf(face.faceLandmarks),
        golden.face.map(([, ...point]) => point),
        "face",
      );
      assertScores(scoresOf(face.faceBlendshapes), golden.blendshapes, "blend");
      assert.deepEqual(
        hand.handedness.map(([{ categoryName }]) => categoryName),
        golden.hands.map(({ handedness }) => handedness),
      );
      golden.hands.forEach(({ points, world, score }, number) => {
        assertNear(hand.landmarks[number], points, "hand");
        assertNear(hand.worldLandmarks[number], world, "hand's world");
        assertScores([hand.handedness[number][0].score], [score], "side");
      });
      assertNear(pose.landmarks[0], golden.pose, "pose");
      assertNear(pose.worldLandmarks[0], golden.pose_world, "pose's world");
    });
  });

test("a picture of nobody gives empty lists", () => {
  for (const [name, { stills: found }] of Object.entries(ours))
    for (const [key, list] of Object.entries(found.at(-1)))
      assert.deepEqual(list, [], `${name} ${key}`);
});

test("frames: HolisticLandmarker finds the face and expressions that MediaPipe does", () => {
  clip.forEach(({ holistic }, at) => {
    const found = ours.HolisticLandmarker.frames[at];
    assertNear(
      holistic.face.map(([index]) => found.faceLandmarks[0][index]),
      holistic.face.map(([, ...point]) => point),
      "face",
    );
    assertScores(
      scoresOf(found.faceBlendshapes),
      holistic.blendshapes,
      "blend",
    );
  });
});

test(
  "tasks-vision itself gives the same keys, lists, names and numbers",
  {
    skip:
      missing.length > 0 &&
      `${missing} are not in target: cargo xtask bench --rivals fetches them`,
    timeout: 240_000,
  },
  async () => {
    const theirs = await everything(
      "/tasks-vision/vision_bundle.mjs",
      ...[RIVAL, ITS_COMPLAINTS],
    );
    // It remembers the picture before, ours none.
    for (const found of [ours, theirs])
      found.HolisticLandmarker.stills.length = 1;
    assertAlike(ours, theirs, "");
  },
);

/** Compares everything; `path` ends with the key. Of points, ours have no presence. */
function assertAlike(own, other, path) {
  if (typeof own !== "object") return assert.equal(own, other, path);
  const keysOf = (value) =>
    Object.keys(value)
      .filter((key) => key !== "presence")
      .sort();
  assert.deepEqual(keysOf(own), keysOf(other), path);
  if (!Array.isArray(own) || !("x" in (own[0] ?? {}))) {
    for (const key of keysOf(own)) {
      if (key === "score") assertScores([own.score], [other.score], path);
      else assertAlike(own[key], other[key], `${path} ${key}`);
    }
    return;
  }
  const [{ presence: _, ...first }] = other;
  assert.deepEqual(Object.keys(own[0]).sort(), Object.keys(first).sort(), path);
  assertNear(
    own,
    other.map(({ x, y }) => [x, y]),
    path,
  );
  assertScores(
    ...[own, other].map((list) => list.map(({ visibility }) => visibility)),
    `${path} visibility`,
  );
}
