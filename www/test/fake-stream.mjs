// A LiveKeypoints over a session and workers that compute nothing.

import { LiveKeypoints } from "../build/live-keypoints.js";
import { checkOptions } from "../build/options.js";
import { WorkerPool } from "../build/pool.js";
import { layoutSteps } from "../build/steps.js";
import { WorkerEngine } from "../build/worker-engine.js";
import { FakeSession } from "./fake-session.mjs";
import { FakeWorker, startWith } from "./fake-worker.mjs";

/**
 * `make(number)` says how the workers that are created one after the other behave; `messages` is what they are started
 * with.
 */
export async function fakeStream(
  options = {},
  make = () => ({}),
  messages = startWith(),
) {
  const checked = checkOptions(options);
  const session = new FakeSession(checked.session);
  const workers = [];
  const createWorker = () => {
    const worker = new FakeWorker(make(workers.length));
    workers.push(worker);
    return worker;
  };
  const pool = new WorkerPool(
    layoutSteps(checked.workers, checked.parts),
    messages,
    {
      createWorker,
      workerTimeoutMs: checked.workerTimeoutMs,
      startTimeoutMs: 1000,
    },
  );
  await pool.start();
  const live = new LiveKeypoints(new WorkerEngine({ session, pool }), checked);
  const errors = [];
  live.on("error", (error) => errors.push(error));
  return { live, session, pool, workers, errors };
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
