// A page that is used hard: frames pushed as fast as they go, bad ones among them, a full buffer, resets, and, where it
// goes by time, other sessions that open and close beside it.

import { LiveKeypoints } from "/live-keypoints/index.js";
import { loadClip } from "./clip.js";

/** One frame in so many is bad. */
const BAD_EVERY = 7;
const RESET_EVERY = 5000;
const SIDE_SESSION_FRAMES = 5;
const SIDE_SESSION_PAUSE_MS = 8000;

/** Counts so far; read while `run` runs. */
export const counts = {
  pushed: 0,
  results: 0,
  badAnswered: 0,
  sessions: 0,
  unexpected: [],
};

/** Runs for so long, or until there are so many results; returns the counters of the main session once it is idle. */
export async function run({ seconds, results, frames, workers }) {
  const end = performance.now() + (seconds ?? Infinity) * 1000;
  const isOver = () =>
    performance.now() >= end || counts.results >= (results ?? Infinity);
  const pictures = await loadClip(frames);
  const live = await LiveKeypoints.create({ workers, bufferSize: 8 });
  counts.sessions += 1;
  live.on("keypoints", () => (counts.results += 1));
  live.on("error", ({ code, message }) => {
    if (isOfBadFrame(code)) counts.badAnswered += 1;
    else counts.unexpected.push(`${code}: ${message}`);
  });
  const beside = seconds && openAndClose(pictures, end);
  while (!isOver()) {
    live.push(nextFrame(pictures));
    counts.pushed += 1;
    if (counts.pushed % RESET_EVERY === 0) live.reset();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await beside;
  while (live.stats().buffered + live.stats().inFlight > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const { received, dropped, completed, failed } = live.stats();
  await live.close();
  return { ...counts, received, dropped, completed, failed };
}

function nextFrame(pictures) {
  const picture = pictures[counts.pushed % pictures.length];
  if (counts.pushed % BAD_EVERY !== 0)
    return counts.pushed % 2 ? picture.jpeg : picture.pixels;
  const bad = [
    new Uint8Array(0),
    picture.jpeg.slice(0, 500),
    crypto.getRandomValues(new Uint8Array(4000)),
  ];
  return bad[(counts.pushed / BAD_EVERY) % bad.length];
}

/** Codes of pictures that cannot be read; every other code is a fault of ours. */
function isOfBadFrame(code) {
  return ["empty-frame", "not-a-jpeg", "malformed-picture"].includes(code);
}

async function openAndClose(pictures, end) {
  for (let turn = 0; performance.now() < end; turn += 1) {
    try {
      await sideSession(pictures, turn);
    } catch (error) {
      counts.unexpected.push(`beside: ${error.code}: ${error.message}`);
    }
    const pause = Math.min(SIDE_SESSION_PAUSE_MS, end - performance.now());
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause)));
  }
}

async function sideSession(pictures, turn) {
  const live = await LiveKeypoints.create({ workers: 1, quality: "lite" });
  counts.sessions += 1;
  const results = live[Symbol.asyncIterator]();
  for (let frame = 0; frame < SIDE_SESSION_FRAMES; frame += 1) {
    live.push(pictures[(turn + frame) % pictures.length].jpeg);
    await results.next();
  }
  // Every other one is closed with work under way.
  if (turn % 2 === 0) await live.detect(pictures[0].pixels);
  else live.push(pictures[0].jpeg);
  await live.close();
}
