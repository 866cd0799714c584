// @ts-nocheck
/** How long to wait before a connection is tried again. */

/** Waits double from `firstMs` up to `mostMs`. */
export interface BackOff {
  /** Longest wait before the first attempt, milliseconds. */
  firstMs: number;
  /** Longest wait of all, milliseconds. */
  mostMs: number;
}

/**
 * Milliseconds before an attempt, from 0 for the first one after a loss. At random in the upper half of its span, so that
 * a thousand clients that lost one relay do not come back in one moment; `random` is from 0 to 1.
 */
export function backOffMs(
  { firstMs, mostMs }: BackOff,
  attempt: number,
  random: number,
): number {
  const span = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return span * (0.5 + 0.5 * random);
}
