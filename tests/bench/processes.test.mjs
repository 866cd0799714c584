import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";

import { canMeasure, cpuBetween, cpuTimes, parseStat } from "./processes.mjs";
import { test } from "../limited.mjs";

test("a process's line is read whatever its name holds", () => {
  const line = "77 (a) b (c) S 12 1 1 0 -1 4194560 1 2 3 4 250 30 0 0 20 0";
  assert.deepEqual(parseStat(line), { parent: 12, cpuMs: 2800 });
});

test("processor time between two moments leaves out what ended and adds what began", () => {
  const before = new Map([
    [1, 100],
    [2, 500],
  ]);
  const after = new Map([
    [1, 130],
    [3, 20],
  ]);
  assert.equal(cpuBetween(before, after), 50);
});

test(
  "a busy child's time is counted",
  { skip: canMeasure ? false : "needs /proc" },
  async () => {
    const program =
      "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end); console.log('done'); setInterval(() => {}, 1000);";
    const child = spawn(process.execPath, ["-e", program]);
    try {
      await once(child.stdout, "data");
      const times = cpuTimes();
      assert.ok(times.get(child.pid) >= 250, `${times.get(child.pid)} ms`);
    } finally {
      child.kill();
    }
  },
);
