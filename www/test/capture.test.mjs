// Which means a source is pumped by, and when it rests. What real browsers do stands in tests/browser.

import assert from "node:assert/strict";
import { afterEach } from "node:test";

import { capture } from "../build/capture/capture.js";
import {
  elements,
  FakeTrack,
  fakeVideo,
  forgetCapture,
  picture,
  processors,
} from "./fake-capture.mjs";
import { fakeStream } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

afterEach(forgetCapture);

/** A sink that remembers. */
function remembering() {
  const sink = { frames: [], times: [], errors: [], endings: [] };
  sink.frame = (frame, timestampMs) => {
    sink.frames.push(frame);
    sink.times.push(timestampMs);
  };
  sink.error = (error) => sink.errors.push(error);
  sink.ended = (ending) => sink.endings.push(ending);
  return sink;
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a track's frames come by a processor, until it is stopped", async () => {
  const made = processors();
  const track = new FakeTrack();
  const sink = remembering();
  const stop = capture(track, sink);
  const [first, second] = [picture(), picture()];
  made[0].controller.enqueue(first);
  await until(() => sink.frames.length === 1);
  assert.equal(made[0].track, track);
  assert.deepEqual([sink.frames[0], sink.times[0]], [first, undefined]);
  stop();
  await until(() => made[0].isCancelled);
  stop();
  assert.ok(!second.isClosed && !track.isStopped, "both are the caller's");
  assert.deepEqual(sink.errors, []);
});

test("while the page is hidden frames are skipped, unless they are wanted", async () => {
  for (const whenHidden of ["pause", "continue"]) {
    const made = processors();
    globalThis.document = { visibilityState: "visible" };
    const sink = remembering();
    const stop = capture(new FakeTrack(), sink, { whenHidden });
    const hidden = picture();
    made[0].controller.enqueue(picture());
    await until(() => sink.frames.length === 1);
    document.visibilityState = "hidden";
    made[0].controller.enqueue(hidden);
    await moment();
    assert.equal(hidden.isClosed, whenHidden === "pause");
    document.visibilityState = "visible";
    made[0].controller.enqueue(picture());
    await until(() => sink.frames.length === (whenHidden === "pause" ? 2 : 3));
    stop();
  }
});

test("a signal stops it, before it began and later", async () => {
  const made = processors();
  const controller = new AbortController();
  const sink = remembering();
  capture(new FakeTrack(), sink, { signal: controller.signal });
  controller.abort();
  await until(() => made[0].isCancelled);
  capture(new FakeTrack(), sink, { signal: AbortSignal.abort() });
  await until(() => made[1].isCancelled);
});

test("a track that breaks is told", async () => {
  const made = processors();
  const sink = remembering();
  capture(new FakeTrack(), sink);
  made[0].controller.error(new Error("the device is gone"));
  await until(() => sink.errors.length === 1);
  assert.equal(sink.errors[0].code, "unsupported-frame");
  assert.match(sink.errors[0].message, /device is gone/);
});

/** Workers of a browser; `answer(data, worker)` plays the script. */
function workers(answer) {
  const made = [];
  globalThis.Worker = class extends EventTarget {
    isTerminated = false;
    received = [];

    constructor(url) {
      super();
      this.url = String(url);
      made.push(this);
    }

    postMessage(data, transfer) {
      this.received.push({ data, transfer });
      answer(data, this);
    }

    say(data) {
      this.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      this.isTerminated = true;
    }
  };
  return made;
}

test("where only workers have processors, a copy of the track goes there, and each frame is acknowledged", async () => {
  elements();
  const made = workers(() => {});
  const track = new FakeTrack();
  const sink = remembering();
  const stop = capture(track, sink);
  await until(() => made[0]?.received.length === 1);
  assert.match(made[0].url, /capture\/worker\.js$/);
  const [{ data, transfer }] = made[0].received;
  assert.equal(data.track, track.copy);
  assert.deepEqual(transfer, [track.copy]);
  const frame = picture();
  made[0].say({ type: "frame", frame });
  assert.equal(sink.frames[0], frame);
  assert.deepEqual(made[0].received[1].data, { type: "taken" });
  stop();
  assert.ok(made[0].isTerminated && track.copy.isStopped);
  assert.ok(!track.isStopped);
});

for (const [why, make] of [
  [
    "the worker has none either",
    () => workers((_, w) => w.say({ type: "unable" })),
  ],
  [
    "the track cannot be handed over",
    () =>
      workers(() => {
        throw new TypeError("DataCloneError");
      }),
  ],
  [
    "its script does not start",
    () =>
      workers((_, w) =>
        w.dispatchEvent(new Event("error", { cancelable: true })),
      ),
  ],
]) {
  test(`where ${why}, an element plays the track`, async () => {
    const videos = elements();
    const made = make();
    const track = new FakeTrack();
    const sink = remembering();
    const stop = capture(track, sink);
    await until(() => videos.length === 1);
    assert.ok(made[0].isTerminated);
    assert.deepEqual(videos[0].srcObject.tracks, [track]);
    videos[0].show(50, { captureTime: 40, mediaTime: 1 });
    videos[0].show(90, { mediaTime: 2 });
    assert.deepEqual(sink.frames, [videos[0], videos[0]]);
    assert.deepEqual(sink.times, [40, 90]);
    stop();
    assert.equal(videos[0].srcObject, null);
    videos[0].show?.(100, {});
    assert.equal(sink.frames.length, 2);
    assert.equal(videos.length, 1);
  });
}

test("stopped before the worker was made, none is", async () => {
  elements();
  const made = workers(() => {});
  capture(new FakeTrack(), remembering())();
  await moment();
  assert.equal(made.length, 0);
});

test("an element without callbacks is looked at, and gives each picture once", async () => {
  elements();
  const video = fakeVideo({ hasCallbacks: false });
  const sink = remembering();
  const stop = capture(video, sink);
  await until(() => sink.frames.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(sink.frames.length, 1, "the picture stood still");
  video.currentTime = 1.5;
  await until(() => sink.frames.length === 2);
  assert.equal(sink.times[1], 1500);
  video.currentTime = 2;
  video.videoWidth = 0;
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(sink.frames.length, 2, "it has no picture");
  stop();
});

test("what is no source is refused", async () => {
  assert.throws(() => capture({}, remembering()), {
    code: "unsupported-frame",
  });
  assert.throws(() => capture({ kind: "audio" }, remembering()), {
    code: "unsupported-frame",
  });
});

test("closing a stream stops what is attached to it", async () => {
  const made = processors();
  const { live } = await fakeStream({ workers: 1 });
  live.attach(new FakeTrack());
  const frame = picture();
  made[0].controller.enqueue(frame);
  await until(() => live.stats().received === 1);
  await live.close();
  await until(() => made[0].isCancelled);
});

test("the worker gives the page no more frames than it takes, and says where it can give none", async () => {
  const posted = [];
  let listener;
  globalThis.addEventListener = (_type, given) => (listener = given);
  globalThis.postMessage = (message, transfer) =>
    posted.push({ ...message, transfer });
  try {
    await import("../build/capture/worker.js");
    listener({ data: { type: "track", track: new FakeTrack() } });
    assert.deepEqual(posted.splice(0), [
      { type: "unable", transfer: undefined },
    ]);
    const made = processors();
    listener({ data: { type: "track", track: new FakeTrack() } });
    const frames = [picture(), picture(), picture(), picture()];
    for (const frame of frames.slice(0, 3)) made[0].controller.enqueue(frame);
    await moment();
    assert.deepEqual(
      posted.map(({ type, frame, transfer }) => [type, frame, transfer]),
      frames.slice(0, 2).map((frame) => ["frame", frame, [frame]]),
    );
    assert.ok(frames[2].isClosed, "the page is busy");
    listener({ data: { type: "taken" } });
    made[0].controller.enqueue(frames[3]);
    await until(() => posted.length === 3);
    assert.equal(posted[2].frame, frames[3]);
    made[0].controller.error(new Error("the device is gone"));
    await until(() => posted.length === 4);
    assert.equal(posted[3].type, "unable");
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.postMessage;
  }
});
