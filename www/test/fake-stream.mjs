// A LiveKeypoints over the page's own module, and workers that compute nothing.

import { readFile } from "node:fs/promises";

import { MODEL_NAMES } from "../build/generated/words.js";
import { LiveKeypoints } from "../build/live-keypoints.js";
import { FakeWorker } from "./fake-worker.mjs";

const MODULE = new URL(
  "../build/wasm/session/session_bg.wasm",
  import.meta.url,
);
const session = await WebAssembly.compile(await readFile(MODULE));
/** The workers take no notice of these. */
const inference = new WebAssembly.Module(
  Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00),
);
const models = Object.fromEntries(
  MODEL_NAMES.map((name) => [name, Uint8Array.of(8)]),
);

/** Everything that a stream of fakes is started with. */
export const GIVEN = { session, inference, models };

/** `make(number)` says how the workers that are created one after the other behave. */
export async function fakeStream(options = {}, make = () => ({})) {
  const workers = [];
  const createWorker = () => {
    const worker = new FakeWorker(make(workers.length));
    workers.push(worker);
    return worker;
  };
  const live = await LiveKeypoints.create({
    ...{ createWorker, assets: GIVEN },
    ...options,
  });
  const errors = [];
  live.on("error", (error) => errors.push(error));
  return { live, workers, errors };
}

/** The next `count` results of a stream. */
export async function take(live, count) {
  const results = [];
  for await (const keypoints of live) {
    results.push(keypoints);
    if (results.length === count) break;
  }
  return results;
}

/** Bytes that stand for a JPEG. */
export const jpeg = (mark = 0) => Uint8Array.of(0xff, 0xd8, mark);

/** Something that the browser would hold outside the heap. */
export class FakePicture {
  isClosed = false;

  constructor(tag, properties = {}) {
    this[Symbol.toStringTag] = tag;
    Object.assign(this, properties);
  }

  close() {
    this.isClosed = true;
  }

  clone() {
    return new FakePicture(this[Symbol.toStringTag]);
  }
}
