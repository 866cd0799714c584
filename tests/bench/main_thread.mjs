// What the thread of a page did, from the browser's own trace, to the microsecond; observers in the page know of tasks
// of 50 ms and more only.

/** What the trace must hold: the tasks of every thread, and the marks of pages. */
const CATEGORIES = ["toplevel", "blink.user_timing"];

/**
 * Traces `work`, which sets the marks "counted begins" and "counted ends" in the page: the longest task of the page's
 * thread between them, as it lasted and in processor time, and their number. Tasks around the marks themselves are left
 * out.
 */
export async function traceTasks(page, work) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES },
  });
  let result;
  try {
    result = await work();
  } finally {
    const complete = new Promise((resolve) =>
      session.once("Tracing.tracingComplete", resolve),
    );
    await session.send("Tracing.end");
    await complete;
    await session.detach();
  }
  return { result, ...longestOf(events) };
}

/** Of the events of a trace, times in microseconds. */
export function longestOf(events) {
  const mark = (name) => {
    const found = events.find(
      (event) => event.name === name && /user_timing/.test(event.cat),
    );
    if (!found) throw new Error(`the trace has no mark "${name}"`);
    return found;
  };
  const begin = mark("counted begins");
  const end = mark("counted ends");
  const tasks = events.filter(
    ({ name, ph, pid, tid, ts, dur }) =>
      ph === "X" &&
      name.endsWith("RunTask") &&
      [pid, tid].join() === [begin.pid, begin.tid].join() &&
      ts > begin.ts &&
      ts + dur < end.ts,
  );
  if (tasks.length === 0) throw new Error("the trace has no task");
  const longest = (key) =>
    Math.max(...tasks.map((task) => (task[key] ?? 0) / 1000));
  return {
    tasks: tasks.length,
    longestMs: longest("dur"),
    longestCpuMs: longest("tdur"),
  };
}
