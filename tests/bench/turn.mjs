// One turn of one subject in headless Chromium: node turn.mjs '{"subject":…,"label":…,"clip":…,"frames":…}'. Prints one
// sample a line.
//
// The first visit shows some frames and fills the browser's caches, the second is measured: start, then frames one by one
// and in a row.

import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./browser.mjs";
import {
  canMeasure,
  cpuBetween,
  cpuTimes,
  rendererMegabytes,
} from "./processes.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
/** For the browser to write its caches. Chromium 156 keeps compiled code only of modules with 1 MB of optimised code. */
const SETTLE_MS = 4000;
/** Where fewer bodies are found, it is not the same work. */
const MIN_FOUND = 0.9;

const turn = JSON.parse(process.argv[2]);
const { subject, label, suite, options, clip, frames, rivals, webgl } = turn;

const browser = await openBrowser({
  webgl,
  folders: {
    "/pages/": `${ROOT}/tests/bench/pages`,
    "/live-keypoints/": `${ROOT}/www/dist`,
    "/clip/": resolve(clip),
    ...(rivals && { "/rivals/": rivals }),
  },
});
try {
  await firstVisit();
  await secondVisit();
  if (browser.outside.length > 0)
    console.error(`${label} asked for ${browser.outside.join(", ")}`);
} finally {
  await browser.close();
}

async function firstVisit() {
  const page = await browser.open();
  const { startMs, inputs } = await inPage(page, "start", startOptions());
  print("start", "first_visit_ms", startMs);
  // What a visitor sees makes the browser compile what runs often.
  await inPage(page, "warmUp", inputs[0]);
  await page.waitForTimeout(SETTLE_MS);
  await inPage(page, "close");
  await page.close();
}

async function secondVisit() {
  const page = await browser.open();
  const started = await inPage(page, "start", startOptions());
  print("start", "start_ms", started.startMs);
  for (const input of started.inputs) {
    await inPage(page, "warmUp", input);
    const [single, singleCpuMs] = await withCpu(() =>
      inPage(page, "oneByOne", input),
    );
    const { times, found, timings, longestTaskMs } = single;
    requireFound(input, found, times.length);
    const inARow = started.canStream
      ? await withCpu(() => inPage(page, "inARow", input))
      : undefined;
    const [wallMs, cpuMs] = inARow
      ? [inARow[0].wallMs, inARow[1]]
      : [times.reduce((sum, time) => sum + time, 0), singleCpuMs];
    if (inARow) requireFound(input, inARow[0].found, inARow[0].count);
    print(input, "wall_ms", wallMs / times.length);
    if (cpuMs !== undefined) print(input, "cpu_ms", cpuMs / times.length);
    print(input, "latency_ms", median(times));
    print(input, "frames_per_s", (times.length * 1000) / wallMs);
    print(input, "longest_task_ms", longestTaskMs);
    if (timings) printSteps(input, timings);
  }
  if (canMeasure) print("steady state", "memory_mb", rendererMegabytes());
  await inPage(page, "close");
}

/** The steps of frames one at a time, and those that the latency of a frame cannot be less than. */
function printSteps(input, timings) {
  const steps = {
    decode_ms: ({ decode }) => decode,
    pose_ms: ({ pose }) => pose,
    left_hand_ms: ({ leftHand }) => leftHand,
    right_hand_ms: ({ rightHand }) => rightHand,
    face_ms: ({ face }) => face,
    pose_and_hand_ms: ({ pose, leftHand, rightHand }) =>
      pose + Math.max(leftHand, rightHand),
  };
  for (const [metric, of] of Object.entries(steps))
    print(input, metric, median(timings.map(of)));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

function startOptions() {
  const names = readdirSync(clip)
    .filter((name) => name.endsWith(".jpg"))
    .sort();
  if (names.length < frames)
    throw new Error(`${clip} has ${names.length} of ${frames} frames`);
  return { subject, options, frames: names.slice(0, frames) };
}

function requireFound(input, found, count) {
  if (found < count * MIN_FOUND)
    throw new Error(
      `${label}, ${input}: a body in ${found} of ${count} frames`,
    );
}

/** Calls a function of `pages/measure.js`. */
function inPage(page, name, argument) {
  return page.evaluate(
    async ([name, argument]) =>
      (await import("/pages/measure.js"))[name](argument),
    [name, argument],
  );
}

async function withCpu(work) {
  if (!canMeasure) return [await work(), undefined];
  const before = cpuTimes();
  const result = await work();
  return [result, cpuBetween(before, cpuTimes())];
}

function print(name, metric, value) {
  const sample = { suite, subject: label, case: name, metric, value };
  console.log(JSON.stringify(sample));
}
