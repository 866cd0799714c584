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

/** tasks-vision 1.1.0 on the models that `cargo xtask test` fetches. */
const RIVAL = {
  files: "/tasks-vision/wasm",
  bundles: {
    FaceLandmarker: "/rivals/bundles/face_landmarker.task",
    HandLandmarker: "/rivals/bundles/hand_landmarker.task",
    PoseLandmarker: "/rivals/bundles/pose_landmarker_full.task",
    HolisticLandmarker: "/rivals/bundles/holistic_landmarker.task",
  },
};
const missing = Object.values(RIVAL.bundles).filter(
  (path) => !existsSync(new URL(`../../target${path}`, import.meta.url)),
);

const still = (picture) => ({ runningMode: "IMAGE", pictures: [picture] });
/** Three frames, that what one remembers of the frame before counts and what differs does not add up. */
const clipFrom = (first) => ({
  runningMode: "VIDEO",
  pictures: [first, first + 1, first + 2].map(
    (number) => `/clips/fingers/${String(number).padStart(3, "0")}.jpg`,
  ),
});
const mirrored = ({ runningMode, pictures }) => ({
  runningMode,
  pictures: pictures.map((picture) => `${picture}#mirrored`),
});
const SHOWN = {
  sequences: [
    ...["/images/astronaut.png", "/images/fingers.png", "nobody"].map(still),
    ...[0, 28].map(clipFrom),
  ],
  // The clip has one hand, and beside its mirror image two.
  hands: [still("/images/fingers.png"), clipFrom(14)].map(mirrored),
};

/** Much that is said on the console, and a log that it sends home, which the page's policy forbids. */
const ITS_COMPLAINTS = [/XNNPACK delegate/, /googleapis\.com\/v1\/log/];

/**
 * How far numbers may be from MediaPipe's for the same pixels: points in pixels of a picture 320 wide, metres, scores. Twice
 * what was measured. A pose leads to its own next region, so differences grow from frame to frame; Holistic's
 * hands have three models one behind the other.
 */
const NEAR = { pixels: 0.4, holisticHand: 1, metres: 0.003, score: 0.02 };

/** What a landmarker of this name is shown. */
const shownTo = (name) =>
  name === "HandLandmarker"
    ? [...SHOWN.sequences, ...SHOWN.hands]
    : SHOWN.sequences;

let opened;
let ours;

before(async () => {
  opened = await openBrowser();
  ours = await everything("/live-keypoints/tasks.js", {}, []);
});
after(() => opened.close());

/** What the application finds by one of the packages, by landmarker and picture. */
async function everything(address, more, expected) {
  const { page, close, unexpected } = await openPage(
    opened,
    "/pages/blank.html",
    { expected },
  );
  const given = { ...SHOWN, ...more };
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
    goldens.forEach((golden) => {
      const [face, hand, pose] = ["Face", "Hand", "Pose"].map(
        (name) => ours[`${name}Landmarker`][`/${golden.file}`].result,
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
  for (const [name, { nobody }] of Object.entries(ours))
    for (const [key, list] of Object.entries(nobody.result))
      assert.deepEqual(list, [], `${name} ${key}`);
});

test("frames: HolisticLandmarker finds the face and expressions that MediaPipe does", () => {
  clip.forEach(({ file, holistic }) => {
    const { result: found } = ours.HolisticLandmarker[`/${file}`];
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

/**
 * How far ours may be from tasks-vision's for the same pixels. Points in the picture: pixels, in the mean of all that one
 * landmarker finds; metres and scores: any of them. Twice as far and more as the same graphs, written down in plain Python, are
 * from MediaPipe: what is left is rounding, which grows where one model's points are the next one's region, from frame to frame
 * and from a body to its hands. Holistic's hands in metres are moved to the body's wrist, so both limits count.
 */
const LIMITS = {
  IMAGE: {
    FaceLandmarker: { faceLandmarks: 0.02, score: 0.005 },
    HandLandmarker: { landmarks: 0.1, worldLandmarks: 0.001, score: 0.005 },
    PoseLandmarker: { landmarks: 0.05, worldLandmarks: 0.005 },
    HolisticLandmarker: {
      ...{ poseLandmarks: 0.05, poseWorldLandmarks: 0.005 },
      ...{ leftHandLandmarks: 0.5, leftHandWorldLandmarks: 0.006 },
      ...{ faceLandmarks: 0.3, score: 0.04 },
    },
  },
  VIDEO: {
    FaceLandmarker: { faceLandmarks: 0.05, score: 0.05 },
    HandLandmarker: { landmarks: 0.05, worldLandmarks: 0.003, score: 0.003 },
    PoseLandmarker: { landmarks: 0.08, worldLandmarks: 0.03 },
    HolisticLandmarker: {
      ...{ poseLandmarks: 0.3, poseWorldLandmarks: 0.03 },
      ...{ leftHandLandmarks: 0.8, leftHandWorldLandmarks: 0.033 },
      ...{ faceLandmarks: 0.08, score: 0.06 },
    },
  },
};

test(
  "tasks-vision itself gives the same keys, lists, names and numbers",
  { timeout: 240_000 },
  async (t) => {
    if (missing.length > 0 && !process.env.CI)
      return t.skip(
        `${missing} are not in target: cargo xtask test --only browser gets them`,
      );
    assert.deepEqual(missing, []);
    const theirs = await everything(
      "/tasks-vision/vision_bundle.mjs",
      ...[RIVAL, ITS_COMPLAINTS],
    );
    for (const [name, found] of Object.entries(theirs))
      for (const { runningMode, pictures } of shownTo(name)) {
        const apart = {};
        for (const picture of pictures) {
          const { size, result } = found[picture];
          const own = ours[name][picture].result;
          for (const [what, difference] of differences(own, result, size))
            (apart[what] ??= []).push(difference);
        }
        const limits = { visibility: NEAR.score, ...LIMITS[runningMode][name] };
        for (const [what, all] of Object.entries(apart)) {
          const is = IN_PICTURE.test(what) ? mean(all) : Math.max(...all);
          const where = `${name}, ${pictures}, ${what}`;
          assert.ok(is <= limits[what], `${where}: ${is}`);
        }
      }
    for (const picture of SHOWN.hands.flatMap(({ pictures }) => pictures))
      assert.equal(
        theirs.HandLandmarker[picture].result.landmarks.length,
        ...[2, picture],
      );
  },
);

const IN_PICTURE = /^(landmarks|(pose|leftHand|rightHand|face)Landmarks)$/;
const mean = (all) => all.reduce((sum, one) => sum + one) / all.length;

/**
 * How far a result is from the other's: pairs of what, a list of points or a number in it, and a difference. All else must
 * be the same. Of points, ours have no presence.
 */
function* differences(own, other, [width, height], what = "result") {
  if (typeof own !== "object") return assert.equal(own, other, what);
  const namesOf = (value) =>
    Object.keys(value)
      .filter((name) => name !== "presence")
      .sort();
  assert.deepEqual(namesOf(own), namesOf(other), what);
  const far = (name) => Math.abs(own[name] - other[name]);
  if ("x" in own) {
    // Only a body's points have a visibility. What is not in the picture is guessed, and seldom alike.
    const isSeen = (other.visibility || 1) >= 0.5;
    if (!IN_PICTURE.test(what))
      yield [what, Math.max(...["x", "y", "z"].map(far))];
    else if (isSeen)
      yield [what, Math.hypot(far("x") * width, far("y") * height)];
    yield ["visibility", far("visibility")];
    return;
  }
  for (const name of namesOf(own))
    if (name === "score") yield [name, far(name)];
    else
      yield* differences(
        ...[own[name], other[name], [width, height]],
        Array.isArray(own) ? what : name,
      );
}
