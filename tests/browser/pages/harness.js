// What the package's tests do inside the page. Everything that comes back is plain data.

import { LiveKeypoints } from "/live-keypoints/index.js";

export { LiveKeypoints };

const CLIP_FRAMES = 43;
const PARTS = [
  "pose",
  "poseWorld",
  "leftHand",
  "rightHand",
  "leftHandWorld",
  "rightHandWorld",
  "face",
];

/** One frame of the clip as JPEG bytes. */
export async function clipFrame(number) {
  const response = await fetch(
    `/clips/fingers/${String(number).padStart(3, "0")}.jpg`,
  );
  return new Uint8Array(await response.arrayBuffer());
}

/** The first frames of the clip. */
export function clipFrames(count = CLIP_FRAMES) {
  return Promise.all(
    Array.from({ length: count }, (_, number) => clipFrame(number)),
  );
}

/** The hand of the clip so near that next to nothing of the body is in the picture: pixels, or their JPEGs. */
export function closeUps(areJpegs) {
  const [side, left, top] = [120, 190, 80];
  const closeUp = async (_, at) => {
    const whole = await createImageBitmap(new Blob([await clipFrame(6 + at)]));
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d");
    context.drawImage(whole, -left, -top);
    if (!areJpegs) return context.getImageData(0, 0, side, side);
    const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 1 });
    return new Uint8Array(await jpeg.arrayBuffer());
  };
  return Promise.all(Array.from({ length: 12 }, closeUp));
}

/** Capture time that the reference was made with: 33,333 µs a frame, from 1. */
export const captureTime = (number) => ((number + 1) * 33_333) / 1000;

/** Pushes frames and gives their results, as plain data, once all of them have one. */
export async function run(live, frames, timeOf = captureTime) {
  const errors = [];
  const off = live.on("error", ({ code, index, message }) =>
    errors.push({ code, index, message }),
  );
  const results = [];
  const { completed, failed } = live.stats();
  const isDone = () =>
    live.stats().completed + live.stats().failed ===
    completed + failed + frames.length;
  const offKeypoints = live.on("keypoints", (keypoints) =>
    results.push(plain(keypoints)),
  );
  frames.forEach((frame, number) =>
    live.push(frame, { timestampMs: timeOf(number) }),
  );
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 10));
  off();
  offKeypoints();
  return { results, errors };
}

/** A result with arrays in place of typed arrays. */
export function plain(keypoints) {
  if (keypoints instanceof Float32Array) return [...keypoints];
  if (Array.isArray(keypoints)) return keypoints.map(plain);
  if (typeof keypoints !== "object" || keypoints === null) return keypoints;
  const entries = Object.entries(keypoints);
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
}

/** Plays the clip on a stream of its own. */
export async function playClip(options, count = CLIP_FRAMES) {
  const live = await LiveKeypoints.create(options);
  const played = await run(live, await clipFrames(count));
  const stats = live.stats();
  await live.close();
  return { ...played, stats };
}

/** The code and text that `create` rejects with; fails where it does not. */
export async function createError(options) {
  try {
    const live = await LiveKeypoints.create(options);
    await live.close();
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message };
  }
  throw new Error("create() did not reject");
}

/** A JPEG that the browser makes of a canvas. */
export async function canvasJpeg(width, height, paint = () => {}) {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas.getContext("2d"), canvas);
  const blob = await canvas.convertToBlob({
    type: "image/jpeg",
    quality: 0.95,
  });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Largest distance between two results' points of a part, in fractions of the picture; infinite where one has none. */
export function largestDistance(one, other, part, stride) {
  if (!one[part] || !other[part]) return Infinity;
  let largest = 0;
  for (let at = 0; at < one[part].length; at += stride) {
    for (const axis of [0, 1])
      largest = Math.max(
        largest,
        Math.abs(one[part][at + axis] - other[part][at + axis]),
      );
  }
  return largest;
}

export { PARTS };

/** A socket whose relay takes every frame and answers none. */
export class RelaySocket {
  bufferedAmount = 0;
  readyState = 1;
  frames = [];
  #listeners = {};

  addEventListener(type, listener) {
    this.#listeners[type] = listener;
    if (type === "open") setTimeout(() => this.#tell("open"));
  }

  send(data) {
    if (typeof data === "string") {
      if (JSON.parse(data).type !== "configure") return;
      for (const message of [
        { type: "welcome", protocol: "live-keypoints.v1" },
        { type: "configured", next_index: 0 },
      ])
        this.#tell("message", { data: JSON.stringify(message) });
      return;
    }
    const header = new DataView(data.buffer);
    const timestampMs = Number(header.getBigUint64(8, true)) / 1000;
    this.frames.push({ jpeg: data.slice(16), timestampMs });
  }

  close() {}

  async gets(count) {
    while (this.frames.length < count)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #tell(type, event = {}) {
    this.#listeners[type]?.(event);
  }
}

/** A video that plays a canvas which changes all the time. */
export async function playingVideo(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(30);
  let turn = 0;
  const timer = setInterval(() => {
    if (stream.getTracks()[0].readyState === "ended") clearInterval(timer);
    turn += 1;
    context.fillStyle = turn % 2 ? "red" : "blue";
    context.fillRect(0, 0, width, height);
  }, 30);
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  return video;
}

/** A camera's track, its stream, and a <video> that plays it; so many pixels wide. */
export async function openCamera(width) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width, height: (width * 3) / 4 },
  });
  const [track] = stream.getVideoTracks();
  const video = document.createElement("video");
  Object.assign(video, { srcObject: stream, muted: true });
  await video.play();
  return { stream, track, video };
}

/** Waits for a condition, ten seconds at most. */
export async function until(condition) {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits for a result of a picture so many pixels wide. */
export async function frameWithin(live, width) {
  let isThere = false;
  const off = live.on("keypoints", (keypoints) => {
    isThere ||= keypoints.width === width;
  });
  await until(() => isThere);
  off();
}
