// @ts-nocheck
/** Checks of what callers pass. Each throws `invalid-option`, naming the option. */

import { LiveKeypointsError } from "../errors.js";
import { meant } from "../nearest.js";
import type { Part, Quality } from "../generated/words.js";

const PARTS: readonly Part[] = ["pose", "hands", "face"];

/**
 * The options, with none that is unknown; an empty object where nothing is given. `path` is the option that they are
 * nested in.
 */
export function checkNames<T extends object>(
  options: T | undefined,
  names: readonly string[],
  path?: string,
): Partial<T> {
  if (options === undefined) return {};
  if (Object.prototype.toString.call(options) !== "[object Object]")
    throw path
      ? invalidOption(path, "an object", options)
      : invalid(`options must be an object, not ${shown(options)}`);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const full = path ? `${path}.${name}` : name;
    throw invalid(`there is no option "${full}"; ${meant(name, names)}`);
  }
  return options;
}

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

/** A function, or nothing. */
export function checkFunction(option: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === "function")
    return;
  throw invalidOption(option, "a function", value);
}

/** A signal, or nothing. */
export function checkSignal(signal: AbortSignal | null | undefined): void {
  if (signal === undefined || signal === null) return;
  if (
    typeof signal.addEventListener !== "function" ||
    typeof signal.aborted !== "boolean"
  )
    throw invalidOption("signal", "an AbortSignal", signal);
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

/** A number from `least` on, `most` at the most. */
export function finiteNumber(
  option: string,
  value: number,
  least = -Infinity,
  most = Infinity,
): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  const range =
    least === -Infinity
      ? "a finite number"
      : most === Infinity
        ? `a finite number, ${least} at least`
        : `a number from ${least} to ${most}`;
  throw invalidOption(option, range, value);
}

export function invalidOption(
  option: string,
  expected: string,
  value: unknown,
): LiveKeypointsError {
  return invalid(`option ${option} must be ${expected}, not ${shown(value)}`);
}

export function invalid(message: string): LiveKeypointsError {
  return new LiveKeypointsError("invalid-option", message);
}

/** A value for people; an object may have no text of its own. */
export function shown(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "an object";
  }
}
