/** Results as JSON lines, in the very text that the relay's `extract` writes. */

import type { Keypoints } from "live-keypoints";

/** Landmarks in the order of the lines' keys, with the numbers a point has. */
const PARTS = [
  ["pose", "pose", 4],
  ["pose_world", "poseWorld", 4],
  ["left_hand", "leftHand", 3],
  ["right_hand", "rightHand", 3],
  ["face", "face", 3],
] as const;

/** Lines that are text of the page's until they become a Blob, about a megabyte. */
const LINES_A_BLOB = 50;

/** Takes results as they come and gives them as a file. */
export class LinesRecorder {
  frames = 0;
  readonly #full: Blob[] = [];
  #lines: string[] = [];

  add(keypoints: Keypoints): void {
    this.frames += 1;
    this.#lines.push(`${jsonLine(keypoints)}\n`);
    if (this.#lines.length < LINES_A_BLOB) return;
    this.#full.push(new Blob(this.#lines));
    this.#lines = [];
  }

  toBlob(): Blob {
    const parts = [...this.#full, ...this.#lines];
    return new Blob(parts, { type: "application/jsonl" });
  }
}

/** One line, without its end. A part that was not asked for is no key. */
function jsonLine(keypoints: Keypoints): string {
  const { index, timestampMs, width, height, scores } = keypoints;
  const fields = [
    `"index":${index}`,
    `"timestamp_us":${Math.round(timestampMs * 1000)}`,
    `"width":${width}`,
    `"height":${height}`,
  ];
  for (const [key, part, stride] of PARTS) {
    const points = keypoints[part];
    if (points !== undefined)
      fields.push(`"${key}":${points ? pointsText(points, stride) : "null"}`);
  }
  const score = (value: number | null): string =>
    value === null ? "null" : floatText(value);
  fields.push(
    `"scores":{"pose":${score(scores.pose)},"left_hand":${score(scores.leftHand)},"right_hand":${score(scores.rightHand)},"face":${score(scores.face)}}`,
  );
  return `{${fields.join(",")}}`;
}

function pointsText(points: Float32Array, stride: number): string {
  const texts: string[] = [];
  for (let at = 0; at < points.length; at += stride)
    texts.push(
      `[${Array.from(points.subarray(at, at + stride), floatText).join(",")}]`,
    );
  return `[${texts.join(",")}]`;
}

/** The shortest text that reads back the same number of 32 bits. */
function floatText(value: number): string {
  const float = Math.fround(value);
  for (let digits = 1; digits < 9; digits += 1) {
    const text = float.toPrecision(digits);
    if (Math.fround(Number(text)) === float) return String(Number(text));
  }
  return String(Number(float.toPrecision(9)));
}
