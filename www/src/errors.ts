/** Every code an error can carry: the words of the pipeline's `ErrorCode`, which a test holds this list equal to. */
export const ERROR_CODES = [
  "empty-frame",
  "not-a-jpeg",
  "malformed-picture",
  "unsupported-picture",
  "too-many-pixels",
  "too-many-bytes",
  "too-slow",
  "invalid-pixels",
  "model-missing",
  "model-malformed",
  "model-mismatch",
  "inference-failed",
  "invalid-option",
  "busy",
  "closed",
  "aborted",
  "wasm-simd-missing",
  "asset-unreachable",
  "asset-wrong-type",
  "version-mismatch",
  "worker-failed",
  "worker-died",
  "connection-lost",
  "unsupported-frame",
  "invalid-message",
  "file-unreadable",
  "internal",
] as const;

/** The stable word that says what went wrong; branch on it, never on the text. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Every error of this package, thrown, rejected with or given to an `error` listener. */
export class LiveKeypointsError extends Error {
  /** Always `LiveKeypointsError`, also where several copies of the package make `instanceof` fail. */
  override readonly name = "LiveKeypointsError";
  /** What went wrong. */
  readonly code: ErrorCode;
  /** The frame it is about, as `push()` returned it; absent when it is about no single frame. */
  declare readonly index?: number;

  constructor(
    code: ErrorCode,
    message: string,
    details: { index?: number; cause?: unknown } = {},
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
