// What is read out of a trace.

import assert from "node:assert/strict";

import { longestOf } from "./main_thread.mjs";
import { test } from "../limited.mjs";

const [pid, tid] = [7, 1];
const mark = (name, ts) => ({
  ...{ cat: "blink.user_timing", pid, tid },
  name,
  ts,
});
const task = (ts, dur, tdur, more) => ({
  ...{ name: "ThreadControllerImpl::RunTask", cat: "toplevel", ph: "X" },
  ...{ pid, tid, ts, dur, tdur, ...more },
});
const BEGIN = mark("counted begins", 1000);
const END = mark("counted ends", 90_000);

test("the longest task is that of the page's thread between the marks", () => {
  const { tasks, longestMs, longestCpuMs } = longestOf([
    task(10, 80_000, 80_000), // begun before
    BEGIN,
    task(2000, 3000, 500),
    task(9000, 2000, 1900),
    task(9500, 60_000, 60_000, { tid: 2 }),
    task(9500, 60_000, 60_000, { pid: 8 }),
    task(12_000, 70_000, 70_000, { name: "Another" }),
    task(85_000, 10_000, 10_000), // not over yet
    END,
  ]);
  assert.deepEqual([tasks, longestMs, longestCpuMs], [2, 3, 1.9]);
});

test("a trace without marks or tasks is no measurement", () => {
  assert.throws(() => longestOf([task(1, 2, 3)]), /counted begins/);
  assert.throws(() => longestOf([BEGIN, task(2000, 1, 1)]), /counted ends/);
  assert.throws(() => longestOf([BEGIN, END]), /no task/);
});
