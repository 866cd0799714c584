// Which means a source is pumped by, and when it rests. What real browsers do stands in tests/browser.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { capture } from "../build/capture/capture.js";
import { fakeStream, FakePicture } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";

const globals = [
  "document",
  "MediaStream",
  "MediaStreamTrackProcessor",
  "HTMLMediaElement",
  "Worker",
];
afterEach(() => globals.forEach((name) => delete globalThis[name]));

class FakeTrack extends EventTarget {
  kind = "video";
  readyState = "live";
  isStopped = false;

  clone() {
    this.copy = new FakeTrack();
    return this.copy;
  }

  stop() {
    this.isStopped = true;
    this.readyState = "ended";
  }

  /** As a camera that is pulled out does. */
  end() {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

/** A stream of tracks; scripts change them without an event. */
const streamOf = (...tracks) => ({ tracks, getVideoTracks: () => tracks });

/** Processors in the page; what `give` gets is a frame of the track. */
function processors() {
  const made = [];
  globalThis.MediaStreamTrackProcessor = class {
    constructor({ track }) {
      const start = (controller) => (this.controller = controller);
      const cancel = () => (this.isCancelled = true);
      this.readable = new ReadableStream({ start, cancel });
      this.track = track;
      made.push(this);
    }
  };
  return made;
}

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

const picture = () => new FakePicture("VideoFrame", { timestamp: 0 });
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

/** Video elements that show whatever they are given; `show()` is one new picture. */
function elements() {
  const made = [];
  globalThis.HTMLMediaElement = { HAVE_CURRENT_DATA: 2 };
  globalThis.MediaStream = class {
    constructor(tracks) {
      this.tracks = tracks;
    }
  };
  globalThis.document = {
    visibilityState: "visible",
    createElement() {
      const video = fakeVideo();
      made.push(video);
      return video;
    },
  };
  return made;
}

function fakeVideo({ hasCallbacks = true } = {}) {
  const video = { videoWidth: 4, readyState: 2, currentTime: 0 };
  video.play = async () => {};
  if (!hasCallbacks) return video;
  video.requestVideoFrameCallback = (callback) => (video.callback = callback);
  video.cancelVideoFrameCallback = () => delete video.callback;
  video.show = (now, metadata) => video.callback?.(now, metadata);
  return video;
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

/** A stream that collects the sources that ended. */
async function attachable() {
  const { live, errors } = await fakeStream({ workers: 1 });
  const ended = [];
  live.on("source-ended", ({ source }) => ended.push(source));
  return { live, errors, ended };
}

for (const [how, end] of [
  ["ends", (track) => track.end()],
  ["is stopped", (track, { controller }) => (track.stop(), controller.close())],
]) {
  test(`a track that ${how} is told once, and let go`, async () => {
    const made = processors();
    const { live, errors, ended } = await attachable();
    const track = new FakeTrack();
    const stop = live.attach(track);
    made[0].controller.enqueue(picture());
    await until(() => live.stats().received === 1);
    end(track, made[0]);
    await until(() => ended.length === 1);
    assert.equal(ended[0], track);
    track.dispatchEvent(new Event("ended"));
    stop();
    await moment();
    assert.deepEqual([ended.length, errors, made.length], [1, [], 1]);
    await live.close();
  });
}

test("a source that had ended before it was attached is told", async () => {
  processors();
  const { live, ended } = await attachable();
  const track = new FakeTrack();
  track.stop();
  const sources = [track, streamOf(track)];
  const stops = sources.map((source) => live.attach(source));
  assert.equal(ended.length, 0, "the caller has nothing to stop it by yet");
  await until(() => ended.length === 2);
  assert.deepEqual(ended, sources);
  live.attach(track)();
  await moment();
  assert.equal(ended.length, 2, "it was stopped");
  for (const stop of stops) stop();
  await live.close();
});

test("a muted track is silent and has not ended", async () => {
  processors();
  const { live, ended } = await attachable();
  const track = new FakeTrack();
  live.attach(track);
  live.attach(streamOf(track));
  track.muted = true;
  track.dispatchEvent(new Event("mute"));
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(ended, []);
  await live.close();
});

test("in a stream the track that replaces another is followed, at once or after a while", async () => {
  const made = processors();
  const { live, ended } = await attachable();
  const [first, second, third] = [0, 1, 2].map(() => new FakeTrack());
  const stream = streamOf(first);
  live.attach(stream);
  stream.tracks.splice(0, 1, second);
  await until(() => made.length === 2);
  assert.equal(made[1].track, second);
  await until(() => made[0].isCancelled);
  assert.deepEqual(ended, []);
  made[1].controller.enqueue(picture());
  await until(() => live.stats().received === 1);

  second.end();
  assert.deepEqual(ended, [stream]);
  stream.tracks.splice(0, 1, third);
  await until(() => made.length === 3);
  made[2].controller.enqueue(picture());
  await until(() => live.stats().received === 2);
  assert.equal(ended.length, 1);

  stream.tracks.length = 0;
  await until(() => ended.length === 2);
  await live.close();
  await until(() => made[2].isCancelled);
});

test("a stream that has no track yet is waited for", async () => {
  const made = processors();
  const { live, ended } = await attachable();
  const stream = streamOf();
  live.attach(stream);
  stream.tracks.push(new FakeTrack());
  await until(() => made.length === 1);
  assert.deepEqual(ended, []);
  await live.close();
});

test("an element tells that its stream has ended, and goes on with another one", async () => {
  elements();
  const { live, ended } = await attachable();
  const video = fakeVideo();
  video[Symbol.toStringTag] = "HTMLVideoElement";
  const track = new FakeTrack();
  video.srcObject = streamOf(track);
  live.attach(video);
  const push = () => video.show(1, {});
  push();
  track.end();
  assert.deepEqual(ended, [video]);
  video.srcObject = streamOf(new FakeTrack());
  await new Promise((resolve) => setTimeout(resolve, 300));
  push();
  assert.equal(live.stats().received, 2);
  video.srcObject = null;
  await until(() => ended.length === 2);
  await live.close();
  assert.equal(video.callback, undefined);
});

test("an element that plays a file ends without a word: it can be played again", async () => {
  elements();
  const { live, ended } = await attachable();
  const video = fakeVideo();
  video.srcObject = null;
  live.attach(video);
  video.ended = true;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(ended, []);
  await live.close();
});

/** Counts the listeners that a signal has. */
function counted(signal) {
  const listeners = new Set();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (type, listener, options) {
    listeners.add(listener);
    addEventListener.call(this, type, listener, options);
  };
  signal.removeEventListener = function (type, listener) {
    listeners.delete(listener);
    removeEventListener.call(this, type, listener);
  };
  return listeners;
}

test("a signal that lives long keeps nothing of what was stopped otherwise", async () => {
  const made = processors();
  const { signal } = new AbortController();
  const listeners = counted(signal);
  const { live } = await fakeStream({ workers: 1 });
  const listener = () => {};
  const track = new FakeTrack();
  live.attach(track, { signal });
  track.end();
  live.attach(new FakeTrack(), { signal })();
  live.on("keypoints", listener, { signal })();
  live.on("keypoints", listener, { signal });
  live.on("keypoints", listener, { signal });
  live.off("keypoints", listener);
  await live.detect(Uint8Array.of(0xff, 0xd8), { signal });
  assert.equal(listeners.size, 0);
  live.attach(new FakeTrack(), { signal });
  live.on("error", listener, { signal });
  assert.equal(listeners.size, 2);
  await live.close();
  assert.equal(listeners.size, 0);
  await until(() => made.at(-1).isCancelled);
});

test("aborted sources are let go, long before the stream is closed", async () => {
  elements();
  const { live } = await fakeStream({ workers: 1 });
  const stops = [];
  const attached = () => {
    const video = fakeVideo();
    const controller = new AbortController();
    stops.push(live.attach(video, { signal: controller.signal }));
    controller.abort();
    return new WeakRef(video);
  };
  const videos = Array.from({ length: 100 }, attached);
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  for (let round = 0; round < 20 && videos.some((v) => v.deref()); round += 1) {
    await moment();
    collectGarbage();
  }
  assert.equal(videos.filter((video) => video.deref()).length, 0);
  assert.equal(stops.length, 100);
  await live.close();
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
