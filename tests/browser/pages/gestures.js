// Results without a picture: a body, and a right hand that opens, closes or goes to the side. Those of the pipeline's tests.

const KINDS = {
  open: (done) => [0, 1 - done],
  close: (done) => [0, done],
  swipe: (done) => [0.25 * done, 0.2],
};

const numbers = (points, values) =>
  Float32Array.from(
    Array.from({ length: points }, (_, at) => values(at)).flat(),
  );

const pose = () =>
  numbers(33, (point) => {
    if (point === 11) return [0.6, 0.4, -0.1, 0.9];
    if (point === 12) return [0.4, 0.4, -0.1, 0.8];
    return [0.01 * point, 0.5, 0, 0.7];
  });

/** A hand with its wrist at this place, whose fingers are spread or bent by `bend`, 0 to 1. */
const hand = ([x, y], bend) =>
  numbers(21, (point) => {
    const finger = Math.floor((Math.max(point, 1) - 1) / 4);
    const joint = point === 0 ? 0 : ((point - 1) % 4) + 1;
    const angle = -1.2 + 0.4 * finger + bend * joint * 0.6;
    const length = 0.02 * joint;
    return [
      x + length * Math.sin(angle),
      y - 2 * length * Math.cos(angle),
      -0.1 * length * bend,
    ];
  });

/** A result of 200 × 100 pixels. */
export const result = (index, parts = {}) => ({
  ...{ index, timestampMs: 40 * index, width: 200, height: 100, still: false },
  ...{ pose: pose(), leftHand: null, rightHand: null },
  ...parts,
});

/** The results of one gesture, the first of which has this index. */
export function gesture(kind, frames, place, first = 0) {
  return Array.from({ length: frames }, (_, at) => {
    const [x, bend] = KINDS[kind](at / frames);
    return result(first + at, { rightHand: hand([place + x, 0.6], bend) });
  });
}

/** Three examples of each: label and results. */
export const EXAMPLES = Object.keys(KINDS).flatMap((kind) =>
  [
    [20, 0.3],
    [24, 0.35],
    [28, 0.4],
  ].map(([frames, place]) => [kind, gesture(kind, frames, place)]),
);
