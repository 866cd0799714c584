/** How far `LiveKeypoints.create` has come. */
export type Progress = (
  | {
      /** An asset is being downloaded; told for every piece that arrives, of a module only if that takes long. */
      phase: "download";
      /** Such as `inference` or `pose_detection`. */
      asset: string;
      /** Bytes of it that have arrived. */
      loadedBytes: number;
      /** Its length, where the server tells it and does not compress. */
      totalBytes: number | undefined;
    }
  | {
      /** A WebAssembly module has been compiled. */
      phase: "compile";
      /** `session` or `inference`. */
      asset: string;
    }
  | {
      /** A worker has read a model and brought it into the form that it runs in. */
      phase: "optimise";
      /** The model's name, such as `pose_detection`. */
      asset: string;
      /** Number of the worker, from 0. */
      worker: number;
    }
  | {
      /** Frames can be pushed. */
      phase: "ready";
    }
) & {
  /** All of it together, 0 to 1; never goes back. */
  fraction: number;
};

type ProgressStep =
  | {
      phase: "download";
      asset: string;
      loadedBytes: number;
      totalBytes: number | undefined;
    }
  | { phase: "compile"; asset: string }
  | { phase: "optimise"; asset: string; worker: number }
  | { phase: "ready" };

/** Share of the whole that downloading is; the rest is optimising models, which a fast network waits for longest. */
const DOWNLOAD_SHARE = 0.7;
/** Assumed length of what has not begun to arrive, or arrives compressed. */
const ASSUMED_BYTES = 3_000_000;

/** Turns single steps into one fraction of the whole. */
export class ProgressMeter {
  readonly #report: (progress: Progress) => void;
  readonly #downloads = new Map<string, { loaded: number; total: number }>();
  #optimised = 0;
  #expectedModels = 1;
  #fraction = 0;

  constructor(report: ((progress: Progress) => void) | undefined) {
    this.#report = report ?? (() => {});
  }

  /** An asset will be downloaded: it counts from now on. */
  expectDownload(asset: string): void {
    this.#downloads.set(asset, { loaded: 0, total: ASSUMED_BYTES });
  }

  /** A module came without a download, or has arrived fully, and is compiled. */
  compiled(asset: string): void {
    this.arrived(asset, 1);
    this.tell({ phase: "compile", asset });
  }

  /** So many models will be optimised by all workers together. */
  expectModels(count: number): void {
    this.#expectedModels = Math.max(1, count);
  }

  /** An asset came without a download, or has arrived fully. */
  arrived(asset: string, bytes: number): void {
    this.#downloads.set(asset, { loaded: bytes, total: bytes });
  }

  /** After `ready` nobody waits any more, whatever a worker's replacement asks for. */
  tell(step: ProgressStep): void {
    if (this.#fraction === 1) return;
    if (step.phase === "download") {
      const total = Math.max(
        step.totalBytes ?? ASSUMED_BYTES,
        step.loadedBytes,
      );
      this.#downloads.set(step.asset, { loaded: step.loadedBytes, total });
    } else if (step.phase === "optimise") {
      this.#optimised += 1;
    }
    const now = step.phase === "ready" ? 1 : this.#estimate();
    this.#fraction = Math.max(this.#fraction, now);
    this.#report({ ...step, fraction: this.#fraction });
  }

  #estimate(): number {
    let loaded = 0;
    let total = 0;
    for (const download of this.#downloads.values()) {
      loaded += download.loaded;
      total += download.total;
    }
    const downloaded = total === 0 ? 1 : loaded / total;
    const optimised = Math.min(1, this.#optimised / this.#expectedModels);
    return Math.min(
      0.99,
      DOWNLOAD_SHARE * downloaded + (1 - DOWNLOAD_SHARE) * optimised,
    );
  }
}
