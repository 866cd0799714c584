/** Body and hands in metres, seen from where one likes: turned by dragging, or by the arrow keys. */

import type { Keypoints } from "live-keypoints";
import {
  HAND_CONNECTIONS,
  HAND_LANDMARK,
  POSE_CONNECTIONS,
  POSE_LANDMARK,
} from "live-keypoints";
import { Canvas } from "./canvas.js";
import { color } from "./colors.js";

/** Metres that fit into the smaller side. */
const SPAN_METRES = 1.15;
/** Metres from the eye to the hips. */
const DISTANCE_METRES = 3;
/** Height of the picture's middle and of the grid, in metres below the hips. */
const MIDDLE_METRES = -0.2;
const GRID_METRES = 0.35;
/** Below, a landmark is a guess, and is drawn pale. */
const MIN_VISIBILITY = 0.5;
const PALE = 0.25;
const RADIANS_A_PIXEL = 0.01;
const RADIANS_A_KEY = 0.15;
const MOST_PITCH = 1.4;

type Vector = readonly [number, number, number];

interface Point {
  x: number;
  y: number;
  depth: number;
}

export class WorldView {
  readonly #canvas: Canvas;
  #world: Float32Array | undefined;
  #leftHand: Float32Array | undefined;
  #rightHand: Float32Array | undefined;
  #yaw = 0.5;
  #pitch = 0.15;

  constructor(element: HTMLCanvasElement) {
    this.#canvas = new Canvas(element, () => this.#draw());
    element.addEventListener("pointerdown", ({ pointerId }) =>
      element.setPointerCapture(pointerId),
    );
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      this.#turn(
        event.movementX * RADIANS_A_PIXEL,
        event.movementY * RADIANS_A_PIXEL,
      );
    });
    element.addEventListener("keydown", (event) => {
      const turn = KEYS[event.key];
      if (!turn) return;
      event.preventDefault();
      this.#turn(turn[0] * RADIANS_A_KEY, turn[1] * RADIANS_A_KEY);
    });
  }

  show({ poseWorld, leftHandWorld, rightHandWorld }: Keypoints): void {
    this.#world = poseWorld ?? undefined;
    this.#leftHand = leftHandWorld ?? undefined;
    this.#rightHand = rightHandWorld ?? undefined;
    this.#canvas.redraw();
  }

  #turn(yaw: number, pitch: number): void {
    this.#yaw += yaw;
    this.#pitch = Math.min(
      MOST_PITCH,
      Math.max(-MOST_PITCH, this.#pitch + pitch),
    );
    this.#canvas.redraw();
  }

  #draw(): void {
    const { context, element } = this.#canvas;
    context.lineCap = "round";
    this.#drawGrid();
    const world = this.#world;
    if (!world) {
      context.fillStyle = color(element, "--quiet");
      context.font = "13px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText(
        "No body to show",
        this.#canvas.width / 2,
        this.#canvas.height / 2,
      );
      return;
    }
    for (const [from, to] of POSE_CONNECTIONS) {
      const sure = Math.min(world[4 * from + 3]!, world[4 * to + 3]!);
      context.globalAlpha = sure < MIN_VISIBILITY ? PALE : 1;
      this.#drawBone(
        color(element, sideColor(from, to)),
        pointOf(world, 4, from),
        pointOf(world, 4, to),
      );
    }
    context.globalAlpha = 1;
    const { left_wrist: leftWrist, right_wrist: rightWrist } = POSE_LANDMARK;
    this.#drawHand(this.#leftHand, leftWrist, color(element, "--left-hand"));
    this.#drawHand(this.#rightHand, rightWrist, color(element, "--right-hand"));
  }

  /** A hand's landmarks have an origin of their own: it is put where the body's wrist is. */
  #drawHand(
    hand: Float32Array | undefined,
    wrist: number,
    stroke: string,
  ): void {
    if (!hand) return;
    const atBody = pointOf(this.#world!, 4, wrist);
    const atHand = pointOf(hand, 3, HAND_LANDMARK.wrist);
    const moved = (index: number): Vector => {
      const [x, y, z] = pointOf(hand, 3, index);
      return [
        x + atBody[0] - atHand[0],
        y + atBody[1] - atHand[1],
        z + atBody[2] - atHand[2],
      ];
    };
    for (const [from, to] of HAND_CONNECTIONS)
      this.#drawBone(stroke, moved(from), moved(to), 1.5);
  }

  #drawBone(stroke: string, from: Vector, to: Vector, width = 3): void {
    const { context } = this.#canvas;
    const [a, b] = [this.#project(...from), this.#project(...to)];
    context.strokeStyle = stroke;
    // Nearer is thicker.
    context.lineWidth = width * (DISTANCE_METRES / ((a.depth + b.depth) / 2));
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    context.stroke();
  }

  /** A square metre below, to see by how it is turned. */
  #drawGrid(): void {
    const { context, element } = this.#canvas;
    context.strokeStyle = color(element, "--line");
    context.lineWidth = 1;
    for (let at = -0.5; at <= 0.5; at += 0.25) {
      for (const [from, to] of [
        [
          [at, -0.5],
          [at, 0.5],
        ],
        [
          [-0.5, at],
          [0.5, at],
        ],
      ] as const) {
        const a = this.#project(from[0], GRID_METRES, from[1]);
        const b = this.#project(to[0], GRID_METRES, to[1]);
        context.beginPath();
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
        context.stroke();
      }
    }
  }

  /** x to the right, y down, z away from the camera, in metres from the hips. */
  #project(x: number, fromHips: number, z: number): Point {
    const y = fromHips - MIDDLE_METRES;
    const [sinYaw, cosYaw] = [Math.sin(this.#yaw), Math.cos(this.#yaw)];
    const [sinPitch, cosPitch] = [Math.sin(this.#pitch), Math.cos(this.#pitch)];
    const turnedX = cosYaw * x + sinYaw * z;
    const turnedZ = cosYaw * z - sinYaw * x;
    const turnedY = cosPitch * y - sinPitch * turnedZ;
    const depth = DISTANCE_METRES + cosPitch * turnedZ + sinPitch * y;
    const { width, height } = this.#canvas;
    const scale =
      (Math.min(width, height) / SPAN_METRES) * (DISTANCE_METRES / depth);
    return {
      x: width / 2 + scale * turnedX,
      y: height / 2 + scale * turnedY,
      depth,
    };
  }
}

function pointOf(points: Float32Array, stride: number, index: number): Vector {
  const at = stride * index;
  return [points[at]!, points[at + 1]!, points[at + 2]!];
}

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Landmarks of the subject's left side have odd numbers from the shoulders on. */
function sideColor(from: number, to: number): string {
  if (from < 11 || to < 11 || from % 2 !== to % 2) return "--ink";
  return from % 2 ? "--left-hand" : "--right-hand";
}
