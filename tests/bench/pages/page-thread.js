// A page that does nothing but use the package at 640×480, so that what its thread does is the package's doing, or the
// browser's for it. What counts lies between the two marks.

import { LiveKeypoints } from "/live-keypoints/index.js";
import { loadClip } from "./clip.js";

const [WIDTH, HEIGHT] = [640, 480];
/** For tasks of before to come to their end. */
const SETTLE_MS = 100;
/** Frames before those that count. */
const WARM_UP_FRAMES = 20;

let pictures;
let live;
let results;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs what counts, in tasks of its own. */
async function counted(work) {
  await pause(SETTLE_MS);
  performance.mark("counted begins");
  await pause(0);
  await work();
  performance.mark("counted ends");
}

/** The clip's frames in the size that counts. */
export async function load(names) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  pictures = [];
  for (const { canvas: small } of await loadClip(names)) {
    context.drawImage(small, 0, 0, WIDTH, HEIGHT);
    const blob = await canvas.convertToBlob({ type: "image/jpeg" });
    pictures.push({
      jpeg: new Uint8Array(await blob.arrayBuffer()),
      pixels: context.getImageData(0, 0, WIDTH, HEIGHT),
    });
  }
}

export async function start({ workers }) {
  await counted(async () => {
    live = await LiveKeypoints.create({ workers, bufferSize: 4 });
  });
  results = live[Symbol.asyncIterator]();
}

/** Frames of one kind, each pushed in a task of its own: how many bodies were found. */
export async function push(kind) {
  const next = async (turn) => {
    live.push(pictures[turn % pictures.length][kind]);
    const { value } = await results.next();
    await pause(0);
    return value.pose !== null;
  };
  for (let turn = 0; turn < WARM_UP_FRAMES; turn += 1) await next(turn);
  let found = 0;
  await counted(async () => {
    for (let turn = 0; turn < pictures.length; turn += 1)
      found += (await next(turn)) ? 1 : 0;
  });
  return found;
}

/** A camera that is attached: how many of its frames came. */
export async function attach(count) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: WIDTH, height: HEIGHT },
  });
  let size;
  await counted(async () => {
    const stop = live.attach(stream);
    for (let turn = 0; turn < count; turn += 1) {
      const { value } = await results.next();
      size = [value.width, value.height];
    }
    stop();
  });
  for (const track of stream.getTracks()) track.stop();
  return size;
}

export const close = () => live.close();
