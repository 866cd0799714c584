import type { SourceEnded } from "./capture/capture.js";
import type { LiveKeypointsError } from "./errors.js";
import type { ConnectionState, Keypoints, Sign } from "./generated/results.js";
import { invalid, invalidOption, shown } from "./option-checks.js";
import { meant } from "./nearest.js";

/** The events of a stream, with the argument of their listeners. */
export interface LiveKeypointsEvents {
  /** The result of a frame, in frame order. */
  keypoints: Keypoints;
  /** With an `index`, that frame failed, or signs failed at it, and the stream continues. Without `index`, the stream has ended. */
  error: LiveKeypointsError;
  /** The connection to the relay changed. Only if a relay computes. */
  connection: ConnectionState;
  /** A sign was recognised. Needs option `signs`. */
  sign: Sign;
  /** Nothing has moved for the number of frames in the manifest. Fires once, until something moves. Needs option `signs`. */
  idle: undefined;
  /** An attached source has ended. */
  "source-ended": SourceEnded;
}

type Listener<T> = (value: T) => void;

/** Listeners by event, each with what ends the wait for its signal. */
export class Emitter {
  readonly #listeners: {
    [K in keyof LiveKeypointsEvents]: Map<
      Listener<LiveKeypointsEvents[K]>,
      () => void
    >;
  } = {
    keypoints: new Map(),
    error: new Map(),
    connection: new Map(),
    sign: new Map(),
    idle: new Map(),
    "source-ended": new Map(),
  };

  /** Listens until `off`, the returned function or `signal` ends it. Throws `invalid-option`. */
  on<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: Listener<LiveKeypointsEvents[K]>,
    signal?: AbortSignal | null,
  ): () => void {
    const listeners = this.#of(event, listener);
    const off = (): void => this.off(event, listener);
    if (signal?.aborted) return off;
    const before = listeners.get(listener);
    signal?.addEventListener("abort", off, { once: true });
    listeners.set(listener, () => {
      before?.();
      signal?.removeEventListener("abort", off);
    });
    return off;
  }

  off<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: Listener<LiveKeypointsEvents[K]>,
  ): void {
    const listeners = this.#of(event, listener);
    listeners.get(listener)?.();
    listeners.delete(listener);
  }

  /** Takes every `on` back. */
  clear(): void {
    for (const listeners of Object.values(this.#listeners)) {
      for (const unlisten of listeners.values()) unlisten();
      listeners.clear();
    }
  }

  has(event: keyof LiveKeypointsEvents): boolean {
    return this.#listeners[event].size > 0;
  }

  /** A listener that throws is reported as an uncaught error, and stops neither the others nor the stream. */
  emit<K extends keyof LiveKeypointsEvents>(
    event: K,
    value: LiveKeypointsEvents[K],
  ): void {
    for (const listener of [...this.#listeners[event].keys()]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #of<K extends keyof LiveKeypointsEvents>(event: K, listener: unknown) {
    if (!Object.hasOwn(this.#listeners, event)) {
      const known = Object.keys(this.#listeners);
      const name = shown(event);
      throw invalid(`there is no event "${name}"; ${meant(name, known)}`);
    }
    if (typeof listener !== "function")
      throw invalidOption("listener", "a function", listener);
    return this.#listeners[event];
  }
}
