import assert from "node:assert/strict";

import { DEFAULT_COLORS, drawKeypoints } from "../build/draw.js";
import { test } from "./limited.mjs";

/** A context that remembers what was drawn in which colour. */
function recorder(width = 200, height = 100) {
  const strokes = [];
  const fills = [];
  let path = [];
  const context = {
    ...{ canvas: { width, height }, save() {}, restore() {} },
    beginPath: () => (path = []),
    moveTo: (x, y) => path.push(["move", x, y]),
    lineTo: (x, y) => path.push(["line", x, y]),
    arc: (x, y) => path.push(["dot", x, y]),
    stroke: () =>
      strokes.push({
        color: context.strokeStyle,
        width: context.lineWidth,
        path,
      }),
    fill: () => fills.push({ color: context.fillStyle, path }),
  };
  const dots = (color) =>
    fills
      .filter((fill) => fill.color === color)
      .flatMap(({ path }) => path.filter(([kind]) => kind === "dot"));
  const lines = (color) =>
    strokes
      .filter((stroke) => stroke.color === color)
      .flatMap(({ path }) => path.filter(([kind]) => kind === "line"));
  return { context, strokes, dots, lines };
}

/** Points in the middle of the picture, all fully visible. */
const points = (count, stride) =>
  Float32Array.from({ length: count * stride }, (_, at) =>
    at % stride === 3 ? 1 : at % stride === 2 ? 0 : 0.5,
  );
const everything = () => ({
  pose: points(33, 4),
  leftHand: points(21, 3),
  rightHand: points(21, 3),
  face: points(468, 3),
});

test("points are drawn in canvas pixels, or within the area that is given", () => {
  const whole = recorder();
  drawKeypoints(whole.context, { leftHand: points(21, 3) });
  assert.equal(whole.dots(DEFAULT_COLORS.leftHand).length, 21);
  assert.deepEqual(whole.dots(DEFAULT_COLORS.leftHand)[0], ["dot", 100, 50]);
  const part = recorder();
  drawKeypoints(
    part.context,
    { leftHand: points(21, 3) },
    { area: { x: 10, y: 20, width: 100, height: 40 } },
  );
  assert.deepEqual(part.dots(DEFAULT_COLORS.leftHand)[0], ["dot", 60, 40]);
});

test("each hand has its own colour, and every line an outline", () => {
  const { context, lines } = recorder();
  drawKeypoints(
    context,
    { leftHand: points(21, 3), rightHand: points(21, 3) },
    { colors: { rightHand: "red" } },
  );
  assert.equal(lines(DEFAULT_COLORS.leftHand).length, 21);
  assert.equal(lines("red").length, 21);
  assert.equal(lines(DEFAULT_COLORS.outline).length, 42);
});

test("body landmarks below the visibility are left out, and their lines", () => {
  const pose = points(33, 4);
  pose[4 * 15 + 3] = 0.4;
  const strict = recorder();
  drawKeypoints(strict.context, { pose });
  assert.equal(strict.dots(DEFAULT_COLORS.pose).length, 32);
  assert.equal(strict.lines(DEFAULT_COLORS.pose).length, 35 - 4);
  const lax = recorder();
  drawKeypoints(lax.context, { pose }, { minVisibility: 0.3 });
  assert.equal(lax.dots(DEFAULT_COLORS.pose).length, 33);
});

test("where hands and face are known, the body's own guess of them is not drawn", () => {
  const { context, dots } = recorder();
  drawKeypoints(context, everything());
  assert.equal(dots(DEFAULT_COLORS.pose).length, 33 - 11 - 6);
  const bodyOnly = recorder();
  drawKeypoints(bodyOnly.context, everything(), { hands: false, face: "none" });
  assert.equal(bodyOnly.dots(DEFAULT_COLORS.pose).length, 33);
  assert.equal(bodyOnly.dots(DEFAULT_COLORS.leftHand).length, 0);
});

test("the face is drawn as contours or as points", () => {
  const contours = recorder();
  drawKeypoints(contours.context, everything());
  assert.equal(contours.lines(DEFAULT_COLORS.face).length, 124);
  const dots = recorder();
  drawKeypoints(dots.context, everything(), { face: "points" });
  assert.equal(dots.dots(DEFAULT_COLORS.face).length, 468);
  assert.equal(dots.lines(DEFAULT_COLORS.face).length, 0);
});

test("absent parts draw nothing, and a canvas is as good as its context", () => {
  const { context, strokes } = recorder();
  drawKeypoints(
    { getContext: () => context },
    { pose: null, leftHand: null, face: null },
  );
  assert.deepEqual(strokes, []);
  assert.throws(() => drawKeypoints({ getContext: () => null }, {}), {
    code: "invalid-option",
  });
});

test("irises are drawn with the contours of a face that has them", () => {
  const [mesh, withIrises] = [468, 478].map((count) => {
    const { context, lines } = recorder();
    drawKeypoints(context, { face: points(count, 3) });
    return lines(DEFAULT_COLORS.face).length;
  });
  assert.equal(withIrises - mesh, 8);
});

test("where there is a list of hands, each is drawn in the colour of its side", () => {
  const { context, dots } = recorder();
  const hand = (handedness) => ({ handedness, points: points(21, 3) });
  drawKeypoints(context, {
    leftHand: points(21, 3),
    hands: [hand("Left"), hand("Right"), hand("Left")],
  });
  assert.equal(dots(DEFAULT_COLORS.leftHand).length, 42);
  assert.equal(dots(DEFAULT_COLORS.rightHand).length, 21);
});
