// What a browser takes pictures from, without a browser.

import { FakePicture } from "./fake-stream.mjs";

const globals = [
  "document",
  "MediaStream",
  "MediaStreamTrackProcessor",
  "HTMLMediaElement",
  "Worker",
];

/** Takes back what `processors`, `elements` and `workers` made global. */
export const forgetCapture = () =>
  globals.forEach((name) => delete globalThis[name]);

export const picture = () => new FakePicture("VideoFrame", { timestamp: 0 });

export class FakeTrack extends EventTarget {
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
export const streamOf = (...tracks) => ({
  tracks,
  getVideoTracks: () => tracks,
});

/** Processors in the page; what `give` gets is a frame of the track. */
export function processors() {
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

/** Video elements that show whatever they are given; `show()` is one new picture. */
export function elements() {
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

export function fakeVideo({ hasCallbacks = true } = {}) {
  const video = { videoWidth: 4, readyState: 2, currentTime: 0 };
  video.play = async () => {};
  if (!hasCallbacks) return video;
  video.requestVideoFrameCallback = (callback) => (video.callback = callback);
  video.cancelVideoFrameCallback = () => delete video.callback;
  video.show = (now, metadata) => video.callback?.(now, metadata);
  return video;
}
