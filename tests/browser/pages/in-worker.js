// A worker of the user's that has a stream of its own.

import { LiveKeypoints } from "/live-keypoints/index.js";

addEventListener("message", async ({ data: { frames, options } }) => {
  try {
    const live = await LiveKeypoints.create(options);
    const found = [];
    const results = live[Symbol.asyncIterator]();
    for (const frame of frames) {
      const index = live.push(frame);
      const { value } = await results.next();
      found.push([index, value.index, !!value.pose, !!value.face]);
    }
    const workers = live.stats().workers.length;
    await live.close();
    postMessage({ found, workers });
  } catch ({ code, message }) {
    postMessage({ code, message });
  }
});
