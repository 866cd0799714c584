/** Keypoints as tasks-vision's results, with its names. What was not found, or not asked for, is an empty list. */

import type { Keypoints, TrackedHand } from "../generated/results.js";
import { BLENDSHAPE_NAMES, POSE_LANDMARK } from "../generated/topology.js";

/** A point: fractions of the picture with z in picture widths, or metres in lists of world landmarks. */
export interface Landmark {
  /** To the right. */
  x: number;
  /** Downwards. */
  y: number;
  /** Smaller is nearer. */
  z: number;
  /** 0 to 1 of a body; 0 of hands and faces, whose models tell none. */
  visibility: number;
}

/** One of the things that a model tells apart. */
export interface Category {
  /** How sure or how strong, 0 to 1. */
  score: number;
  /** Its number among them. */
  index: number;
  /** Its name. */
  categoryName: string;
  /** The name of a side; empty for expressions. */
  displayName: string;
}

/** All expressions of one face. */
export interface Classifications {
  /** In the order of `BLENDSHAPE_NAMES`. */
  categories: Category[];
  /** Always −1. */
  headIndex: number;
  /** Always empty. */
  headName: string;
}

/** What FaceLandmarker gives. */
export interface FaceLandmarkerResult {
  /** One list at most: 478 points, or as many as `face` of the stream asked for. */
  faceLandmarks: Landmark[][];
  /** The expressions of that face, where they were asked for. */
  faceBlendshapes: Classifications[];
  /** Always empty. */
  facialTransformationMatrixes: never[];
}

/** What HandLandmarker gives: in each list an entry for each hand, those of the frame before first. */
export interface HandLandmarkerResult {
  /** 21 points. */
  landmarks: Landmark[][];
  /** 21 points in metres. */
  worldLandmarks: Landmark[][];
  /**
   * The side.
   *
   * @deprecated Use `handedness`, which is the same.
   */
  handednesses: Category[][];
  /** The side, the subject's own. */
  handedness: Category[][];
}

/** What PoseLandmarker gives. */
export class PoseLandmarkerResult {
  constructor(
    /** One list at most: 33 points. */
    readonly landmarks: Landmark[][],
    /** The same points in metres. */
    readonly worldLandmarks: Landmark[][],
  ) {}

  /** Does nothing: there are no masks to free. */
  close(): void {}
}

/** What HolisticLandmarker gives: one entry at most in each list. */
export interface HolisticLandmarkerResult extends Omit<
  FaceLandmarkerResult,
  "facialTransformationMatrixes"
> {
  /** 33 points. */
  poseLandmarks: Landmark[][];
  /** The same points in metres. */
  poseWorldLandmarks: Landmark[][];
  /** Always empty. */
  poseSegmentationMasks: never[];
  /** 21 points. */
  leftHandLandmarks: Landmark[][];
  /** The same points in metres from the middle of the hips, of a stream with `handWorld`. */
  leftHandWorldLandmarks: Landmark[][];
  /** 21 points. */
  rightHandLandmarks: Landmark[][];
  /** The same points in metres from the middle of the hips, likewise. */
  rightHandWorldLandmarks: Landmark[][];
}

/** Keypoints as FaceLandmarker tells them. */
export function asFaceLandmarkerResult(
  keypoints: Keypoints,
): FaceLandmarkerResult {
  return { ...faceOf(keypoints), facialTransformationMatrixes: [] };
}

/** Keypoints of the graph `landmarkers` as HandLandmarker tells them; that of `holistic` has no list of hands. */
export function asHandLandmarkerResult({
  hands = [],
}: Keypoints): HandLandmarkerResult {
  const handedness = hands.map((hand) => [sideOf(hand)]);
  return {
    landmarks: hands.flatMap(({ points }) => listOf(points, 3)),
    worldLandmarks: hands.flatMap(({ world }) => listOf(world, 3)),
    handednesses: handedness,
    handedness,
  };
}

/** Keypoints as PoseLandmarker tells them, without the presence of each point. */
export function asPoseLandmarkerResult({
  pose,
  poseWorld,
}: Keypoints): PoseLandmarkerResult {
  return new PoseLandmarkerResult(listOf(pose, 4), listOf(poseWorld, 4));
}

/** Keypoints as HolisticLandmarker tells them. */
export function asHolisticLandmarkerResult(
  keypoints: Keypoints,
): HolisticLandmarkerResult {
  const { poseWorld, leftHandWorld, rightHandWorld } = keypoints;
  const { left_wrist, right_wrist } = POSE_LANDMARK;
  return {
    ...faceOf(keypoints),
    poseLandmarks: listOf(keypoints.pose, 4),
    poseWorldLandmarks: listOf(poseWorld, 4),
    poseSegmentationMasks: [],
    leftHandLandmarks: listOf(keypoints.leftHand, 3),
    leftHandWorldLandmarks: listOf(
      onWrist(leftHandWorld, poseWorld, left_wrist),
      3,
    ),
    rightHandLandmarks: listOf(keypoints.rightHand, 3),
    rightHandWorldLandmarks: listOf(
      onWrist(rightHandWorld, poseWorld, right_wrist),
      3,
    ),
  };
}

function faceOf({ face, blendshapes }: Keypoints) {
  return {
    faceLandmarks: listOf(face, 3),
    faceBlendshapes: blendshapes ? [expressionsOf(blendshapes)] : [],
  };
}

/** HolisticLandmarker moves a hand in metres to where the body's wrist is. */
function onWrist(
  hand: Float32Array | null | undefined,
  body: Float32Array | null | undefined,
  wrist: number,
) {
  if (!hand || !body) return hand;
  const shift = [0, 1, 2].map((axis) => body[4 * wrist + axis]! - hand[axis]!);
  return hand.map((value, at) => value + shift[at % 3]!);
}

function listOf(
  points: Float32Array | null | undefined,
  stride: 3 | 4,
): Landmark[][] {
  if (!points) return [];
  const landmark = (_: unknown, point: number): Landmark => {
    const [x, y, z, visibility = 0] = points.subarray(
      stride * point,
      stride * (point + 1),
    );
    return { x: x!, y: y!, z: z!, visibility };
  };
  return [Array.from({ length: points.length / stride }, landmark)];
}

function expressionsOf(scores: Float32Array): Classifications {
  const categories = BLENDSHAPE_NAMES.map((categoryName, index) => {
    return { index, score: scores[index]!, categoryName, displayName: "" };
  });
  return { categories, headIndex: -1, headName: "" };
}

function sideOf({ handedness, score }: TrackedHand): Category {
  const index = handedness === "Right" ? 0 : 1;
  return { score, index, categoryName: handedness, displayName: handedness };
}
