/** Checks that the options of `create` and `connect` share. Each throws `invalid-option`, naming the option. */

import { LiveKeypointsError } from "./errors.js";
import type { Part, Quality } from "./options.js";

const PARTS: readonly Part[] = ["pose", "hands", "face"];

/** The parts, each once; all of them where nothing is said. */
export function checkParts(parts: readonly Part[] = PARTS): readonly Part[] {
  if (
    !Array.isArray(parts) ||
    parts.length === 0 ||
    parts.some((part) => !PARTS.includes(part))
  ) {
    throw invalidOption(
      "parts",
      "a list of at least one of pose, hands, face",
      parts,
    );
  }
  return [...new Set(parts)];
}

export function checkQuality(quality: Quality): Quality {
  return oneOf("quality", quality, ["full", "lite"]);
}

export function checkBufferSize(bufferSize = 50): number {
  return wholeNumber("bufferSize", bufferSize, 1, 2 ** 31 - 1);
}

/** Most pixels of a frame. */
export function checkMaxPixels(maxPixels = 2 ** 24): number {
  return wholeNumber("maxPixels", maxPixels, 1, 2 ** 31 - 1);
}

export function checkBoolean(
  option: string,
  value: boolean | undefined,
): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw invalidOption(option, "true or false", value);
}

export function wholeNumber(
  option: string,
  value: number,
  least: number,
  most: number,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidOption(option, `a whole number from ${least} to ${most}`, value);
}

export function oneOf<T extends string>(
  option: string,
  value: T,
  values: readonly T[],
): T {
  if (values.includes(value)) return value;
  throw invalidOption(option, values.join(" or "), value);
}

export function invalidOption(
  option: string,
  expected: string,
  value: unknown,
): LiveKeypointsError {
  return new LiveKeypointsError(
    "invalid-option",
    `option ${option} must be ${expected}, not ${String(value)}`,
  );
}
