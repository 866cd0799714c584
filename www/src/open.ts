/** Opens the engine that the options ask for, and falls back from one to the other. */

import type { Engine } from "./engine.js";
import {
  asLiveKeypointsError,
  LiveKeypointsError,
  messageOf,
} from "./errors.js";
import { checkNames } from "./option-checks.js";
import { checkOptions } from "./options.js";
import type { CreateOptions, RelayFallback } from "./options.js";
import { startPage } from "./page-engine.js";
import { checkConnectOptions, CONNECT_OPTION_NAMES } from "./relay/options.js";
import type { ConnectOptions } from "./relay/options.js";
import { relayAddress } from "./relay/socket.js";

/** An engine that is ready, and what its stream must know of the options. */
export interface Opened {
  engine: Engine;
  checked: { bufferSize: number };
}

/** What keeps a page from computing, whatever its assets are. */
const FALLBACK_CODES = ["wasm-simd-missing", "worker-failed"];

const FALLBACK_NAMES = [
  "url",
  ...CONNECT_OPTION_NAMES.filter(
    (name) => name !== "signal" && name !== "onProgress",
  ),
];

/** Starts the page's own workers; where they cannot be had, the relay of option `fallback`, which `onFallback` is told. */
export async function openPage(options: CreateOptions = {}): Promise<Opened> {
  const checked = checkOptions(options);
  const fallback =
    options.fallback === undefined
      ? undefined
      : fallbackOf(options, options.fallback);
  try {
    return { engine: await startPage(checked, options), checked };
  } catch (error) {
    const reason = asLiveKeypointsError(error, "internal");
    // A worker's script may still be on its way.
    const { isSilence: isSlowLine } = (reason.cause ?? {}) as {
      isSilence?: boolean;
    };
    if (!fallback || isSlowLine || !FALLBACK_CODES.includes(reason.code))
      throw error;
    await options.onFallback?.(reason);
    return openRelay(fallback.url, fallback.options);
  }
}

/** Connects to a relay. */
export async function openRelay(
  url: string | URL,
  options: ConnectOptions = {},
): Promise<Opened> {
  const checked = checkConnectOptions(options);
  const address = relayAddress(url);
  const { startRelay } = await loadRelayEngine();
  const engine = await startRelay(address, options);
  options.onProgress?.({ phase: "ready", fraction: 1 });
  return { engine, checked };
}

/** Pages that never use a relay do not load its client. */
async function loadRelayEngine(): Promise<
  typeof import("./relay/relay-engine.js")
> {
  try {
    return await import("./relay/relay-engine.js");
  } catch (error) {
    const message = `the client of the relay could not be fetched: ${messageOf(error)}`;
    throw new LiveKeypointsError("asset-unreachable", message, {
      cause: error,
    });
  }
}

/** The relay and its options, checked before anything is fetched: a mistake there should show in every browser. */
function fallbackOf(
  options: CreateOptions,
  fallback: string | URL | RelayFallback,
): { url: string | URL; options: ConnectOptions } {
  const given: Partial<RelayFallback> =
    typeof fallback === "string" || fallback instanceof URL
      ? { url: fallback }
      : checkNames(fallback, FALLBACK_NAMES, "fallback");
  const { parts, quality, bufferSize, mirrored, maxPixels, assets } = options;
  const { smoothing, handSmoothing, faceSmoothing, handWorld } = options;
  const shared = {
    ...{ parts, quality, bufferSize, mirrored, maxPixels, assets },
    ...{ smoothing, handSmoothing, faceSmoothing, handWorld },
  };
  const { url = "", ...own } = given;
  const { signal, onProgress } = options;
  const relay = { ...shared, ...own, signal, onProgress };
  relayAddress(url);
  checkConnectOptions(relay);
  return { url, options: relay };
}
