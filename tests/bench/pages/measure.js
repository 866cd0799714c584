// Times a subject in the page. A subject is what `SUBJECTS[name](options)` gives:
// - `frame(picture, input, timestampMs)`: one frame from picture to result, as a promise; true where a body was found.
// - `stream(pictures, input, timestampMs)`, if it can: many frames in a row; how many bodies were found.
// - `takeTimings()`, if it can: milliseconds of each step, of every result since the last call.
// - `inputs`: which of "pixels in" and "JPEG in" it takes.
// - `close()`.

import { loadClip } from "./clip.js";

const SUBJECTS = {
  "live-keypoints": "./live-keypoints.js",
  tasks: "./tasks.js",
  "legacy holistic": "./legacy-holistic.js",
  "onnxruntime-web": "./onnxruntime-web.js",
};
/** Enough for the browser to replace its quick first compilation of what runs often. */
const WARM_UP_FRAMES = 30;
const FRAME_MS = 1000 / 30;

/** From before anything is set up to the first result, milliseconds; the subject goes on living in the page. */
export async function start({ subject, options, frames }) {
  const pictures = await loadClip(frames);
  const { create } = await import(SUBJECTS[subject]);
  const begun = performance.now();
  const running = await create(options);
  await running.frame(pictures[0], running.inputs[0], FRAME_MS);
  const startMs = performance.now() - begun;
  globalThis.running = { ...running, pictures, timestampMs: FRAME_MS };
  return { startMs, inputs: running.inputs, canStream: "stream" in running };
}

/** Frames that nobody times. */
export async function warmUp(input) {
  for (let turn = 0; turn < WARM_UP_FRAMES; turn += 1) await next(turn, input);
}

/** One frame after the other: the time of each in milliseconds, and the longest that the page could not answer. */
export async function oneByOne(input) {
  // The task that calls this began before; it does not count.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const tasks = longTasks();
  running.takeTimings?.();
  const times = [];
  let found = 0;
  for (let turn = 0; turn < running.pictures.length; turn += 1) {
    const begun = performance.now();
    found += (await next(turn, input)) ? 1 : 0;
    times.push(performance.now() - begun);
    // As a page would, it lets the browser do its own work between frames.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const timings = running.takeTimings?.();
  return { times, found, timings, longestTaskMs: await tasks.longest() };
}

/** All frames in a row: milliseconds in all. */
export async function inARow(input) {
  const begun = performance.now();
  const { pictures } = running;
  const found = await running.stream(pictures, input, (turn) => time(turn));
  running.timestampMs = time(pictures.length);
  return { wallMs: performance.now() - begun, found, count: pictures.length };
}

export const close = () => running.close();

function next(turn, input) {
  running.timestampMs += FRAME_MS;
  const picture = running.pictures[turn % running.pictures.length];
  return running.frame(picture, input, running.timestampMs);
}

const time = (turn) => running.timestampMs + (turn + 1) * FRAME_MS;

/** Watches the page's own thread; browsers tell tasks of 50 ms and more. */
function longTasks() {
  const begun = performance.now();
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      if (startTime >= begun) longest = Math.max(longest, duration);
  });
  observer.observe({ entryTypes: ["longtask"] });
  return {
    longest: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      observer.disconnect();
      return longest;
    },
  };
}
