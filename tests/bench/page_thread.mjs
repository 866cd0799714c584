// How long the package keeps the page's own thread busy at a stretch: node page_thread.mjs '{"label":…,"clip":…,
// "frames":…,"workers":…}'. Prints one sample a line.

import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./browser.mjs";
import { traceTasks } from "./main_thread.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
/** Where fewer bodies are found, it is not the work that is meant. */
const MIN_FOUND = 0.9;

const { label, clip, frames, workers } = JSON.parse(process.argv[2]);
const names = readdirSync(clip)
  .filter((name) => name.endsWith(".jpg"))
  .sort()
  .slice(0, frames);
const browser = await openBrowser({
  folders: {
    "/pages/": `${ROOT}/tests/bench/pages`,
    "/live-keypoints/": `${ROOT}/www/dist`,
    "/clip/": resolve(clip),
  },
});
try {
  const page = await browser.open();
  await page.context().grantPermissions(["camera"]);
  const inPage = (name, argument) =>
    page.evaluate(
      async ([name, argument]) =>
        (await import("/pages/page-thread.js"))[name](argument),
      [name, argument],
    );
  const measure = async (what, name, argument) => {
    const traced = await traceTasks(page, () => inPage(name, argument));
    print(what, "longest_task_ms", traced.longestMs);
    print(what, "longest_task_cpu_ms", traced.longestCpuMs);
    return traced.result;
  };
  await inPage("load", names);
  await measure("start", "start", { workers });
  for (const [what, kind] of [
    ["JPEG in", "jpeg"],
    ["pixels in", "pixels"],
  ]) {
    const found = await measure(what, "push", kind);
    if (found < names.length * MIN_FOUND)
      throw new Error(`${what}: a body in ${found} of ${names.length} frames`);
  }
  const size = await measure("camera", "attach", names.length);
  if (size.join() !== "640,480") throw new Error(`the camera gives ${size}`);
  await inPage("close");
} finally {
  await browser.close();
}

function print(what, metric, value) {
  const sample = { suite: "page thread", subject: label, case: what };
  console.log(JSON.stringify({ ...sample, metric, value }));
}
