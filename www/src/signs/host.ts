/** The recogniser of a stream, in one of the stream's workers: which one, and what it is told. */

import { inFolder } from "../asset-urls.js";
import { codeOf, LiveKeypointsError, messageOf } from "../errors.js";
import { SIGNS_SCRIPT_URL } from "../file-urls.js";
import type { ErrorCode } from "../generated/words.js";
import type { Keypoints, Sign, SignNeeds } from "../generated/results.js";
import { VERSION } from "../version.js";
import type { WorkerLike } from "../worker-scripts.js";
import type { SignsParts } from "./module.js";
import type { PostedError, SignsCall, SignsReply } from "./worker.js";

/** Where the package's folder has the script. */
const SCRIPT = "wasm/signs/worker.js";
/** Frames that the worker has not taken yet; while it has so many, further ones are left out. */
const MOST_UNDER_WAY = 30;
/** So often in a row the recogniser is set up again, without a frame that it takes. */
const MOST_LOSSES = 3;
/** A worker that has not set it up for so long has failed. */
const START_TIMEOUT_MS = 60_000;

/** What a stream is told. */
export interface SignsEvents {
  told(sign: Sign | "idle"): void;
  /** A window has no answer, as of this frame. */
  failed(error: LiveKeypointsError): void;
  /** The recogniser cannot be had any more. */
  fatal(error: LiveKeypointsError): void;
}

interface Call {
  resolve: (value: unknown) => void;
  reject: (error: LiveKeypointsError) => void;
}

/** Makes the stream's workers, and has one of them recognise signs. Where that one ends, another takes over. */
export class SignsHost {
  readonly #parts: SignsParts;
  readonly #script: string;
  readonly #create: () => WorkerLike;
  /** Those that were made before the stream asked for them. */
  readonly #early: WorkerLike[] = [];
  readonly #workers = new Set<WorkerLike>();
  readonly #calls = new Map<number, Call>();
  #events: SignsEvents | undefined;
  #worker: WorkerLike | undefined;
  #port: MessagePort | undefined;
  #lastId = 0;
  #underWay = 0;
  #losses = 0;
  #isClosed = false;
  /** Frames that were left out, since the worker had too many. */
  leftOut = 0;

  constructor(
    parts: SignsParts,
    baseUrl: string | URL | undefined,
    create: () => WorkerLike,
  ) {
    this.#parts = parts;
    const script = baseUrl ? inFolder(baseUrl, SCRIPT) : SIGNS_SCRIPT_URL();
    this.#script = script.href;
    this.#create = create;
  }

  /**
   * Sets the recogniser up, in the second of `workers`: the first finds the pose, which everything else waits for. Rejects
   * with the codes of signs, or `worker-failed`.
   */
  async start(workers: number): Promise<SignNeeds> {
    const made = workers > 1 ? [this.#spawn(), this.#spawn()] : [this.#spawn()];
    this.#early.push(...made);
    try {
      return (await this.#begin(made.at(-1)!)) as SignNeeds;
    } catch (error) {
      if (codeOf(error) !== "worker-died") throw error;
      throw failed("its worker could not be loaded");
    }
  }

  /** A worker for the stream. */
  make(): WorkerLike {
    const early = this.#early.shift();
    early?.postMessage({ hello: true }, []);
    const worker = early ?? this.#spawn();
    if (!this.#worker) this.#beginAgain(worker);
    return worker;
  }

  connect(events: SignsEvents): void {
    this.#events = events;
  }

  /** Takes the next result. */
  push(keypoints: Keypoints): void {
    if (!this.#port || this.#underWay >= MOST_UNDER_WAY) {
      this.leftOut += 1;
      return;
    }
    this.#underWay += 1;
    this.#post({ id: keypoints.index, method: "push", args: [keypoints] });
  }

  /** Calls the recogniser. Rejects with what it throws, `worker-died` or `closed`. */
  call(method: SignsCall["method"], ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#port) return reject(this.#isClosed ? closed() : died());
      this.#lastId += 1;
      this.#calls.set(this.#lastId, { resolve, reject });
      try {
        this.#post({ id: this.#lastId, method, args });
      } catch (error) {
        this.#calls.delete(this.#lastId);
        reject(new LiveKeypointsError("invalid-option", messageOf(error)));
      }
    });
  }

  /** What was taught, for a worker that takes over. */
  async keepExamples(): Promise<void> {
    this.#parts.examples = (await this.call("exportExamples")) as string;
  }

  /** Ends it, and the workers that no stream has taken. */
  close(): void {
    this.#isClosed = true;
    this.#leave(closed());
    for (const worker of this.#early) worker.terminate();
  }

  #spawn(): WorkerLike {
    const made = this.#create();
    const worker: WorkerLike = {
      postMessage: (message, transfer) => made.postMessage(message, transfer),
      addEventListener: (type, listen) => made.addEventListener(type, listen),
      terminate: () => {
        made.terminate();
        this.#workers.delete(worker);
        if (worker === this.#worker) this.#lost();
      },
    };
    this.#workers.add(worker);
    // Nobody else hears one yet that the stream has not asked for.
    made.addEventListener("error", () => {
      const at = this.#early.indexOf(worker);
      if (at < 0) return;
      this.#early.splice(at, 1);
      worker.terminate();
    });
    return worker;
  }

  async #begin(worker: WorkerLike): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    this.#worker = worker;
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<SignsReply>) => {
      if (port1 === this.#port) this.#hear(data);
    };
    worker.postMessage({ signs: { script: this.#script, port: port2 } }, [
      port2,
    ]);
    const timer = setTimeout(
      () => this.#leave(failed("it was silent for too long")),
      START_TIMEOUT_MS,
    );
    try {
      return await this.call("create", this.#parts, VERSION);
    } finally {
      clearTimeout(timer);
    }
  }

  #beginAgain(worker: WorkerLike): void {
    this.#begin(worker).catch((error: LiveKeypointsError) => {
      // Where the worker has died, another one is at it.
      if (error.code === "worker-died" || this.#isClosed) return;
      this.#leave(error);
      this.#events?.fatal(error);
    });
  }

  #hear(reply: SignsReply): void {
    if ("told" in reply) return this.#events?.told(reply.told);
    if ("missing" in reply) return this.#leave(missing(reply.missing));
    if ("failed" in reply) return this.#broke(reply.failed, reply.id);
    const { method, id, error, value } = reply;
    if (method === "push") {
      this.#underWay -= 1;
      if (error) return this.#broke(error, id);
      this.#losses = 0;
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.reject(asError(error));
    else call?.resolve(value);
    if (error?.code === "internal" && method !== "create") this.#lost();
  }

  #broke(error: PostedError, index: number): void {
    if (error.code === "internal") this.#lost();
    else this.#events?.failed(asError(error, index));
  }

  /** The worker ended, or the recogniser in it: another one begins, as soon as there is one. */
  #lost(): void {
    const before = this.#worker;
    this.#losses += 1;
    this.#leave(died());
    if (this.#isClosed) return;
    if (this.#losses > MOST_LOSSES)
      return this.#events?.fatal(failed("it was lost again and again"));
    const alive = [...this.#workers];
    const others = alive.filter((worker) => worker !== before);
    const next = others.at(-1) ?? alive[0];
    if (next) this.#beginAgain(next);
  }

  #leave(reason: LiveKeypointsError): void {
    this.#port?.close();
    this.#port = this.#worker = undefined;
    this.#underWay = 0;
    for (const call of this.#calls.values()) call.reject(reason);
    this.#calls.clear();
  }

  #post(call: SignsCall): void {
    this.#port?.postMessage(call);
  }
}

function asError({ code, message }: PostedError, index?: number) {
  return new LiveKeypointsError(code as ErrorCode, message, { index });
}

function missing(reason: string): LiveKeypointsError {
  const message = `the script of signs could not be loaded: ${reason}`;
  return new LiveKeypointsError("asset-unreachable", message);
}

function closed(): LiveKeypointsError {
  return new LiveKeypointsError("closed", "This LiveKeypoints is closed.");
}

function died(): LiveKeypointsError {
  const message = "The worker that recognises signs ended.";
  return new LiveKeypointsError("worker-died", message);
}

function failed(reason: string): LiveKeypointsError {
  const message = `The recogniser of signs could not be started: ${reason}`;
  return new LiveKeypointsError("worker-failed", message);
}
