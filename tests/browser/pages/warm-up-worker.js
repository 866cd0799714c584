// The package's worker, which tells the channel "warm-up" of each of its timers that fires: it has none but those that let
// it run a cold model.

const { setTimeout } = globalThis;
const channel = new BroadcastChannel("warm-up");

globalThis.setTimeout = (callback, ms) =>
  setTimeout(() => {
    callback();
    channel.postMessage("asked");
  }, ms);

await import("/live-keypoints/worker.js");
