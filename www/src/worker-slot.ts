/** One place for a worker: starts it, watches it, replaces it when it dies. */

import {
  asLiveKeypointsError,
  LiveKeypointsError,
  messageOf,
} from "./errors.js";
import { RETRY_MS, SILENCE_MS, silent } from "./downloads.js";
import { PROTOCOL_VERSION } from "./protocol.js";
import type { PageMessage, WorkerMessage } from "./protocol.js";
import { bitsOf } from "./steps.js";
import type { Step } from "./steps.js";
import { VERSION } from "./version.js";
import { Watchdog } from "./watchdog.js";

/** What is used of a `Worker`. */
export interface WorkerLike {
  /** Sends a message to it, and gives away what is in `transfer`. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Ends it at once. */
  terminate(): void;
  /** Hears its `message`, `error` and `messageerror` events. */
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/** The message that a worker is told with to compile the module for all. */
export type CompileMessage = PageMessage & { type: "compile" };
/** A message that gives a worker one step. */
export type StepMessage = PageMessage & { type: "decode" | "run" };
/** A message that ends a step. */
export type StepAnswer = WorkerMessage & {
  type: "decoded" | "outcome" | "failed";
};

/** How far a worker is that starts. */
export type StartProgress = WorkerMessage & {
  type: "compiled" | "downloaded" | "loaded";
};

/** A message, and what of it is given away. */
export interface Parcel {
  message: PageMessage;
  transfer: Transferable[];
}

/** What workers are started with. */
export interface StartMessages {
  /** For one of the workers that start together, unless the module was given compiled. */
  readonly compile: Promise<CompileMessage | undefined>;
  /** All that a worker needs for these steps, one after the other as it is there. */
  init(steps: readonly Step[]): AsyncIterable<Parcel>;
  /** What a worker that serves `served` needs for these steps as well. */
  models(
    steps: readonly Step[],
    served: readonly Step[],
  ): AsyncIterable<Parcel>;
}

/** What a slot tells its owner. */
export interface SlotEvents {
  /** A worker that starts has come further. */
  starting(slot: WorkerSlot, progress: StartProgress): void;
  /** A replacement can take steps. */
  ready(slot: WorkerSlot): void;
  /** A step is over; the slot is idle again. */
  answered(slot: WorkerSlot, answer: StepAnswer): void;
  /** The worker died, with all pixels it held; a replacement is on its way. */
  died(slot: WorkerSlot, error: LiveKeypointsError): void;
  /** The worker died and cannot be replaced. */
  lost(slot: WorkerSlot, error: LiveKeypointsError): void;
}

/** How a slot makes and watches its worker. */
export interface SlotOptions {
  createWorker: () => WorkerLike;
  /** A worker that is silent on one step for longer is replaced, milliseconds. */
  workerTimeoutMs: number;
  /** A worker that is silent for longer while it starts has failed, milliseconds. */
  startTimeoutMs: number;
}

/** A worker that has not said hello: perhaps its script is still on its way. */
export class WorkerSilence extends LiveKeypointsError {}

interface Settle {
  resolve: () => void;
  reject: (error: LiveKeypointsError) => void;
}

/** A worker that dies this often without finishing a step in between is not replaced any more. */
const MAX_DEATHS_IN_A_ROW = 3;

/** One worker after the other in one place. */
export class WorkerSlot {
  /** From 0, as in progress and stats. */
  readonly number: number;
  /** What it serves: more than at first where another one is lost, nothing where it is lost itself. */
  steps: readonly Step[];
  /** Whether its steps fail, for want of a worker that serves them. */
  isGivenUp = false;
  /** Workers that died and were replaced. */
  replaced = 0;
  /** Length of the worker's WebAssembly memory, as it last said; 0 before. */
  memoryBytes = 0;

  readonly #options: SlotOptions;
  readonly #events: SlotEvents;
  readonly #messages: StartMessages;
  #state: "starting" | "idle" | "busy" | "closed" = "starting";
  #worker: WorkerLike | undefined;
  readonly #watchdog = new Watchdog();
  #deathsInARow = 0;
  #started: Settle | undefined;

  constructor(
    place: { number: number; steps: readonly Step[] },
    messages: StartMessages,
    options: SlotOptions,
    events: SlotEvents,
  ) {
    this.number = place.number;
    this.steps = place.steps;
    this.#messages = messages;
    this.#options = options;
    this.#events = events;
  }

  /** Whether a step can be given to the worker now. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** The session's bit set of `steps`. */
  get bits(): number {
    return bitsOf(this.steps);
  }

  /** Whether there is a worker that can take over steps. */
  get isAtWork(): boolean {
    return this.#state === "idle" || this.#state === "busy";
  }

  /** Whether there will be a worker no more. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Starts the first worker. Rejects with the worker's own code, `version-mismatch` or `worker-failed`. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#spawn();
    });
  }

  /** Marks the idle worker as taken, while its step is being prepared. */
  claim(): void {
    this.#state = "busy";
  }

  /** Takes `claim` back: there is nothing to post after all. */
  unclaim(): void {
    if (this.#state === "busy") this.#state = "idle";
  }

  /** Gives the claimed worker its step. Throws what `postMessage` throws. */
  post(message: StepMessage, transfer: Transferable[]): void {
    this.#worker?.postMessage(message, transfer);
    this.#watch(this.#options.workerTimeoutMs);
  }

  /** Serves the steps of another one, too. Rejects where their models cannot be had, or the worker dies meanwhile. */
  async adopt(steps: readonly Step[]): Promise<void> {
    const worker = this.#worker;
    for await (const { message, transfer } of this.#messages.models(
      steps,
      this.steps,
    )) {
      if (this.#worker !== worker || !this.isAtWork) break;
      worker?.postMessage(message, transfer);
    }
    if (this.#worker !== worker || !this.isAtWork)
      throw this.#describe("it was to take over steps");
    this.steps = [...this.steps, ...steps];
  }

  /** The network is not silent: a script or a module may be on its way, too. */
  heard(): void {
    if (this.#state === "starting") this.#watchdog.renew();
  }

  /** Ends the worker for good. */
  close(): void {
    this.#state = "closed";
    this.#end();
    this.#started?.reject(
      new LiveKeypointsError("closed", "closed while starting"),
    );
    this.#started = undefined;
  }

  #spawn(): void {
    this.#state = "starting";
    let worker: WorkerLike;
    try {
      worker = this.#options.createWorker();
    } catch (error) {
      this.#fail(
        new LiveKeypointsError(
          "worker-failed",
          `A worker could not be created: ${messageOf(error)}`,
        ),
      );
      return;
    }
    this.#worker = worker;
    const listen = (type: string, listener: (event: Event) => void): void =>
      worker.addEventListener(type, (event) => {
        if (this.#worker === worker) listener(event);
      });
    listen("message", (event) =>
      this.#receive((event as MessageEvent<WorkerMessage>).data),
    );
    listen("messageerror", () =>
      this.#fail(this.#describe("a message could not be read")),
    );
    listen("error", (event) => {
      event.preventDefault();
      this.#fail(this.#describe((event as ErrorEvent).message));
    });
    this.#watch(this.#options.startTimeoutMs, WorkerSilence);
  }

  #receive(message: WorkerMessage): void {
    if (typeof message !== "object" || message === null) return;
    switch (message.type) {
      case "hello":
        if (
          message.protocol === PROTOCOL_VERSION &&
          message.version === VERSION
        )
          return void this.#sendStart();
        return this.#fail(
          versionMismatch(
            "the worker script",
            `${message.version}, protocol ${message.protocol}`,
          ),
        );
      case "compiled":
        this.#watchdog.stop();
        return this.#events.starting(this, message);
      case "downloaded":
      case "loaded":
        this.heard();
        return this.#events.starting(this, message);
      case "ready":
        this.memoryBytes = message.memoryBytes;
        if (message.version === VERSION) return this.#becomeReady();
        return this.#fail(
          versionMismatch("the inference module", message.version),
        );
      case "decoded":
      case "outcome":
      case "failed":
        this.#watchdog.stop();
        this.#deathsInARow = 0;
        this.#state = "idle";
        if (message.type !== "failed") this.memoryBytes = message.memoryBytes;
        return this.#events.answered(this, message);
      case "broken":
        return this.#fail(
          new LiveKeypointsError(message.code, message.message),
        );
      default:
        message satisfies never;
        return this.#fail(
          versionMismatch(
            "the worker script",
            "unknown: it sent an unknown message",
          ),
        );
    }
  }

  /** Sends what the worker starts with, as it is there. Only while it owes an answer can it be silent for too long. */
  async #sendStart(): Promise<void> {
    this.#watchdog.stop();
    const worker = this.#worker;
    try {
      // The others wait for the first; a replacement finds it done.
      if (this.#started && this.number === 0) {
        const compile = await this.#messages.compile;
        if (compile && this.#worker === worker) this.#compile(compile);
      }
      for await (const { message, transfer } of this.#messages.init(
        this.steps,
      )) {
        if (this.#worker !== worker) return;
        worker?.postMessage(message, transfer);
      }
      if (this.#worker === worker && this.#state === "starting")
        this.#watch(this.#options.startTimeoutMs);
    } catch (error) {
      if (this.#worker === worker)
        this.#fail(asLiveKeypointsError(error, "worker-failed"));
    }
  }

  /** Silence is the network's here, and `Downloads` says what that means. */
  #compile(message: CompileMessage): void {
    this.#worker?.postMessage(message, []);
    if ("file" in message.source)
      return this.#watch(this.#options.startTimeoutMs);
    const isRetry = message.cache === "no-store";
    this.#watchdog.start(isRetry ? SILENCE_MS : RETRY_MS, () =>
      isRetry
        ? this.#fail(silent("inference"))
        : this.#compile({ ...message, cache: "no-store" }),
    );
  }

  #becomeReady(): void {
    this.#watchdog.stop();
    this.#state = "idle";
    if (!this.#started) return this.#events.ready(this);
    this.#started.resolve();
    this.#started = undefined;
  }

  /** The worker is of no more use: reports that, and replaces it where it had been working. */
  #fail(error: LiveKeypointsError): void {
    if (this.#state === "closed") return;
    const wasStarting = this.#state === "starting";
    this.#end();
    if (this.#started) {
      this.#started.reject(error);
      this.#started = undefined;
      this.#state = "closed";
      return;
    }
    this.#deathsInARow += 1;
    if (wasStarting || this.#deathsInARow > MAX_DEATHS_IN_A_ROW) {
      this.#state = "closed";
      const message = `A worker died and could not be replaced: ${error.message}`;
      this.#events.lost(
        this,
        new LiveKeypointsError("worker-failed", message, { cause: error }),
      );
      return;
    }
    this.replaced += 1;
    this.#spawn();
    this.#events.died(this, error);
  }

  #end(): void {
    this.#watchdog.stop();
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #watch(timeoutMs: number, Silence = LiveKeypointsError): void {
    this.#watchdog.start(timeoutMs, () => {
      const { code, message } = this.#describe(`no answer for ${timeoutMs} ms`);
      this.#fail(new Silence(code, message));
    });
  }

  #describe(reason: string | undefined): LiveKeypointsError {
    if (this.#state !== "starting") {
      return new LiveKeypointsError(
        "worker-died",
        `A worker died: ${reason || "no reason is known"}`,
      );
    }
    const hint =
      "its script may be missing, not served as JavaScript, or forbidden by the page's worker-src policy";
    return new LiveKeypointsError(
      "worker-failed",
      `A worker could not be started: ${reason || hint}`,
    );
  }
}

/** The error of two parts that are not of one version. */
export function versionMismatch(
  what: string,
  found: string,
): LiveKeypointsError {
  const expected = `${VERSION}, protocol ${PROTOCOL_VERSION}`;
  return new LiveKeypointsError(
    "version-mismatch",
    `${what} is of version ${found}; this page has ${expected}`,
  );
}
