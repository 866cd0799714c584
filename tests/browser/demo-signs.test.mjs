// The demo's tab "Signs": taught by what the clip shows, and by a manifest.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { openBrowser } from "./browser.mjs";
import {
  demoIn,
  LAPTOP,
  overflow,
  PHONE,
  results,
  screenshot,
} from "./demo-page.mjs";
import { test } from "../limited.mjs";

const ADDRESS = "/?workers=2&parts=pose,hands&quality=lite";
const MODEL = fileURLToPath(
  new URL("../fixtures/signs/presence.onnx", import.meta.url),
);
/** Whether there is a left hand. */
const MANIFEST = {
  ...{ version: 1, model: "presence.onnx", softmax: true },
  labels: [{ gloss: "hand" }, "nobody"],
  features: {
    parts: [
      {
        ...{ part: "left_hand", points: ["wrist"] },
        ...{ values: ["x", "y"], missing: -1 },
      },
    ],
  },
  window: { least: 1, most: 3, padding: "none" },
  acceptance: { history: 1, agreement: 1 },
};

let opened;
let onDemo;

before(async () => {
  opened = await openBrowser();
  onDemo = demoIn(opened);
});
after(() => opened.close());

const showTab = (page) =>
  page
    .getByRole("radio", { name: "Signs", exact: true })
    .check({ force: true });
const told = (page, words) =>
  page.locator("#sign-told", { hasText: words }).waitFor();
const hint = (page, words) =>
  page.locator("#sign-hint", { hasText: words }).waitFor();
const button = (page, name) => page.getByRole("button", { name });

for (const [name, device] of [
  ["laptop", LAPTOP],
  ["phone", PHONE],
])
  test(`on a ${name}, three examples of a gesture are recorded, it is recognised, saved, forgotten and loaded`, async () => {
    await onDemo(ADDRESS, device, async (page) => {
      await results(page, 1);
      await showTab(page);
      await page.getByLabel("Sign", { exact: true }).fill("fingers");
      for (const words of ["1 of 3", "2 of 3", "show it once more"]) {
        await button(page, "Record example").click();
        await button(page, /^End after (1[2-9]|[2-9]\d) frames$/).click();
        await hint(page, words);
      }
      await told(page, /^fingers, \d+ %$/);
      assert.equal(await overflow(page), 0);
      await screenshot(page, `signs-${name}`);
      const saving = page.waitForEvent("download");
      await button(page, "Save examples").click();
      const file = await (await saving).path();
      await button(page, "Forget fingers").click();
      assert.equal(await page.locator("#sign-list li").count(), 0);
      assert.ok(await button(page, "Save examples").isDisabled());
      await page.locator("#sign-files").setInputFiles({
        ...{ name: "mine.json", mimeType: "application/json" },
        buffer: await readFile(file),
      });
      await page.getByText("fingers × 3").waitFor();
    });
  });

test("a manifest with its model is loaded, and a wrong one is told and changes nothing", async () => {
  await onDemo(ADDRESS, LAPTOP, async (page) => {
    await results(page, 1);
    await showTab(page);
    await button(page, "Record example").waitFor();
    const load = async (manifest, ...others) =>
      page.locator("#sign-files").setInputFiles([
        {
          ...{ name: "signs.json", mimeType: "application/json" },
          buffer: Buffer.from(JSON.stringify(manifest)),
        },
        ...others,
      ]);
    const model = {
      ...{ name: "presence.onnx", mimeType: "application/octet-stream" },
      buffer: await readFile(MODEL),
    };
    await load({ ...MANIFEST, version: 2 }, model);
    await hint(page, /version must be 1, not 2/);
    await load(MANIFEST);
    await hint(page, /presence\.onnx/);
    await load(MANIFEST, model);
    await told(page, /^(\{"gloss":"hand"\}|nobody), \d+ %$/);
    assert.ok(await button(page, "Record example").isDisabled());
    assert.deepEqual(await page.locator("#sign-list li").allTextContents(), [
      '{"gloss":"hand"}',
      "nobody",
    ]);
  });
});
