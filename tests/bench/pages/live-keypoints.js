// This package.

import { LiveKeypoints } from "/live-keypoints/index.js";

/** Frames given beyond those in work, so that no worker waits for the page. */
const AHEAD = 4;

export async function create({ workers }) {
  const live = await LiveKeypoints.create({ workers });
  const failures = [];
  live.on("error", (error) => failures.push(error));
  const results = live[Symbol.asyncIterator]();
  const push = (picture, input, timestampMs) =>
    live.push(input === "JPEG in" ? picture.jpeg : picture.pixels, {
      timestampMs,
    });
  let timings = [];
  const result = async () => {
    const { value } = await results.next();
    if (failures.length > 0 || !value)
      throw failures[0] ?? new Error("the stream ended");
    timings.push(value.timings);
    return value.pose !== null;
  };
  return {
    inputs: ["pixels in", "JPEG in"],
    frame: (picture, input, timestampMs) => {
      push(picture, input, timestampMs);
      return result();
    },
    stream: async (pictures, input, timeOf) => {
      let found = 0;
      let pushed = 0;
      for (let read = 0; read < pictures.length; read += 1) {
        for (; pushed < Math.min(pictures.length, read + AHEAD); pushed += 1)
          push(pictures[pushed], input, timeOf(pushed));
        found += (await result()) ? 1 : 0;
      }
      return found;
    },
    /** Milliseconds of each step, of every result since the last call. */
    takeTimings: () => {
      const taken = timings;
      timings = [];
      return taken;
    },
    close: () => live.close(),
  };
}
