// A socket without a network: the test plays the relay.

import { readFile } from "node:fs/promises";

import { LiveKeypoints } from "../build/index.js";
import { until } from "./fake-worker.mjs";
import { binaryResult } from "./relay-results.mjs";

const MODULE = new URL("../build/wasm/relay/relay_bg.wasm", import.meta.url);

/** Where the client of a relay comes from. */
export const RELAY_ASSETS = {
  relay: await WebAssembly.compile(await readFile(MODULE)),
};

/** The stream of a relay whose sockets `make` makes; `sockets` gathers them. */
export function connect(options = {}, make = () => {}) {
  const sockets = [];
  const createSocket = (...given) => {
    const socket = new FakeSocket(...given);
    sockets.push(socket);
    make(socket, sockets.length - 1);
    return socket;
  };
  const opening = LiveKeypoints.connect("wss://relay.example/live-signs", {
    reconnect: { firstMs: 10 },
    ...{ createSocket, assets: RELAY_ASSETS },
    ...options,
  });
  return { opening, sockets };
}

export class FakeSocket {
  binaryType = "blob";
  bufferedAmount = 0;
  readyState = 0;
  /** Text messages, parsed. */
  texts = [];
  /** Frames: `{ id, isStill, timestampUs, mark }`. */
  frames = [];
  closeCode;
  #listeners = {};

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
  }

  addEventListener(type, listener) {
    (this.#listeners[type] ??= []).push(listener);
  }

  send(data) {
    if (this.closeCode !== undefined) throw new Error("it is closed");
    if (typeof data === "string") return this.texts.push(JSON.parse(data));
    const view = new DataView(data.buffer);
    this.frames.push({
      id: view.getUint32(4, true),
      isStill: view.getUint8(3) === 1,
      timestampUs: Number(view.getBigInt64(8, true)),
      mark: data[18],
    });
  }

  close(code) {
    this.closeCode ??= code;
  }

  tell(type, event = {}) {
    for (const listener of this.#listeners[type] ?? []) listener(event);
  }

  say(message) {
    this.tell("message", { data: JSON.stringify(message) });
  }

  open() {
    this.readyState = 1;
    this.tell("open");
  }

  /** Opens, welcomes and accepts what it is configured to. */
  accept(welcome = {}) {
    this.open();
    this.say({
      type: "welcome",
      protocol: "live-keypoints.v1",
      limits: {},
      ...welcome,
    });
    this.say({ type: "configured", next_index: 0 });
  }

  answer(frameId, dropped = 0) {
    const data = binaryResult({ frameId, dropped, parts: ["pose"] });
    this.tell("message", { data });
  }

  end(code = 1006, reason = "") {
    this.readyState = 3;
    this.tell("close", { code, reason });
  }

  /** The ids of the frames that it got. */
  get ids() {
    return this.frames.map(({ id }) => id);
  }
}

/** A stream over fake sockets, the first of which has accepted with these limits; `sockets` gathers all of them. */
export async function fakeRelay({ limits = {}, ...options } = {}) {
  const { opening, sockets } = connect(options, (socket, number) => {
    if (number === 0) queueMicrotask(() => socket.accept({ limits }));
  });
  const live = await opening;
  const errors = [];
  const states = [];
  live.on("error", ({ code, index, message }) =>
    errors.push({ code, index, message }),
  );
  live.on("connection", ({ state }) => states.push(state));
  return { live, sockets, socket: sockets[0], errors, states };
}

/** Waits until a socket has got so many frames, and for what might follow them. */
export async function gets(socket, count) {
  await until(() => socket.frames.length >= count);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
