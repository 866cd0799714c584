/** The steps' names and colours, the same in table, chart and legend. */

import type { Graph, Step } from "live-keypoints";

export const STEPS: readonly Step[] = [
  "decode",
  "pose",
  "leftHand",
  "rightHand",
  "face",
  "palm",
];

const STEP_LABELS: Readonly<Record<Step, string>> = {
  decode: "Decode",
  pose: "Body",
  leftHand: "Left hand",
  rightHand: "Right hand",
  face: "Face",
  palm: "Palms",
};

/** Where hands are found by themselves, a step is not that of a side. */
const HAND_LABELS: Partial<Readonly<Record<Step, string>>> = {
  leftHand: "Hand 1",
  rightHand: "Hand 2",
};

export function stepLabel(step: Step, graph: Graph): string {
  const label = graph === "landmarkers" ? HAND_LABELS[step] : undefined;
  return label ?? STEP_LABELS[step];
}

/** Classes that give `--color`. */
export const STEP_CLASSES: Readonly<Record<Step, string>> = {
  decode: "decode",
  pose: "pose",
  leftHand: "left-hand",
  rightHand: "right-hand",
  face: "face",
  palm: "palm",
};

/** A custom property's colour, in the scheme of the moment. */
export function color(element: Element, property: string): string {
  return getComputedStyle(element).getPropertyValue(property).trim();
}
