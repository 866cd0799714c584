// Sources that end, are replaced, and are let go.

import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import {
  elements,
  FakeTrack,
  fakeVideo,
  forgetCapture,
  picture,
  processors,
  streamOf,
} from "./fake-capture.mjs";
import { fakeStream } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

afterEach(forgetCapture);

const moment = () => new Promise((resolve) => setTimeout(resolve, 5));

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
  await until(() => made[2].isCancelled);
  await live.close();
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
