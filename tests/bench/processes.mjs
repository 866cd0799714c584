// Processor time and memory of a browser: the processes below this one, as Linux tells them in /proc.

import { readFileSync, readdirSync } from "node:fs";

/** Milliseconds of a clock tick. The kernel counts processor time for programs in hundredths of a second everywhere. */
const TICK_MS = 10;

/** Whether processor time and memory can be had on this system. */
export const canMeasure = process.platform === "linux";

/** What `/proc/PID/stat` says: the parent and the processor time. The program's name may hold spaces and brackets. */
export function parseStat(text) {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, user, system] = [fields[1], fields[11], fields[12]];
  return {
    parent: Number(parent),
    cpuMs: (Number(user) + Number(system)) * TICK_MS,
  };
}

/** Milliseconds of processor time of each process below `root`, by its number. */
export function cpuTimes(root = process.pid) {
  const processes = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = read(`/proc/${name}/stat`);
    if (text) processes.set(Number(name), parseStat(text));
  }
  const isBelow = (id) => {
    const parent = processes.get(id)?.parent;
    return parent === root || (parent !== undefined && isBelow(parent));
  };
  return new Map(
    [...processes]
      .filter(([id]) => isBelow(id))
      .map(([id, { cpuMs }]) => [id, cpuMs]),
  );
}

/** Processor time between two of `cpuTimes()`. A process that ended meanwhile counts for nothing. */
export function cpuBetween(before, after) {
  let sum = 0;
  for (const [id, cpuMs] of after) sum += cpuMs - (before.get(id) ?? 0);
  return sum;
}

/** Megabytes of the pages' processes (page and workers share one): memory shared with others counts by its share. */
export function rendererMegabytes(root = process.pid) {
  let kilobytes = 0;
  for (const id of cpuTimes(root).keys()) {
    if (!read(`/proc/${id}/cmdline`)?.includes("--type=renderer")) continue;
    const rollup = read(`/proc/${id}/smaps_rollup`);
    kilobytes += Number(rollup?.match(/^Pss:\s+(\d+) kB/m)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** `undefined` where the process has ended. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
