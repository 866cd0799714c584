/** What `LiveKeypoints.connect` may be told. */

import { sourcesOf } from "../assets.js";
import type { AssetsOption } from "../assets.js";
import { RELAY_OPTIONS } from "../generated/options.js";
import type { RelayOptions } from "../generated/options.js";
import type { Progress } from "../generated/results.js";
import { checked } from "../option-checks.js";
import type { Checked, Checks } from "../option-checks.js";
import type { SocketLike } from "./socket.js";

/** What `LiveKeypoints.connect` may be told. Everything is optional. */
export interface ConnectOptions extends RelayOptions {
  /** Makes the socket, as `new WebSocket(url, protocols)` does. */
  createSocket?: ((url: string, protocols: string[]) => SocketLike) | undefined;
  /** Where the client's WebAssembly comes from, as with `create()`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `connect()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Told when frames can be pushed. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What each of them may be. */
export const CONNECT_OPTIONS = {
  ...RELAY_OPTIONS,
  createSocket: { kind: "function" },
  assets: { kind: "any" },
  signal: { kind: "signal" },
  onProgress: { kind: "function" },
} as const satisfies Checks<ConnectOptions>;

/** The options with their defaults. */
export type CheckedConnectOptions = Checked<
  ConnectOptions,
  typeof CONNECT_OPTIONS
>;

/** Fills in defaults. Throws `invalid-option`, naming the option. */
export function checkConnectOptions(
  given: ConnectOptions | undefined,
): CheckedConnectOptions {
  const options = checked(given, CONNECT_OPTIONS);
  sourcesOf(options.assets);
  return options;
}
