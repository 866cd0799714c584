// A client of the npm package that streams the clip over and over, and keeps account of every frame.

import { readFile } from "node:fs/promises";

import { WebSocket } from "ws";

import { LiveKeypoints } from "../../www/dist/index.js";

const CLIP = new URL("../fixtures/clips/fingers/", import.meta.url);
const CLIP_FRAMES = 43;
const FRAME_MS = 1000 / 30;
/** Frames sent and not answered, at most: more than a relay that is busy has room for, so that it drops some. */
export const IN_FLIGHT = 8;
/** Frames that wait, here and on the relay. */
const BUFFER_SIZE = 2;
/** Frames that are on their way, at least, while no answer comes. */
export const OWED = BUFFER_SIZE + 1;
/** Frames on the way and waiting, which leaves something to send at any time. */
const PUSHED_AHEAD = IN_FLIGHT + 2;

const clip = await Promise.all(
  Array.from({ length: CLIP_FRAMES }, (_, number) =>
    readFile(new URL(`${String(number).padStart(3, "0")}.jpg`, CLIP)),
  ),
);

/** Pushes a frame for each one that is settled, until `finish`. */
export class StreamingClient {
  pushed = 0;
  /** Indices of frames with keypoints, and of those that fail, with the code. */
  answered = [];
  failed = [];
  /** How its connections ended: the close code, and the relay's `stats` where they came. */
  ends = [];
  /** Connections that were given frames. */
  connections = 0;
  /** Answers since the last connection was opened. */
  answeredHere = 0;
  #live;
  #changed;
  #isFinishing = false;

  /** Connects. `changed` is called whenever there is news. */
  static async connect(address, changed) {
    const client = new StreamingClient();
    client.#changed = changed;
    client.#live = await LiveKeypoints.connect(`ws://${address}/live-signs`, {
      parts: ["pose"],
      bufferSize: BUFFER_SIZE,
      maxFramesInFlight: IN_FLIGHT,
      // A machine may be slow.
      connectTimeoutMs: 30_000,
      answerTimeoutMs: 60_000,
      reconnect: { firstMs: 50, mostMs: 500 },
      createSocket: (...given) => client.#watch(new WebSocket(...given)),
    });
    client.connections = 1;
    client.#live.on("connection", ({ state }) => {
      if (state === "open") {
        client.connections += 1;
        client.answeredHere = 0;
      }
      changed();
    });
    client.#live.on("keypoints", ({ index }) => {
      client.answered.push(index);
      client.answeredHere += 1;
      client.#push();
      changed();
    });
    client.#live.on("error", ({ index, code }) => {
      client.failed.push({ index, code });
      client.#push();
      changed();
    });
    return client;
  }

  /** Begins to stream. */
  start() {
    this.#push();
  }

  /** No new frames from now on, once the whole clip was sent. */
  finish() {
    this.#isFinishing = true;
  }

  /** Frames that were sent and have no answer. */
  get inFlight() {
    return this.#live.stats().inFlight;
  }

  /** Frames that were dropped, as it was told. */
  get dropped() {
    return this.#live.stats().dropped;
  }

  /** Whether the whole clip was sent and no frame is open any more. */
  get isDone() {
    const { buffered, inFlight } = this.#live.stats();
    return this.pushed >= CLIP_FRAMES && buffered + inFlight === 0;
  }

  close() {
    return this.#live.close();
  }

  #push() {
    const { buffered, inFlight } = this.#live.stats();
    let ahead = buffered + inFlight;
    while (
      ahead < PUSHED_AHEAD &&
      !(this.#isFinishing && this.pushed >= CLIP_FRAMES)
    ) {
      this.#live.push(clip[this.pushed % CLIP_FRAMES], {
        timestampMs: this.pushed * FRAME_MS,
      });
      this.pushed += 1;
      ahead += 1;
    }
  }

  /** Notes the end of a connection, not that of an attempt to have one. */
  #watch(socket) {
    let stats;
    socket.on("message", (data, isBinary) => {
      const message = isBinary ? {} : JSON.parse(data.toString());
      if (message.type === "stats") stats = message;
    });
    socket.once("open", () =>
      socket.on("close", (code) => {
        this.ends.push({ code, stats });
        this.#changed();
      }),
    );
    return socket;
  }
}
