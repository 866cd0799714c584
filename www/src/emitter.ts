import type { ConnectionState } from "./engine.js";
import type { LiveKeypointsError } from "./errors.js";
import type { Keypoints } from "./keypoints.js";

/** The events of a stream, with what their listeners get. */
export interface LiveKeypointsEvents {
  /** A frame's landmarks, in frame order. */
  keypoints: Keypoints;
  /** One frame failed, with its `index`, and the stream goes on; or, without `index`, the stream has ended. */
  error: LiveKeypointsError;
  /** The connection to the relay changed; there is none where the page computes. */
  connection: ConnectionState;
}

type Listener<T> = (value: T) => void;

/** Listeners by event. */
export class Emitter {
  readonly #listeners: {
    [K in keyof LiveKeypointsEvents]: Set<Listener<LiveKeypointsEvents[K]>>;
  } = {
    keypoints: new Set(),
    error: new Set(),
    connection: new Set(),
  };

  on<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: Listener<LiveKeypointsEvents[K]>,
  ): void {
    this.#listeners[event].add(listener);
  }

  off<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: Listener<LiveKeypointsEvents[K]>,
  ): void {
    this.#listeners[event].delete(listener);
  }

  has(event: keyof LiveKeypointsEvents): boolean {
    return this.#listeners[event].size > 0;
  }

  /** A listener that throws is reported as an uncaught error, and stops neither the others nor the stream. */
  emit<K extends keyof LiveKeypointsEvents>(
    event: K,
    value: LiveKeypointsEvents[K],
  ): void {
    for (const listener of [...this.#listeners[event]]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
