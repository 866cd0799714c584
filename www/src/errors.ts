import { ERROR_CODES } from "./generated/words.js";
import type { ErrorCode } from "./generated/words.js";

/** The error that this package throws, rejects with, and passes to `error` listeners. */
export class LiveKeypointsError extends Error {
  /** Always `LiveKeypointsError`, even if several copies of the package make `instanceof` fail. */
  override readonly name = "LiveKeypointsError";
  /** What went wrong. */
  readonly code: ErrorCode;
  /** The index of the frame, as `push()` returned it; absent if the error is not about one frame. */
  declare readonly index?: number;

  constructor(
    code: ErrorCode,
    message: string,
    details: { index?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.index !== undefined) this.index = details.index;
  }
}

/** Whether a text is one of the codes. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(text);
}

/** The code that an error brings along, as those from WebAssembly do. */
export function codeOf(error: unknown): ErrorCode | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return isErrorCode(code) ? code : undefined;
}

/** The sentence of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown as this package's error: a code that it brings stays, else it gets `fallback`. */
export function asLiveKeypointsError(
  error: unknown,
  fallback: ErrorCode,
): LiveKeypointsError {
  if (error instanceof LiveKeypointsError) return error;
  return new LiveKeypointsError(codeOf(error) ?? fallback, messageOf(error), {
    cause: error,
  });
}

/** The error of everything that the caller's signal ended. */
export function aborted(index?: number): LiveKeypointsError {
  const message = "Aborted by the caller's signal.";
  return new LiveKeypointsError("aborted", message, { index });
}
