/**
 * The package's own worker scripts. Their addresses are written out, so that bundlers see the scripts and take them
 * along; and here, because they are relative to `dist/`, where the bundled package is.
 */

/** What is used of a `Worker`. */
export interface WorkerLike {
  /** Sends a message to it, and gives away what is in `transfer`. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Ends it at once. */
  terminate(): void;
  /** Hears its `message`, `error` and `messageerror` events. */
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/** A worker that decodes and runs models. */
export function createInferenceWorker(url: string | URL | undefined): Worker {
  if (typeof Worker !== "function")
    throw new Error("there are no Web Workers here");
  if (url !== undefined)
    return new Worker(url, { type: "module", name: "live-keypoints" });
  return new Worker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name: "live-keypoints",
  });
}

/**
 * Makes such workers. The first is there before the module that will hear it: its script, and the module that it compiles
 * for all, come meanwhile.
 */
export class WorkerMaker {
  readonly #url: string | URL | undefined;
  #first: Worker | undefined;

  constructor(
    url: string | URL | undefined,
    addressOfModule: (() => URL) | undefined,
  ) {
    this.#url = url;
    try {
      this.#first = createInferenceWorker(url);
      this.#first.onerror = () => this.end();
      if (addressOfModule)
        this.#first.postMessage({ prepare: addressOfModule().href });
    } catch {
      // The next one will not be made either, and that is told.
    }
  }

  make(): Worker {
    const worker = this.#first ?? createInferenceWorker(this.#url);
    this.#first?.postMessage({ hello: true });
    this.#first = undefined;
    return worker;
  }

  /** Ends the first, if nobody has taken it. */
  end(): void {
    this.#first?.terminate();
    this.#first = undefined;
  }
}

/** A worker that takes the frames of a track. */
export function createCaptureWorker(): Worker {
  return new Worker(new URL("./capture/worker.js", import.meta.url), {
    type: "module",
    name: "live-keypoints capture",
  });
}
