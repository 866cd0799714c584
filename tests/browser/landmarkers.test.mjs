// Faces of 478 points, blendshapes, and the graph `landmarkers`: as MediaPipe Tasks have them, for any number of workers.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";

const EVERYTHING = { graph: "landmarkers", blendshapes: true };
/** Made by MediaPipe 1.2.3, as `tests/golden/README.md` says. */
const GOLDEN = new URL("../golden/landmarkers.json", import.meta.url);
const FRAMES = 12;

let opened;
let relay;
/** Results of the clip on one worker, by frame. */
let alone;

before(async () => {
  opened = await openBrowser();
  relay = await startRelay(opened.server, ["--workers", "2"]);
  alone = await play({ ...EVERYTHING, workers: 1 });
});
after(async () => {
  await relay?.stop();
  await opened.close();
});

const play = (options, count = FRAMES) =>
  inPage(
    opened,
    (harness, [options, count]) => harness.playClip(options, count),
    [options, count],
  );

/** What must not depend on the number of workers. */
const lasting = ({ timings: _timings, ...rest }) => rest;

/** The files of models that were asked for since the last call, without `.onnx`. */
function modelsAskedFor() {
  const files = opened.server.requests
    .splice(0)
    .map((path) => path.split("/").at(-1));
  const models = files.filter((file) => file.endsWith(".onnx"));
  return models.map((file) => file.replace(".onnx", "")).sort();
}

/** Mean distance of points, in pixels of a picture of 320 × 240. */
function meanDistance(own, stride, expected) {
  const distances = expected.map(([x, y], point) =>
    Math.hypot(
      (own[point * stride] - x) * 320,
      (own[point * stride + 1] - y) * 240,
    ),
  );
  return distances.reduce((sum, distance) => sum + distance) / distances.length;
}

const largest = (own, expected) =>
  Math.max(...expected.map((value, at) => Math.abs(own[at] - value)));

test("pose, hands, face and expressions are those of MediaPipe Tasks", async () => {
  const { clip } = JSON.parse(await readFile(GOLDEN, "utf8"));
  clip.forEach((golden, index) => {
    const result = alone.results[index];
    const visible = golden.pose.flatMap((point, at) =>
      point[3] >= 0.5 ? [at] : [],
    );
    const pose = visible.flatMap((at) => [
      ...result.pose.slice(4 * at, 4 * at + 2),
    ]);
    assert.ok(
      meanDistance(
        pose,
        2,
        visible.map((at) => golden.pose[at]),
      ) < 1,
    );
    assert.deepEqual(
      result.hands.map(({ handedness }) => handedness),
      golden.hands.map(({ handedness }) => handedness),
    );
    result.hands.forEach(({ points, score, world }, hand) => {
      assert.ok(meanDistance(points, 3, golden.hands[hand].points) < 1);
      assert.ok(Math.abs(score - golden.hands[hand].score) < 0.03);
      assert.ok(largest(world, golden.hands[hand].world.flat()) < 0.015);
    });
    const face = golden.face.flatMap(([at]) => [
      ...result.face.slice(3 * at, 3 * at + 2),
    ]);
    assert.ok(
      meanDistance(
        face,
        2,
        golden.face.map(([, ...point]) => point),
      ) < 0.12,
    );
    assert.ok(largest(result.blendshapes, golden.blendshapes) < 0.1);
  });
});

test("the one hand of the clip is the left one, in the list and by itself", () => {
  assert.deepEqual(alone.errors, []);
  for (const result of alone.results) {
    assert.equal(result.hands.length, 1);
    const [hand] = result.hands;
    assert.equal(hand.handedness, "Left");
    assert.ok(hand.score >= 0.5 && hand.score <= 1);
    assert.deepEqual(result.leftHand, hand.points);
    assert.equal(result.rightHand, null);
    assert.equal(hand.world.length, 21 * 3);
    assert.ok(result.timings.palm > 0, "a second hand is looked for");
  }
});

for (const workers of [2, 3, 4]) {
  test(`${workers} workers give the same results as one, bit for bit`, async () => {
    const together = await play({ ...EVERYTHING, workers });
    assert.deepEqual(together.errors, []);
    assert.deepEqual(together.results.map(lasting), alone.results.map(lasting));
  });
}

test("with one hand to look for, none is looked for while it is tracked", async () => {
  const { results } = await play(
    { graph: "landmarkers", parts: ["hands"], numHands: 1 },
    4,
  );
  assert.deepEqual(
    results.map(({ hands, timings }) => [hands.length, timings.palm > 0]),
    [
      [1, true],
      [1, false],
      [1, false],
      [1, false],
    ],
  );
});

test("parts of their own need no body's models, in either graph", async () => {
  modelsAskedFor();
  const ofGraph = [];
  for (const graph of ["landmarkers", "holistic"]) {
    const options = { graph, parts: ["hands"], cache: false };
    const hands = await play(options, 2);
    assert.deepEqual(modelsAskedFor(), [
      "hand_landmark_full",
      "palm_detection_full",
    ]);
    assert.equal(hands.stats.workers.length, 3);
    for (const result of hands.results) {
      assert.equal(result.hands.length, 1);
      assert.ok(
        ["pose", "face", "blendshapes"].every((part) => !(part in result)),
      );
    }
    ofGraph.push(hands.results.map(lasting));
  }
  assert.deepEqual(ofGraph[1], ofGraph[0]);
  const face = await play(
    {
      parts: ["face"],
      blendshapes: true,
      cache: false,
    },
    2,
  );
  assert.deepEqual(modelsAskedFor(), [
    "face_blendshapes",
    "face_detection_short_range",
    "face_landmarks_478",
  ]);
  assert.equal(face.stats.workers.length, 1);
  assert.deepEqual(
    face.results.map(({ face, blendshapes }) => [face, blendshapes]),
    alone.results
      .slice(0, 2)
      .map(({ face, blendshapes }) => [face, blendshapes]),
  );
});

test("holistic has faces of 478 points and expressions, too", async () => {
  const { clip } = JSON.parse(await readFile(GOLDEN, "utf8"));
  const { results } = await play({ blendshapes: true }, clip.length);
  clip.forEach(({ holistic }, index) => {
    const { face, blendshapes, ...rest } = results[index];
    assert.ok(!("hands" in rest));
    assert.equal(face.length, 478 * 3);
    const own = holistic.face.flatMap(([at]) => [
      ...face.slice(3 * at, 3 * at + 2),
    ]);
    assert.ok(
      meanDistance(
        own,
        2,
        holistic.face.map(([, ...point]) => point),
      ) < 0.2,
    );
    assert.ok(largest(blendshapes, holistic.blendshapes) < 0.15);
  });
});

test("a still remembers nothing, and a picture without a hand has none", async () => {
  const results = await inPage(
    opened,
    async (harness, options) => {
      const live = await harness.LiveKeypoints.create(options);
      const [jpeg] = await harness.clipFrames(1);
      const grey = await harness.canvasJpeg(320, 240);
      const results = [];
      for (const picture of [jpeg, grey, jpeg])
        results.push(harness.plain(await live.detect(picture)));
      await live.close();
      return results;
    },
    EVERYTHING,
  );
  const [first, none, again] = results.map(
    ({
      index: _index,
      timestampMs: _timestampMs,
      timings: _timings,
      ...rest
    }) => rest,
  );
  assert.equal(first.hands.length, 1);
  assert.deepEqual(again, first);
  assert.deepEqual(
    [none.pose, none.hands, none.leftHand, none.face, none.blendshapes],
    [null, [], null, null, null],
  );
  assert.deepEqual(none.missing, {
    pose: "no-pose",
    leftHand: "out-of-view",
    rightHand: "out-of-view",
    face: "out-of-view",
  });
});

/** The results of close-ups of a hand, by each way to open a stream. */
const playCloseUps = (ways, options = {}) =>
  inPage(
    opened,
    async ({ LiveKeypoints, closeUps, run }, [ways, options, url]) => {
      const { validate } = WebAssembly;
      const isSent = ways.includes("json");
      const pictures = await closeUps(isSent);
      const all = [];
      for (const way of ways) {
        if (way === "fallback") WebAssembly.validate = () => false;
        const live = await (way === "json" || way === "binary"
          ? LiveKeypoints.connect(url, { format: way, ...options })
          : LiveKeypoints.create({
              ...options,
              ...(way === "fallback" ? { fallback: url } : { workers: way }),
            }));
        WebAssembly.validate = validate;
        all.push(await run(live, pictures));
        await live.close();
      }
      return all;
    },
    [ways, options, relay?.url],
    { path: relay ? PAGE : undefined },
  );

test("a close-up of a hand is recovered from its palm and tracked, for any number of workers", async () => {
  const [recovered, ...together] = await playCloseUps([1, 2, 4], {
    hands: "recover",
  });
  assert.deepEqual(recovered.errors, []);
  const sources = recovered.results.map(
    ({ handSources }) => handSources.leftHand,
  );
  assert.equal(sources[0], "palm");
  for (const [index, { leftHand, missing }] of recovered.results.entries()) {
    assert.equal(leftHand?.length, 21 * 3, `frame ${index}`);
    assert.ok(!("leftHand" in missing));
  }
  assert.ok(sources.slice(1).every((source) => source === "tracked"));
  for (const { results } of together)
    assert.deepEqual(results.map(lasting), recovered.results.map(lasting));
  const [byBody] = await playCloseUps([1]);
  assert.ok(byBody.results.every(({ leftHand }) => leftHand === null));
  assert.ok(byBody.results.every((result) => !("handSources" in result)));
});

test("a relay recovers the same hands from the same places", async (t) => {
  if (!relay && !process.env.CI)
    return t.skip("LIVE_KEYPOINTS_RELAY is not set");
  const ways = [1, "json", "binary", "fallback"];
  const [here, ...there] = await playCloseUps(ways, { hands: "recover" });
  const found = ({ index, pose, leftHand, rightHand, handSources }) => ({
    ...{ index, pose, leftHand, rightHand, handSources },
  });
  assert.equal(here.results[0].handSources.leftHand, "palm");
  for (const { results, errors } of there) {
    assert.deepEqual(errors, []);
    assert.deepEqual(results.map(found), here.results.map(found));
  }
});

test("a relay finds hands without a body as the page does", async (t) => {
  if (!relay && !process.env.CI)
    return t.skip("LIVE_KEYPOINTS_RELAY is not set");
  const ways = [1, "json", "binary", "fallback"];
  const options = { parts: ["hands"], numHands: 1 };
  const [here, ...there] = await playCloseUps(ways, options);
  const found = ({ index, leftHand, rightHand, hands }) => ({
    ...{ index, leftHand, rightHand, hands },
  });
  assert.equal(here.results[0].hands.length, 1);
  for (const { results, errors } of there) {
    assert.deepEqual(errors, []);
    assert.deepEqual(results.map(found), here.results.map(found));
  }
});

test("options that exclude each other are told, both by name", async () => {
  for (const [options, names] of [
    [{ blendshapes: true, face: 468 }, /blendshapes.*face/],
    [{ blendshapes: true, parts: ["pose"] }, /blendshapes.*parts/],
    [{ numHands: 3 }, /numHands.*graph/],
    [{ face: 400 }, /face must be 468 or 478/],
    [{ graph: "landmarkers", hands: "recover" }, /hands.*graph/],
    [{ parts: ["pose"], hands: "recover" }, /hands.*parts/],
    [{ parts: ["hands"], hands: "recover" }, /hands.*parts have pose/],
    [{ graph: "hands" }, /graph must be holistic or landmarkers/],
    [
      { graph: "landmarkers", numHands: 5 },
      /numHands must be a whole number from 1 to 4/,
    ],
  ]) {
    const error = await inPage(
      opened,
      (harness, options) => harness.createError(options),
      options,
    );
    assert.equal(error.code, "invalid-option");
    assert.match(error.message, names);
  }
});
