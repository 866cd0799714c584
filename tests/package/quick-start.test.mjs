// The first lines that a reader copies, as they stand in the packed README.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";

import { launch } from "../browser/browser.mjs";
import { install } from "./packed.mjs";
import { openFixture, serve } from "./site.mjs";
import { test } from "../limited.mjs";

let browser;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("the README's quick start draws keypoints over the video", async () => {
  const folder = await install("quick-start");
  const readme = await readFile(
    join(folder, "node_modules/live-keypoints/README.md"),
    "utf8",
  );
  const code = /```js\n(.*?)```/s.exec(readme)[1];
  assert.ok(code.split("\n").length <= 16, "it is short");
  await writeFile(join(folder, "quick-start.js"), code);
  const site = await serve(folder, join(folder, "public"));
  const { page, complaints, close } = await openFixture(browser, site.address);
  try {
    await page.waitForFunction(() => globalThis.strokes > 30);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
    await site.close();
  }
});
