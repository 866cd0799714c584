// Uses the package hard in headless Chromium and watches its memory: node soak_page.mjs '{"seconds":…,"clip":…}', or with
// `results`, a number of frames, in place of `seconds`. Prints an object with `memory_mb` for each look, one with `end` when
// it is over.

import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./browser.mjs";
import { canMeasure, rendererMegabytes } from "./processes.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const LOOKS = 120;
const MIN_PAUSE_MS = 500;

if (!canMeasure) throw new Error("memory can only be watched on Linux");
const { seconds, results, clip, workers } = JSON.parse(process.argv[2]);
const frames = readdirSync(clip)
  .filter((name) => name.endsWith(".jpg"))
  .sort();
const browser = await openBrowser({
  folders: {
    "/pages/": `${ROOT}/tests/bench/pages`,
    "/live-keypoints/": `${ROOT}/www/dist`,
    "/clip/": resolve(clip),
  },
});
try {
  const page = await browser.open();
  const begun = performance.now();
  let isOver = false;
  const run = page
    .evaluate(
      async (options) => (await import("/pages/soak.js")).run(options),
      { seconds, results, frames, workers },
    )
    .finally(() => (isOver = true));
  // Its failure is taken below; until then it must not count as unhandled.
  run.catch(() => {});
  const pause = Math.max(MIN_PAUSE_MS, ((seconds ?? 0) * 1000) / LOOKS);
  while (!isOver) {
    await Promise.race([run.catch(() => {}), page.waitForTimeout(pause)]);
    if (isOver) break;
    const counts = await page.evaluate(
      async () => (await import("/pages/soak.js")).counts,
    );
    const elapsed = (performance.now() - begun) / 1000;
    print({ seconds: elapsed, memory_mb: rendererMegabytes(), ...counts });
  }
  print({ end: await run });
} finally {
  await browser.close();
}

function print(object) {
  console.log(JSON.stringify(object));
}
