/**
 * Draws keypoints over a picture. Exported as `live-keypoints/draw`.
 *
 * @module live-keypoints/draw
 */

import { DRAW_OPTIONS } from "./generated/options.js";
import type { Area, DrawColors, DrawOptions } from "./generated/options.js";
import type { Keypoints } from "./generated/results.js";
import { checked, invalid, shown } from "./option-checks.js";
import type { Checked } from "./option-checks.js";
import {
  FACE_CONTOURS,
  FACE_IRISES,
  FACE_LANDMARK_COUNT,
  HAND_CONNECTIONS,
  POSE_CONNECTIONS,
  POSE_LANDMARK,
} from "./generated/topology.js";
import type { Connection } from "./generated/topology.js";

export type { Area, DrawColors, DrawOptions };

/** What `drawKeypoints` can draw on. */
export type DrawTarget =
  | HTMLCanvasElement
  | OffscreenCanvas
  | CanvasRenderingContext2D
  | OffscreenCanvasRenderingContext2D;

/** The default colours. */
export const DEFAULT_COLORS: Readonly<DrawColors> = {
  pose: "#f4f4f5",
  leftHand: "#ffb020",
  rightHand: "#35d0ba",
  face: "#a5b4fc",
  outline: "rgba(10, 12, 20, 0.55)",
};

/** The face's points among the body's: drawn only where there is no face mesh. */
const LAST_POSE_FACE_LANDMARK = POSE_LANDMARK.mouth_right;
/** The hands' points among the body's, beyond the wrists: drawn only where there is no hand. */
const LEFT_HAND_IN_POSE = [
  POSE_LANDMARK.left_pinky,
  POSE_LANDMARK.left_index,
  POSE_LANDMARK.left_thumb,
];
const RIGHT_HAND_IN_POSE = [
  POSE_LANDMARK.right_pinky,
  POSE_LANDMARK.right_index,
  POSE_LANDMARK.right_thumb,
];

type CheckedDrawOptions = Checked<DrawOptions, typeof DRAW_OPTIONS>;

/**
 * Draws keypoints over the whole canvas, without clearing it first. The canvas may have any size; for sharp lines on a
 * high-density screen, give it as many pixels as it covers there. Throws `invalid-option` if an argument is not a canvas,
 * a result or a known option.
 */
export function drawKeypoints(
  target: DrawTarget,
  keypoints: Keypoints,
  given?: DrawOptions,
): void {
  const context = contextOf(target);
  if (typeof keypoints !== "object" || keypoints === null)
    throw invalid(`keypoints must be a result, not ${shown(keypoints)}`);
  const options = checked(given, DRAW_OPTIONS);
  const { width, height } = context.canvas;
  const area = options.area ?? { x: 0, y: 0, width, height };
  const lineWidth =
    options.lineWidth ?? Math.max(1.5, Math.min(area.width, area.height) / 160);
  const pen: Pen = {
    context,
    area,
    lineWidth,
    colors: { ...DEFAULT_COLORS, ...options.colors },
  };
  context.save();
  context.lineCap = "round";
  context.lineJoin = "round";
  if (keypoints.pose && options.pose)
    drawPose(pen, keypoints.pose, keypoints, options);
  if (keypoints.face) drawFace(pen, keypoints.face, options.face);
  if (options.hands) {
    for (const [hand, color] of handsOf(keypoints, pen.colors))
      drawHand(pen, hand, color);
  }
  context.restore();
}

interface Pen {
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  area: Area;
  lineWidth: number;
  colors: DrawColors;
}

function contextOf(target: DrawTarget): Pen["context"] {
  if (typeof target !== "object" || target === null)
    throw invalid(
      `the target must be a canvas or its 2D context, not ${shown(target)}`,
    );
  const context = (
    "getContext" in target ? target.getContext("2d") : target
  ) as Pen["context"] | null;
  if (!context)
    throw invalid(
      "the canvas has no 2D context; it may have one of another kind already",
    );
  if (typeof context.beginPath !== "function")
    throw invalid("the target must be a canvas or its 2D context");
  return context;
}

function drawPose(
  pen: Pen,
  pose: Float32Array,
  keypoints: Keypoints,
  options: CheckedDrawOptions,
): void {
  const hidden = new Set<number>();
  if (keypoints.leftHand && options.hands)
    LEFT_HAND_IN_POSE.forEach((point) => hidden.add(point));
  if (keypoints.rightHand && options.hands)
    RIGHT_HAND_IN_POSE.forEach((point) => hidden.add(point));
  const firstPoint =
    keypoints.face && options.face !== "none" ? LAST_POSE_FACE_LANDMARK + 1 : 0;
  const isShown = (point: number): boolean =>
    point >= firstPoint &&
    !hidden.has(point) &&
    (pose[4 * point + 3] ?? 0) >= options.minVisibility;
  drawLines(
    pen,
    pose,
    4,
    POSE_CONNECTIONS,
    pen.colors.pose,
    pen.lineWidth,
    isShown,
  );
  drawPoints(pen, pose, 4, pen.colors.pose, pen.lineWidth * 1.25, isShown);
}

/** All hands, each in the colour of its side. */
function handsOf(
  keypoints: Keypoints,
  colors: DrawColors,
): (readonly [Float32Array, string])[] {
  const { hands, leftHand, rightHand } = keypoints;
  if (hands)
    return hands.map(({ handedness, points }) => [
      points,
      handedness === "Left" ? colors.leftHand : colors.rightHand,
    ]);
  return [
    ...(leftHand ? [[leftHand, colors.leftHand] as const] : []),
    ...(rightHand ? [[rightHand, colors.rightHand] as const] : []),
  ];
}

function drawHand(pen: Pen, hand: Float32Array, color: string): void {
  drawLines(pen, hand, 3, HAND_CONNECTIONS, color, pen.lineWidth * 0.9);
  drawPoints(pen, hand, 3, color, pen.lineWidth * 0.95);
}

function drawFace(
  pen: Pen,
  face: Float32Array,
  style: "contours" | "points" | "none",
): void {
  const width = pen.lineWidth * 0.6;
  if (style === "contours") {
    drawLines(pen, face, 3, FACE_CONTOURS, pen.colors.face, width);
    if (face.length > 3 * FACE_LANDMARK_COUNT)
      drawLines(pen, face, 3, FACE_IRISES, pen.colors.face, width);
  }
  if (style === "points")
    drawPoints(pen, face, 3, pen.colors.face, pen.lineWidth * 0.35);
}

function drawLines(
  { context, area, colors }: Pen,
  points: Float32Array,
  stride: number,
  connections: readonly Connection[],
  color: string,
  width: number,
  isShown: (point: number) => boolean = () => true,
): void {
  context.beginPath();
  for (const [from, to] of connections) {
    if (!isShown(from) || !isShown(to)) continue;
    context.moveTo(
      area.x + points[from * stride]! * area.width,
      area.y + points[from * stride + 1]! * area.height,
    );
    context.lineTo(
      area.x + points[to * stride]! * area.width,
      area.y + points[to * stride + 1]! * area.height,
    );
  }
  context.lineWidth = width * 2;
  context.strokeStyle = colors.outline;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke();
}

function drawPoints(
  { context, area }: Pen,
  points: Float32Array,
  stride: number,
  color: string,
  radius: number,
  isShown: (point: number) => boolean = () => true,
): void {
  context.beginPath();
  for (let point = 0; point * stride < points.length; point += 1) {
    if (!isShown(point)) continue;
    const x = area.x + points[point * stride]! * area.width;
    const y = area.y + points[point * stride + 1]! * area.height;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fillStyle = color;
  context.fill();
}
