// Tests with a limit of time each: Node.js 20's --test-timeout limits a whole file and not each of its tests.
import { test as unlimited } from "node:test";

/** `test` of node:test, which ends after `timeout` milliseconds unless a test names a limit of its own. */
export const limited =
  (timeout) =>
  (name, ...rest) => {
    const run = rest.pop();
    return unlimited(name, { timeout, ...rest[0] }, run);
  };

export const test = limited(60_000);
