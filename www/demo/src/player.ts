/** One run of the package: made for the settings of the moment, replaced when they change. */

import { LiveKeypoints } from "live-keypoints";
import type {
  ConnectionState,
  Keypoints,
  LiveKeypointsError,
  Progress,
} from "live-keypoints";
import { landmarksOf } from "./settings.js";
import type { Settings } from "./settings.js";
import type { Shot, Source } from "./source.js";
import type { Stage } from "./stage.js";

/** The relay that serves this site. */
const RELAY = "live-signs";

export interface PlayerEvents {
  progress(progress: Progress): void;
  result(keypoints: Keypoints, live: LiveKeypoints): void;
  /** One frame failed, or, where there is no `index`, everything. */
  error(error: LiveKeypointsError): void;
  connection(state: ConnectionState): void;
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

  /**
   * Goes on with other settings; `undefined` where a later call came between. The old run goes on until the new one is
   * ready, but there are never two sets of workers in the page: each has its own memory.
   */
  async open(settings: Settings): Promise<LiveKeypoints | undefined> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#live?.engine === settings.engine) await this.#closeLive();
    const live = await this.#start(settings, abort.signal);
    if (abort.signal.aborted) {
      await live.close();
      return undefined;
    }
    await this.#closeLive();
    this.#live = live;
    live.on("error", (error) => {
      if (error.index !== undefined) this.#stage.forget(error.index);
      this.#events.error(error);
    });
    live.on("connection", this.#events.connection);
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

  #start(settings: Settings, signal: AbortSignal): Promise<LiveKeypoints> {
    const { engine, workers, parts, quality } = settings;
    const onProgress = this.#events.progress;
    // An overlay wants the newest picture rather than every one.
    const common = {
      ...{ ...landmarksOf(settings), parts, quality },
      ...{ bufferSize: 1, handWorld: true },
      ...{ signal, onProgress },
    };
    if (engine === "page")
      return LiveKeypoints.create({ ...common, workers, maxFramesInFlight: 2 });
    return LiveKeypoints.connect(RELAY, { ...common, format: "json" });
  }

  async #closeLive(): Promise<void> {
    await this.#live?.close();
    this.#live = undefined;
    this.#stage.forget(Infinity);
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
