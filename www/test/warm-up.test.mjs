import assert from "node:assert/strict";
import { mock } from "node:test";

import { LiveKeypointsError } from "../build/errors.js";
import { WarmUp } from "../build/warm-up.js";
import { test } from "./limited.mjs";

/** Runs `check` with timers that `fire` ends, one at each call; it returns how long that one was set for. */
function withTimers(check) {
  const pending = [];
  mock.method(globalThis, "setTimeout", (run, ms) => {
    const timer = { run, ms };
    pending.push(timer);
    return timer;
  });
  mock.method(globalThis, "clearTimeout", (timer) => {
    const at = pending.indexOf(timer);
    if (at >= 0) pending.splice(at, 1);
  });
  try {
    check(() => {
      const timer = pending.shift();
      timer?.run();
      return timer?.ms;
    });
  } finally {
    mock.restoreAll();
  }
}

test("models run once the worker has been idle, each in a task of its own, until all have", () =>
  withTimers((fire) => {
    const cold = ["pose_detection", "pose_landmark_full"];
    const warmUp = new WarmUp(() => cold.shift() !== undefined, assert.fail);
    assert.equal(fire(), 200);
    assert.equal(cold.length, 1);
    assert.equal(fire(), 0);
    assert.equal(cold.length, 0);
    assert.equal(fire(), 0);
    assert.equal(fire(), undefined);
    warmUp.postpone();
    assert.equal(fire(), undefined);
  }));

test("a step puts it off, also between two models", () =>
  withTimers((fire) => {
    let runs = 0;
    const warmUp = new WarmUp(() => (runs += 1) < 3, assert.fail);
    warmUp.postpone();
    assert.equal(runs, 0);
    assert.equal(fire(), 200);
    assert.equal(runs, 1);
    warmUp.postpone();
    assert.equal(fire(), 200);
    assert.equal(runs, 2);
    assert.equal(fire(), 0);
    assert.equal(fire(), undefined);
  }));

test("an error with a code is left for the frame that it will fail, any other is told", () =>
  withTimers((fire) => {
    const told = [];
    const failWith = (error) => {
      const next = () => {
        throw error;
      };
      new WarmUp(next, (error) => told.push(error));
      fire();
      assert.equal(fire(), undefined);
    };
    const trap = new Error("unreachable");
    failWith(new LiveKeypointsError("inference-failed", "no"));
    failWith(trap);
    assert.deepEqual(told, [trap]);
  }));
