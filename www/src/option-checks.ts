/** Checks of what callers pass, by tables that say what each option may be. */

import { baseOfPage } from "./asset-urls.js";
import { LiveKeypointsError } from "./errors.js";
import { meant } from "./nearest.js";

/** What an option may be, and what it is where nothing is said. */
export type Check = { readonly default?: unknown } & (
  | { readonly kind: "boolean" | "function" | "signal" | "address" | "any" }
  /** A text that is not empty, and never shown. */
  | { readonly kind: "secret" }
  | {
      readonly kind: "whole";
      readonly least: number;
      readonly most: number;
      /** Whether there may be no limit. */
      readonly orInfinity?: boolean;
    }
  | {
      readonly kind: "number";
      readonly least?: number;
      readonly above?: number;
      readonly most?: number;
    }
  /** One of the words, or of the numbers. */
  | { readonly kind: "word"; readonly words: readonly (string | number)[] }
  /** At least one of the words. */
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Of all that others take, this value or, where it is undefined, none. */
  | { readonly kind: "only"; readonly value: unknown; readonly because: string }
  | {
      readonly kind: "nested";
      readonly options: Checks<object>;
      /** What may stand for them. */
      readonly or?: "false" | "address";
    }
);

/** A check for each option; one that is missing does not compile. */
export type Checks<T extends object> = {
  readonly [K in keyof Required<T>]: Check;
};

/** Options whose defaults are filled in. */
export type Checked<T extends object, C> = T & {
  [
    K in keyof T & keyof C as C[K] extends { readonly default: unknown }
      ? K
      : never
  ]-?: Exclude<T[K], undefined>;
};

/**
 * The options with their defaults. Throws `invalid-option`, naming the first that is unknown or wrong; `path` is the option
 * that they are nested in.
 */
export function checked<T extends object, C extends Checks<T>>(
  given: T | undefined,
  checks: C,
  path?: string,
): Checked<T, C> {
  if (given !== undefined && tag(given) !== "[object Object]")
    throw path
      ? invalidOption(path, "an object", given)
      : invalid(`options must be an object, not ${shown(given)}`);
  const known = Object.entries<Check>(checks);
  const prefix = path ? `${path}.` : "";
  for (const name of Object.keys(given ?? {})) {
    if (name in checks) continue;
    const names = known.map(([other]) => other);
    throw invalid(
      `there is no option "${prefix}${name}"; ${meant(name, names)}`,
    );
  }
  const options: Record<string, unknown> = { ...given };
  for (const [name, check] of known) {
    options[name] ??= options[name] === null ? null : check.default;
    if (options[name] === undefined) delete options[name];
    else requireValue(prefix + name, options[name], check);
  }
  return options as Checked<T, C>;
}

function requireValue(option: string, value: unknown, check: Check): void {
  const isNumber = typeof value === "number" && Number.isFinite(value);
  const refuseUnless = (holds: boolean, expected: string): void => {
    if (!holds) throw invalidOption(option, expected, value);
  };
  switch (check.kind) {
    case "any":
      return;
    case "boolean":
      return refuseUnless(typeof value === "boolean", "true or false");
    case "function":
      return refuseUnless(
        value === null || typeof value === "function",
        "a function",
      );
    case "signal":
      return refuseUnless(value === null || isSignal(value), "an AbortSignal");
    case "address":
      return refuseUnless(
        typeof value !== "string" || isAddress(value),
        "an address",
      );
    case "secret":
      if (typeof value === "string" && value !== "") return;
      throw invalid(`option ${option} must be a text that is not empty`);
    case "whole": {
      const { least, most } = check;
      if (check.orInfinity && value === Infinity) return;
      return refuseUnless(
        Number.isInteger(value) && isNumber && value >= least && value <= most,
        `a whole number from ${least} to ${most}`,
      );
    }
    case "number": {
      const { least = -Infinity, above = -Infinity, most = Infinity } = check;
      const holds = isNumber && value >= least && value > above;
      return refuseUnless(holds && value <= most, range(check));
    }
    case "word":
      return refuseUnless(
        check.words.includes(value as string | number),
        check.words.join(" or "),
      );
    case "words":
      return refuseUnless(
        Array.isArray(value) &&
          value.length > 0 &&
          value.every((word) => check.words.includes(word as string)),
        `a list of at least one of ${check.words.join(", ")}`,
      );
    case "only": {
      const { value: only, because } = check;
      if (value === only) return;
      const expected = only === undefined ? "absent" : shown(only);
      throw invalid(`option ${option} must be ${expected}: ${because}`);
    }
    case "nested":
      if (check.or === "false" && value === false) return;
      if (check.or === "address" && isOneAddress(value))
        return requireValue(option, value, { kind: "address" });
      checked(value as object, check.options, option);
      return;
    default:
      check satisfies never;
  }
}

function range(check: Check & { kind: "number" }): string {
  const { least, above, most } = check;
  if (above !== undefined)
    return most === undefined
      ? `a finite number above ${above}`
      : `a number above ${above} to ${most}`;
  if (least === undefined) return "a finite number";
  return most === undefined
    ? `a finite number, ${least} at least`
    : `a number from ${least} to ${most}`;
}

function isSignal(value: unknown): boolean {
  const { addEventListener, aborted } = value as Partial<AbortSignal>;
  return typeof addEventListener === "function" && typeof aborted === "boolean";
}

/** Whether a value is an address and not options. */
export function isOneAddress(value: unknown): value is string | URL {
  return typeof value === "string" || value instanceof URL;
}

function isAddress(value: string): boolean {
  try {
    return new URL(value, baseOfPage()) !== undefined;
  } catch {
    return false;
  }
}

function tag(value: unknown): string {
  return Object.prototype.toString.call(value);
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
