// A worker in the page's own thread that finds nobody in any picture. It reads and writes the page's messages, which are
// postcard: https://postcard.jamesmunns.com/wire-format

import { ERROR_CODES } from "../build/generated/words.js";
import { VERSION } from "../build/version.js";

const PAGE_SAYS = [
  "init",
  "peer",
  "model",
  "decode",
  "run",
  "sendPixels",
  "pixelsLost",
];
const WORKER_SAYS = ["loaded", "ready", "decoded", "outcome", "failed"];
/** That there is no picture in small. */
const NO_GREY = [0];
/** A pose's outcome in which nobody was found. */
const NOBODY = [0, 0, 0, 0, 0];

export class FakeWorker extends EventTarget {
  /** Messages it got, in order. */
  received = [];
  isTerminated = false;
  #awaitedModels = 0;

  /** `answer(message, worker)` may give another answer than the ordinary one: a message, or `null` for none. */
  constructor({ answer = () => undefined, hello = VERSION } = {}) {
    super();
    this.answer = answer;
    if (hello) setImmediate(() => this.tell({ hello }));
  }

  postMessage(message, transfer) {
    const isMovable = (item) =>
      item instanceof ArrayBuffer || item instanceof MessagePort;
    const copy = structuredClone(message, {
      transfer: transfer.filter(isMovable),
    });
    const read = Array.isArray(copy) ? readMessage(copy) : copy;
    this.received.push(read);
    setImmediate(() => this.#handle(read));
  }

  terminate() {
    this.isTerminated = true;
  }

  /** Says something as the script does, before the module is there. */
  tell(data) {
    if (!this.isTerminated)
      this.dispatchEvent(new MessageEvent("message", { data }));
  }

  say(message) {
    this.tell([Uint8Array.from(writeMessage(message))]);
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
    if (message.hello) return this.tell({ hello: VERSION });
    const given = this.answer(message, this);
    if (given === null) return;
    if (given !== undefined) return this.say(given);
    const { type, ticket } = message;
    if (type === "init") this.#awaitedModels = message.models;
    if (type === "model") this.#awaitedModels -= 1;
    const isReady = this.#awaitedModels === 0;
    if ((type === "init" || type === "model") && isReady)
      this.say({ type: "ready", version: VERSION, memoryBytes: 1000 });
    if (type === "decode") {
      const size = { width: 2, height: 2 };
      const took = { elapsedUs: 10, memoryBytes: 2000 };
      this.say({ type: "decoded", ticket, ...size, ...took });
    }
    if (type === "run")
      this.say({ type: "outcome", ticket, elapsedUs: 20, memoryBytes: 3000 });
  }
}

function readMessage([bytes, beside]) {
  let at = 1;
  const number = () => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  const type = PAGE_SAYS[bytes[0]];
  switch (type) {
    case "init": {
      const maxPixels = number();
      const fastDecode = bytes[at++] === 1;
      const models = number();
      const warmsKernels = bytes[at++] === 1;
      return { type, maxPixels, fastDecode, models, warmsKernels };
    }
    case "decode":
    case "run":
      return { type, ticket: number(), frame: number(), beside };
    default:
      return { type, beside };
  }
}

function writeMessage({ type, ...fields }) {
  const { version, ticket, width, height, elapsedUs, memoryBytes } = fields;
  const { code, message, name } = fields;
  const variant = WORKER_SAYS.indexOf(type);
  switch (type) {
    case "loaded":
      return [variant, ...text(name)];
    case "ready":
      return [variant, ...text(version), ...varint(memoryBytes)];
    case "decoded":
      return [
        variant,
        ...[ticket, width, height].flatMap(varint),
        ...NO_GREY,
        ...[elapsedUs, memoryBytes].flatMap(varint),
      ];
    case "outcome":
      return [
        variant,
        ...varint(ticket),
        ...NOBODY,
        ...[elapsedUs, memoryBytes].flatMap(varint),
      ];
    case "failed":
      return [
        variant,
        ...varint(ticket),
        ...varint(ERROR_CODES.indexOf(code)),
        ...text(message),
      ];
    default:
      throw new Error(`no worker says ${type}`);
  }
}

function text(value) {
  const bytes = new TextEncoder().encode(value);
  return [...varint(bytes.length), ...bytes];
}

function varint(value) {
  return value < 128
    ? [value]
    : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** Waits until `condition` holds; throws after ten seconds. */
export async function until(condition) {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
