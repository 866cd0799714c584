/** Opens the engine that the options ask for, and falls back from one to the other. */

import type { Engine } from "./engine.js";
import { asLiveKeypointsError } from "./errors.js";
import {
  CONNECT_OPTIONS,
  CREATE_OPTIONS,
  RELAY_OPTIONS,
} from "./generated/options.js";
import type { ConnectOptions, CreateOptions } from "./generated/options.js";
import { loadPart } from "./load-part.js";
import { checked, isOneAddress } from "./option-checks.js";
import { startPage } from "./page-engine.js";
import { relayAddress } from "./relay/socket.js";
import type { LiveSigns } from "./signs/live-signs.js";

/** An engine that is ready, and what its stream must know of the options. */
export interface Opened {
  engine: Engine;
  options: { bufferSize: number };
  /** Where signs were asked for. */
  signs: LiveSigns | undefined;
}

/** What keeps a page from computing, whatever its assets are. */
const FALLBACK_CODES = ["wasm-simd-missing", "worker-failed"];

/** Starts the page's own workers; where they cannot be had, the relay of option `fallback`, which `onFallback` is told. */
export async function openPage(given?: CreateOptions): Promise<Opened> {
  const options = checked(given, CREATE_OPTIONS);
  const fallback = fallbackOf(given);
  try {
    return await startPage(given);
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
  given?: ConnectOptions,
): Promise<Opened> {
  const options = checked(given, CONNECT_OPTIONS);
  const address = relayAddress(url);
  const signs = options.signs ? await signsOfRelay() : undefined;
  const { startRelay } = await loadPart(
    "the client of the relay",
    () => import("./relay/relay-engine.js"),
  );
  const engine = await startRelay(address, options);
  options.onProgress?.({ phase: "ready", fraction: 1 });
  return { engine, options, signs };
}

async function signsOfRelay(): Promise<LiveSigns> {
  const { LiveSigns } = await loadPart(
    "the signs",
    () => import("./signs/live-signs.js"),
  );
  return new LiveSigns();
}

/** The relay and its options, checked before anything is fetched: a mistake there should show in every browser. */
function fallbackOf(
  options: CreateOptions = {},
): { url: string | URL; options: ConnectOptions } | undefined {
  const { fallback, assets, signal, onProgress } = options;
  if (fallback === undefined) return undefined;
  const { url, ...own } = isOneAddress(fallback) ? { url: fallback } : fallback;
  relayAddress(url);
  const shared = Object.entries(options).filter(
    ([name]) => name in RELAY_OPTIONS && name !== "maxFramesInFlight",
  );
  const all = {
    ...{ ...Object.fromEntries(shared), assets },
    signs: options.signs !== undefined,
    ...{ ...own, signal, onProgress },
  };
  checked(all, CONNECT_OPTIONS);
  return { url, options: all };
}
