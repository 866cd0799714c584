/** What `LiveKeypoints.connect` may be told. */

import { checkAssets } from "../asset-checks.js";
import type { AssetsOption } from "../assets.js";
import { LiveKeypointsError } from "../errors.js";
import {
  checkBoolean,
  checkBufferSize,
  checkFunction,
  checkMaxPixels,
  checkNames,
  checkParts,
  checkQuality,
  checkSignal,
  invalidOption,
  oneOf,
  wholeNumber,
} from "../option-checks.js";
import type { Part, Quality } from "../options.js";
import type { Progress } from "../progress.js";
import type { SocketLike } from "./socket.js";

/** What `LiveKeypoints.connect` may be told. Everything is optional. */
export interface ConnectOptions {
  /** The parts to report, at least one. Default: all. */
  parts?: readonly Part[] | undefined;
  /** Landmark models of body and hands. Default: the relay's. */
  quality?: Quality | undefined;
  /** Frames that wait to be sent before the oldest is dropped, and results that wait to be read. Default 50. */
  bufferSize?: number | undefined;
  /** Temporal smoothing of the pose. Default true. */
  smoothing?: boolean | undefined;
  /** Temporal smoothing of the hands. Default false. */
  handSmoothing?: boolean | undefined;
  /** Temporal smoothing of the face. Default false. */
  faceSmoothing?: boolean | undefined;
  /** x becomes 1 − x in results, for a picture that is shown mirrored. Sides stay the subject's own. Default false. */
  mirrored?: boolean | undefined;
  /** Hands in metres as well: `leftHandWorld` and `rightHandWorld` of results. Default false. */
  handWorld?: boolean | undefined;
  /**
   * How results travel. `binary` takes about a third of the bytes and leaves scores, reasons of missing parts and the
   * times of the steps out; `json` has all of it. Default `binary`.
   */
  format?: "binary" | "json" | undefined;
  /** Frames that may be sent before the first of them is answered, 1 to 64. Default 4. */
  maxFramesInFlight?: number | undefined;
  /** Of the JPEGs that are made of frames that are none, above 0 to 1. Default 0.85. */
  jpegQuality?: number | undefined;
  /** Most pixels (width times height) of a frame that is encoded here. Default 16,777,216. */
  maxPixels?: number | undefined;
  /** What the relay asks for as its bearer token. Sent as a subprotocol; it never shows in an address. */
  token?: string | undefined;
  /** Milliseconds for a connection to be ready. Default 10,000. */
  connectTimeoutMs?: number | undefined;
  /** A relay that owes answers and is silent for longer than this many milliseconds is given up. Default 10,000. */
  answerTimeoutMs?: number | undefined;
  /** Whether, and how soon, a lost connection is opened again. Default `{}`: half a second, doubled up to 15 seconds, for ever. */
  reconnect?: false | ReconnectOptions | undefined;
  /** Makes the socket, as `new WebSocket(url, protocols)` does. */
  createSocket?: ((url: string, protocols: string[]) => SocketLike) | undefined;
  /** Where the client's WebAssembly comes from, as with `create()`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `connect()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Told when frames can be pushed. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** How a lost connection is opened again. */
export interface ReconnectOptions {
  /** Longest wait before the first attempt, milliseconds. Default 500. */
  firstMs?: number | undefined;
  /** Longest wait between attempts, milliseconds. Default 15,000. */
  mostMs?: number | undefined;
  /** Attempts without an answer in between, after which the stream ends with `connection-lost`. Default: no limit. */
  maxAttempts?: number | undefined;
}

/** What results are asked to hold: the parts, and whether hands come in metres as well. */
export type AskedPart = Part | "handWorld";

/** The options with their defaults, checked. */
export interface CheckedConnectOptions {
  readonly parts: readonly AskedPart[];
  readonly bufferSize: number;
  readonly maxFramesInFlight: number;
  readonly encoder: { quality: number; maxPixels: number };
  readonly token: string | undefined;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly backOff: { firstMs: number; mostMs: number };
  readonly maxAttempts: number;
  /** The `configure` message. */
  readonly configure: Readonly<Record<string, unknown>>;
}

const MOST_MS = 2 ** 31 - 1;
/** Every option; a new one that is missing here does not compile. */
export const CONNECT_OPTION_NAMES = Object.keys({
  parts: true,
  quality: true,
  bufferSize: true,
  smoothing: true,
  handSmoothing: true,
  faceSmoothing: true,
  mirrored: true,
  handWorld: true,
  format: true,
  maxFramesInFlight: true,
  jpegQuality: true,
  maxPixels: true,
  token: true,
  connectTimeoutMs: true,
  answerTimeoutMs: true,
  reconnect: true,
  createSocket: true,
  assets: true,
  signal: true,
  onProgress: true,
} satisfies Record<keyof ConnectOptions, true>);
const RECONNECT_NAMES = ["firstMs", "mostMs", "maxAttempts"];

/** Fills in defaults. Throws `invalid-option`, naming the option. */
export function checkConnectOptions(
  given: ConnectOptions | undefined,
): CheckedConnectOptions {
  const options: ConnectOptions = checkNames(given, CONNECT_OPTION_NAMES);
  checkAssets(options.assets);
  checkFunction("createSocket", options.createSocket);
  checkFunction("onProgress", options.onProgress);
  checkSignal(options.signal);
  const parts = checkParts(options.parts);
  const bufferSize = checkBufferSize(options.bufferSize);
  const maxFramesInFlight = wholeNumber(
    "maxFramesInFlight",
    options.maxFramesInFlight ?? 4,
    1,
    64,
  );
  const milliseconds = (name: "connectTimeoutMs" | "answerTimeoutMs"): number =>
    wholeNumber(name, options[name] ?? 10_000, 1, MOST_MS);
  const { jpegQuality = 0.85, token } = options;
  if (!(Number.isFinite(jpegQuality) && jpegQuality > 0 && jpegQuality <= 1))
    throw invalidOption("jpegQuality", "a number above 0 to 1", jpegQuality);
  if (token !== undefined && (typeof token !== "string" || token === ""))
    // The token itself stays out of the text.
    throw new LiveKeypointsError(
      "invalid-option",
      "option token must be a text that is not empty",
    );
  const handWorld = checkBoolean("handWorld", options.handWorld) ?? false;
  return {
    parts:
      handWorld && parts.includes("hands") ? [...parts, "handWorld"] : parts,
    bufferSize,
    maxFramesInFlight,
    encoder: {
      quality: jpegQuality,
      maxPixels: checkMaxPixels(options.maxPixels),
    },
    token,
    connectTimeoutMs: milliseconds("connectTimeoutMs"),
    answerTimeoutMs: milliseconds("answerTimeoutMs"),
    ...checkReconnect(options.reconnect),
    configure: configureMessage(options, parts, {
      // More never wait there.
      buffer_size: Math.min(bufferSize, maxFramesInFlight),
    }),
  };
}

function checkReconnect(
  reconnect: ConnectOptions["reconnect"],
): Pick<CheckedConnectOptions, "backOff" | "maxAttempts"> {
  const given: ReconnectOptions =
    reconnect === false
      ? { maxAttempts: 0 }
      : checkNames(reconnect, RECONNECT_NAMES, "reconnect");
  const firstMs = given.firstMs ?? 500;
  const mostMs = given.mostMs ?? Math.max(15_000, firstMs);
  const maxAttempts = given.maxAttempts ?? Infinity;
  wholeNumber("reconnect.firstMs", firstMs, 1, MOST_MS);
  wholeNumber("reconnect.mostMs", mostMs, firstMs, MOST_MS);
  if (maxAttempts !== Infinity)
    wholeNumber("reconnect.maxAttempts", maxAttempts, 0, MOST_MS);
  return { backOff: { firstMs, mostMs }, maxAttempts };
}

function configureMessage(
  options: ConnectOptions,
  parts: readonly Part[],
  more: Record<string, unknown>,
): Record<string, unknown> {
  const quality =
    options.quality === undefined ? undefined : checkQuality(options.quality);
  const wanted = {
    type: "configure",
    parts,
    quality,
    format: oneOf("format", options.format ?? "binary", ["binary", "json"]),
    smoothing: checkBoolean("smoothing", options.smoothing),
    hand_smoothing: checkBoolean("handSmoothing", options.handSmoothing),
    face_smoothing: checkBoolean("faceSmoothing", options.faceSmoothing),
    mirrored: checkBoolean("mirrored", options.mirrored),
    // Left out rather than false: relays of version 0.1.0 do not know it.
    hand_world: options.handWorld || undefined,
    ...more,
  };
  return Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== undefined),
  );
}
