// The four landmarkers in tasks-vision's shape. That the shape is its own, tests/package compiles; the values, tests/browser.

import assert from "node:assert/strict";

import { BLENDSHAPE_NAMES } from "../build/index.js";
import {
  asFaceLandmarkerResult,
  asHandLandmarkerResult,
  asHolisticLandmarkerResult,
  asPoseLandmarkerResult,
  FaceLandmarker,
  FilesetResolver,
  HandLandmarker,
  HolisticLandmarker,
  PoseLandmarker,
} from "../build/tasks.js";
import { FakePicture, GIVEN, jpeg } from "./fake-stream.mjs";
import { FakeWorker } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const LANDMARKERS = {
  FaceLandmarker,
  HandLandmarker,
  HolisticLandmarker,
  PoseLandmarker,
};

/** A landmarker over workers that find nobody; `make(number)` says how they behave. */
async function fakeLandmarker(options, make = () => ({})) {
  let count = 0;
  const workers = [];
  const createWorker = () => {
    const worker = new FakeWorker(make(count++));
    workers.push(worker);
    return worker;
  };
  const landmarker = await HolisticLandmarker.createFromOptions(GIVEN, {
    ...{ createWorker, workers: 1, runningMode: "VIDEO" },
    ...options,
  });
  return { landmarker, workers };
}

/** What became of each: its error's code, or `found`. */
const fates = async (promises) =>
  (await Promise.allSettled(promises)).map(
    ({ reason }) => reason?.code ?? "found",
  );

/** Points that are all different, of numbers that 32 bits hold. */
const floats = (points, stride, first = 0) =>
  Float32Array.from({ length: points * stride }, (_, at) => first + at / 1024);
const landmark = (list, point, stride) => {
  const [x, y, z, visibility = 0] = list.slice(
    stride * point,
    stride * (point + 1),
  );
  return { x, y, z, visibility };
};

test("points become objects, in order, with a visibility where the model tells one", () => {
  const [pose, poseWorld] = [floats(33, 4), floats(33, 4, 1)];
  const [face, leftHand] = [floats(478, 3, 2), floats(21, 3, 3)];
  const [leftHandWorld, blendshapes] = [floats(21, 3, 4), floats(52, 1)];
  const keypoints = {
    ...{ pose, poseWorld, face, blendshapes },
    ...{ leftHand, leftHandWorld, rightHand: null, rightHandWorld: null },
  };
  const holistic = asHolisticLandmarkerResult(keypoints);
  for (const [name, points, stride] of [
    ["poseLandmarks", pose, 4],
    ["poseWorldLandmarks", poseWorld, 4],
    ["faceLandmarks", face, 3],
    ["leftHandLandmarks", leftHand, 3],
  ]) {
    const [list, ...more] = holistic[name];
    assert.deepEqual(more, [], name);
    assert.equal(list.length, points.length / stride, name);
    list.forEach((point, at) =>
      assert.deepEqual(point, landmark(points, at, stride), name),
    );
  }
  assert.deepEqual(
    [holistic.rightHandLandmarks, holistic.rightHandWorldLandmarks],
    [[], []],
  );
  // Where the body's wrist is: the hand's own is its first point.
  const { visibility: _visibility, ...wrist } = landmark(poseWorld, 15, 4);
  const [moved] = holistic.leftHandWorldLandmarks;
  assert.deepEqual(moved[0], { ...wrist, visibility: 0 });
  assert.deepEqual(moved[20], {
    ...{ x: wrist.x + 60 / 1024, y: wrist.y + 60 / 1024 },
    ...{ z: wrist.z + 60 / 1024, visibility: 0 },
  });
  assert.deepEqual(
    asHolisticLandmarkerResult({ leftHandWorld }).leftHandWorldLandmarks[0][20],
    landmark(leftHandWorld, 20, 3),
  );
  const [{ categories, ...head }, ...more] = holistic.faceBlendshapes;
  assert.deepEqual([head, more], [{ headIndex: -1, headName: "" }, []]);
  assert.deepEqual(
    categories,
    BLENDSHAPE_NAMES.map((categoryName, index) => ({
      ...{ index, score: blendshapes[index], categoryName, displayName: "" },
    })),
  );
  const { landmarks, worldLandmarks } = asPoseLandmarkerResult(keypoints);
  assert.deepEqual(landmarks, holistic.poseLandmarks);
  assert.deepEqual(worldLandmarks, holistic.poseWorldLandmarks);
  assert.deepEqual(asFaceLandmarkerResult(keypoints), {
    faceLandmarks: holistic.faceLandmarks,
    faceBlendshapes: holistic.faceBlendshapes,
    facialTransformationMatrixes: [],
  });
});

test("hands keep their order, two of one side too", () => {
  const hand = (handedness, score, first) => ({
    ...{ handedness, score, points: floats(21, 3, first) },
    world: floats(21, 3, first + 1),
  });
  const hands = [
    hand("Right", 0.75, 1),
    hand("Left", 0.5, 3),
    hand("Right", 1, 5),
  ];
  const result = asHandLandmarkerResult({ hands });
  const side = (name, index, score) => [
    { score, index, categoryName: name, displayName: name },
  ];
  assert.deepEqual(result.handedness, [
    side("Right", 0, 0.75),
    side("Left", 1, 0.5),
    side("Right", 0, 1),
  ]);
  assert.deepEqual(result.handednesses, result.handedness);
  assert.deepEqual(
    result.landmarks.map(([{ x }]) => x),
    [1, 3, 5],
  );
  assert.deepEqual(
    result.worldLandmarks.map(([{ x }]) => x),
    [2, 4, 6],
  );
});

test("what is absent and what was not asked for are empty lists", () => {
  const nobody = {
    ...{ pose: null, poseWorld: null, face: null, blendshapes: null },
    ...{ leftHand: null, rightHand: null, hands: [] },
  };
  for (const keypoints of [nobody, {}]) {
    assert.deepEqual(asFaceLandmarkerResult(keypoints), {
      ...{ faceLandmarks: [], faceBlendshapes: [] },
      facialTransformationMatrixes: [],
    });
    assert.deepEqual(asHandLandmarkerResult(keypoints), {
      ...{ landmarks: [], worldLandmarks: [] },
      ...{ handednesses: [], handedness: [] },
    });
    const pose = asPoseLandmarkerResult(keypoints);
    assert.deepEqual({ ...pose }, { landmarks: [], worldLandmarks: [] });
    assert.equal(pose.close(), undefined);
    const holistic = Object.entries(asHolisticLandmarkerResult(keypoints));
    assert.equal(holistic.length, 9);
    for (const [name, list] of holistic) assert.deepEqual(list, [], name);
  }
});

test("what cannot be honoured is refused by name, and the value that can is taken", async () => {
  const controller = new AbortController();
  controller.abort();
  const { signal } = controller;
  for (const [name, refused, taken, text] of [
    ...Object.keys(LANDMARKERS).flatMap((name) => [
      [name, { baseOptions: { modelAssetPath: "a.task" } }, {}, /own models/],
      [name, { baseOptions: { modelAssetBuffer: jpeg() } }, {}, /own models/],
      [name, { baseOptions: { delegate: "GPU" } }, { delegate: "CPU" }, /CPU/],
      [name, { canvas: {} }, undefined, /WebGL/],
      [name, { runningMode: "LIVE_STREAM" }, undefined, /IMAGE or VIDEO/],
      [name, { workers: 5 }, undefined, /1 to 4/],
    ]),
    ["FaceLandmarker", { numFaces: 2 }, 1, /must be 1/],
    [
      "FaceLandmarker",
      { outputFacialTransformationMatrixes: true },
      ...[false, /must be false/],
    ],
    ["FaceLandmarker", { minTrackingConfidence: 2 }, 0.7, /0 to 1/],
    ["HandLandmarker", { numHands: 5 }, 4, /1 to 4/],
    ["HandLandmarker", { minTrackingConfidence: 0.7 }, 0.5, /must be 0.5/],
    ["HandLandmarker", { minHandDetectionConfidence: -1 }, 0, /0 to 1/],
    ["PoseLandmarker", { numPoses: 2 }, 1, /must be 1/],
    ["PoseLandmarker", { outputSegmentationMasks: true }, false, /no masks/],
    [
      "HolisticLandmarker",
      { outputPoseSegmentationMasks: true },
      ...[false, /no masks/],
    ],
    ["HolisticLandmarker", { minPoseSuppressionThreshold: 0.5 }, 0.3, /0.3/],
    ["HolisticLandmarker", { minFaceSuppressionThreshold: 0.5 }, 0.3, /0.3/],
    ["HolisticLandmarker", { numFaces: 1 }, undefined, /there is no option/],
  ]) {
    const [[option, value]] = Object.entries(refused);
    const [inner] = option === "baseOptions" ? Object.keys(value) : [option];
    await assert.rejects(
      LANDMARKERS[name].createFromOptions(GIVEN, refused),
      (error) =>
        error.code === "invalid-option" &&
        error.message.includes(inner) &&
        text.test(error.message),
      `${name}, ${inner}`,
    );
    // Options are looked at before the signal is.
    await assert.rejects(
      LANDMARKERS[name].createFromOptions(GIVEN, { [option]: taken, signal }),
      {
        code:
          option === "numFaces" && taken === undefined
            ? "invalid-option"
            : "aborted",
      },
      `${name}, ${inner}: ${taken}`,
    );
  }
  await assert.rejects(
    FaceLandmarker.createFromOptions({ wasmLoaderPath: "a.js" }, {}),
    /"assets.wasmLoaderPath"/,
  );
});

test("a fileset is the folder of the package, or what lies beside it", async () => {
  assert.equal(
    await FilesetResolver.forVisionTasks("/keypoints/"),
    "/keypoints/",
  );
  assert.deepEqual(await FilesetResolver.forVisionTasks(), {});
});

test("frames of a video are answered each by its own, and stay the caller's", async () => {
  const answer = ({ type, ticket, beside }) =>
    type === "decode" && beside[2] === 1
      ? { type: "failed", ticket, code: "malformed-picture", message: "cut" }
      : undefined;
  const { landmarker } = await fakeLandmarker({}, () => ({ answer }));
  const picture = new FakePicture("VideoFrame", { timestamp: 0 });
  const results = [jpeg(0), jpeg(1), picture].map((frame, number) =>
    landmarker.detectForVideo(frame, number),
  );
  assert.deepEqual(await fates(results), [
    ...["found", "malformed-picture", "found"],
  ]);
  assert.deepEqual(await results[0], asHolisticLandmarkerResult({}));
  assert.equal(picture.isClosed, false);
  await landmarker.close();
});

test("times that do not rise are taken, those that are none are not", async () => {
  const { landmarker } = await fakeLandmarker();
  const at = (timestampMs) => landmarker.detectForVideo(jpeg(), timestampMs);
  assert.deepEqual(await fates([at(5), at(5), at(3), at(NaN), at("4")]), [
    ...["found", "found", "found", "invalid-option", "invalid-option"],
  ]);
  await landmarker.close();
});

test("of frames that come too fast the oldest are rejected, and none is forgotten", async () => {
  const { landmarker } = await fakeLandmarker();
  const results = Array.from({ length: 80 }, (_, number) =>
    landmarker.detectForVideo(jpeg(), number),
  );
  const ends = await fates(results);
  const busy = ends.filter((fate) => fate === "busy").length;
  assert.ok(busy > 0 && busy <= 30, `${busy} of 80`);
  assert.ok(ends.slice(-50).every((fate) => fate === "found"));
  await landmarker.close();
});

test("while a frame hangs, newer ones wait as far as the buffer goes, and the others are told at once", async () => {
  const silent = ({ type }) => (type === "decode" ? null : undefined);
  const { landmarker } = await fakeLandmarker({}, () => ({ answer: silent }));
  const results = Array.from({ length: 200 }, (_, number) =>
    landmarker.detectForVideo(jpeg(), number),
  );
  const ends = fates(results);
  await landmarker.close();
  const codes = await ends;
  const waited = codes.filter((code) => code === "closed").length;
  assert.ok(waited > 50 && waited <= 53, `${waited} of 200`);
  assert.equal(codes.filter((code) => code === "busy").length, 200 - waited);
  assert.ok(codes.slice(-50).every((code) => code === "closed"));
  assert.equal(codes[0], "closed");
});

test("a running mode takes its own call alone, until it is changed", async () => {
  const { landmarker } = await fakeLandmarker({ runningMode: undefined });
  assert.deepEqual(
    await landmarker.detect(jpeg()),
    asHolisticLandmarkerResult({}),
  );
  const wrong = {
    code: "invalid-option",
    message: /runningMode must be VIDEO/,
  };
  await assert.rejects(landmarker.detectForVideo(jpeg(), 1), wrong);
  await landmarker.setOptions({ runningMode: "VIDEO" });
  await landmarker.setOptions({});
  await landmarker.detectForVideo(jpeg(), 1);
  await assert.rejects(landmarker.detect(jpeg()), /runningMode must be IMAGE/);
  await assert.rejects(
    landmarker.setOptions({ numFaces: 1 }),
    /no option "numFaces"/,
  );
  await landmarker.close();
});

test("regions and rotations of a picture are refused", async () => {
  const { landmarker } = await fakeLandmarker({ runningMode: "IMAGE" });
  for (const options of [{ rotationDegrees: 90 }, { regionOfInterest: {} }])
    await assert.rejects(landmarker.detect(jpeg(), options), (error) => {
      assert.equal(error.code, "invalid-option");
      return error.message.includes(Object.keys(options)[0]);
    });
  await landmarker.detect(jpeg(), { rotationDegrees: 0 });
  await landmarker.close();
});

test("closing rejects what waits, and can be done again", async () => {
  const silent = ({ type }) => (type === "decode" ? null : undefined);
  const { landmarker, workers } = await fakeLandmarker({}, () => ({
    answer: silent,
  }));
  const results = [1, 2].map((at) => landmarker.detectForVideo(jpeg(), at));
  const ends = fates(results);
  await landmarker.close();
  await landmarker.close();
  assert.deepEqual(await ends, ["closed", "closed"]);
  await assert.rejects(landmarker.detectForVideo(jpeg(), 3), {
    code: "closed",
  });
  assert.ok(workers.every(({ isTerminated }) => isTerminated));
});

test("when the last worker is lost, all that wait are told", async () => {
  const silent = ({ type }) => (type === "decode" ? null : undefined);
  const make = (number) =>
    number < 1 ? { answer: silent } : assert.fail("none");
  const { landmarker, workers } = await fakeLandmarker({}, make);
  const ends = fates([1, 2].map((at) => landmarker.detectForVideo(jpeg(), at)));
  workers[0].die();
  const codes = await ends;
  assert.ok(
    codes.every((code) => /^worker-(died|failed)$/.test(code)),
    codes,
  );
  await landmarker.close();
});
