// A worker in the page's own thread that speaks the protocol and computes nothing.

import { PROTOCOL_VERSION } from "../build/protocol.js";
import { VERSION } from "../build/version.js";

export class FakeWorker extends EventTarget {
  /** Messages it got, in order. */
  received = [];
  isTerminated = false;
  #awaitedModels = 0;

  /** `answer(message, worker)` may give another answer than the ordinary one: a message, or `null` for none. */
  constructor({
    answer = () => undefined,
    hello = { protocol: PROTOCOL_VERSION, version: VERSION },
  } = {}) {
    super();
    this.answer = answer;
    if (hello) setImmediate(() => this.say({ type: "hello", ...hello }));
  }

  postMessage(message, transfer) {
    const copy = structuredClone(message, {
      transfer: transfer.filter((item) => item instanceof ArrayBuffer),
    });
    this.received.push(copy);
    setImmediate(() => this.#handle(copy));
  }

  terminate() {
    this.isTerminated = true;
  }

  say(message) {
    if (!this.isTerminated)
      this.dispatchEvent(new MessageEvent("message", { data: message }));
  }

  die(message = "out of memory") {
    if (!this.isTerminated)
      this.dispatchEvent(Object.assign(new Event("error"), { message }));
  }

  /** The messages of one type that it got. */
  got(type) {
    return this.received.filter((message) => message.type === type);
  }

  #handle(message) {
    const given = this.answer(message, this);
    if (given === null) return;
    if (given !== undefined) return this.say(given);
    const { ticket } = message;
    if (message.type === "compile") {
      this.say({ type: "compiled", module: undefined });
    } else if (message.type === "init") {
      this.#awaitedModels = message.models;
      this.#tellIfReady();
    } else if (message.type === "model") {
      this.#awaitedModels -= 1;
      this.say({ type: "loaded", model: message.name });
      this.#tellIfReady();
    } else if (message.type === "decode") {
      const copy = message.wantsCopy
        ? { width: 2, height: 2, rgb: new ArrayBuffer(12) }
        : undefined;
      this.say({
        type: "decoded",
        ticket,
        width: 2,
        height: 2,
        elapsedUs: 10,
        copy,
        memoryBytes: 2000,
      });
    } else {
      this.say({
        type: "outcome",
        ticket,
        outcome: message.job,
        elapsedUs: 20,
        memoryBytes: 3000,
      });
    }
  }

  #tellIfReady() {
    if (this.#awaitedModels === 0)
      this.say({ type: "ready", version: VERSION, memoryBytes: 1000 });
  }
}

/** What workers are started with where nothing depends on it: models of the names that a list of steps has. */
export const startWith = ({ compile, namesOf = () => [] } = {}) => {
  const parcel = (message) => ({ message, transfer: [] });
  async function* models(steps) {
    for (const name of namesOf(steps))
      yield parcel({ type: "model", name, bytes: new Uint8Array(1) });
  }
  async function* init(steps) {
    yield parcel({
      ...{ type: "init", module: undefined, models: namesOf(steps).length },
      ...{ maxPixels: 100, fastDecode: false },
    });
    yield* models(steps);
  }
  return { compile: Promise.resolve(compile), init, models };
};

/** Waits until `condition` holds; throws after ten seconds. */
export async function until(condition) {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
