// The demo page as its tests use it.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { openPage } from "./browser.mjs";

export const LAPTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
};

/** Runs `use(page)` on the demo, and fails on any complaint of the browser that is not expected. */
export const demoIn = (opened) => async (address, options, use) => {
  const { page, close, unexpected } = await openPage(opened, address, options);
  try {
    await use(page);
    assert.deepEqual(unexpected(), []);
  } finally {
    await close();
  }
};

/** Waits for so many results since the page was opened. */
export const results = (page, count) =>
  page.waitForFunction((count) => demo.results >= count, count);
export const isLoaded = (page) =>
  page.waitForFunction(() => demo.state !== "loading");

/** Waits until all frames in work have been drawn. */
export async function pause(page) {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForFunction(
    () => demo.live.stats().buffered + demo.live.stats().inFlight === 0,
  );
}

/** The canvas's colour at a landmark of the result that is drawn, red, green, blue. */
export function colorAt(page, part, point, stride) {
  return page.evaluate(
    ([part, point, stride]) => {
      const canvas = document.querySelector("canvas");
      const at = demo.last[part].slice(point * stride);
      const [x, y] = [
        Math.round(at[0] * canvas.width),
        Math.round(at[1] * canvas.height),
      ];
      return [
        ...canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3),
      ];
    },
    [part, point, stride],
  );
}

/** By how many pixels the page is wider than the window. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** Written where `SCREENSHOTS` says. */
export async function screenshot(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
