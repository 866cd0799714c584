/** One run of the package: made for the settings of the moment, replaced when they change. */

import { LiveKeypoints } from "live-keypoints";
import type { Keypoints, LiveKeypointsError, Progress } from "live-keypoints";
import type { Settings } from "./settings.js";
import type { Shot, Source } from "./source.js";
import type { Stage } from "./stage.js";

export interface PlayerEvents {
  progress(progress: Progress): void;
  result(keypoints: Keypoints, live: LiveKeypoints): void;
  /** One frame failed, or, where there is no `index`, everything. */
  error(error: LiveKeypointsError): void;
}

export class Player {
  readonly #stage: Stage;
  readonly #events: PlayerEvents;
  #abort = new AbortController();
  #live: LiveKeypoints | undefined;
  #source: Source | undefined;

  constructor(stage: Stage, events: PlayerEvents) {
    this.#stage = stage;
    this.#events = events;
  }

  get live(): LiveKeypoints | undefined {
    return this.#live;
  }

  /** Starts over with other settings, as `LiveKeypoints.create` does; `undefined` where a later call came between. */
  async open(settings: Settings): Promise<LiveKeypoints | undefined> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    await this.#live?.close();
    this.#live = undefined;
    this.#stage.forget(Infinity);
    const { workers, parts, quality } = settings;
    const live = await LiveKeypoints.create({
      workers,
      parts,
      quality,
      // An overlay wants the newest picture rather than every one.
      bufferSize: 1,
      maxFramesInFlight: 2,
      signal: abort.signal,
      onProgress: this.#events.progress,
    });
    if (abort.signal.aborted) {
      await live.close();
      return undefined;
    }
    this.#live = live;
    live.on("error", (error) => {
      if (error.index !== undefined) this.#stage.forget(error.index);
      this.#events.error(error);
    });
    void this.#read(live);
    return live;
  }

  /** Takes pictures from a source from now on. */
  play(source: Source): void {
    this.#source?.pause();
    this.#source = source;
    this.#stage.mirror(source.isMirrored);
    source.play((shot) => this.#push(shot));
  }

  pause(): void {
    this.#source?.pause();
  }

  #push(shot: Shot): void {
    if (!this.#live) return;
    this.#stage.keep(this.#live.push(shot.frame, shot.options), shot);
  }

  async #read(live: LiveKeypoints): Promise<void> {
    try {
      for await (const keypoints of live) {
        this.#stage.show(keypoints);
        this.#events.result(keypoints, live);
      }
    } catch {
      // The error event has told it.
    }
  }
}
