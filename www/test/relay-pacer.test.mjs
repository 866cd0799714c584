// How many frames a second go to a relay that says how many it takes.

import assert from "node:assert/strict";

import { Pacer } from "../build/relay/pacer.js";
import { test } from "./limited.mjs";

/** When frames are sent that are ready at these times, each as soon as it may be. */
function sendTimes(fps, readyMs) {
  const pacer = new Pacer(fps, 0);
  let nowMs = 0;
  return readyMs.map((ready) => {
    nowMs = Math.max(nowMs, ready);
    nowMs += pacer.waitMs(nowMs);
    assert.equal(pacer.waitMs(nowMs), 0);
    pacer.sent();
    return nowMs;
  });
}

test("a camera within the limit never waits, be it as unsteady as half a second", () => {
  const steady = Array.from({ length: 300 }, (_, n) => n * 50);
  assert.deepEqual(sendTimes(20, steady), steady);
  const bunched = steady.map((ms) => Math.floor(ms / 500) * 500);
  assert.deepEqual(sendTimes(20, bunched), bunched);
});

test("what is above the limit is sent at its pace, after half a second's worth", () => {
  const times = sendTimes(20, Array(30).fill(0));
  assert.equal(times.filter((ms) => ms === 0).length, 10);
  times.slice(10).forEach((ms, at) => assert.equal(ms, (at + 1) * 50));
});

test("less than two a second still gets its first frame at once", () => {
  assert.deepEqual(sendTimes(1, [0, 0, 0]), [0, 1000, 2000]);
});

test("without a limit nothing waits", () => {
  assert.deepEqual(
    sendTimes(undefined, Array(500).fill(0)),
    Array(500).fill(0),
  );
});
