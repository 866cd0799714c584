// The guides: every block of code compiles, and the pages that they describe run.

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";

import { launch } from "../browser/browser.mjs";
import {
  blocksOf,
  readGuides,
  writeFiles,
  writeForCompiler,
} from "./guides.mjs";
import { install, runTool } from "./packed.mjs";
import { openFixture, serve } from "./site.mjs";
import { test } from "../limited.mjs";

let browser;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** What the guide's `train.py` made with PyTorch 2.15.0 of the clip `fingers`, whose hand is mirrored there. */
const MODEL = new URL("../fixtures/signs/guide.onnx", import.meta.url);

const packageIn = (folder) => join(folder, "node_modules/live-keypoints");

test("blocks of code are found with their names, in lists too", () => {
  const text =
    "a\n\n```js\none();\n```\n\n- b\n\n  ```ts two.ts\n  {\n    two();\n  }\n  ```\n";
  assert.deepEqual(blocksOf(text), [
    { language: "js", name: undefined, code: "one();\n", line: 3 },
    { language: "ts", name: "two.ts", code: "{\n  two();\n}\n", line: 9 },
  ]);
});

test("every block of code compiles", async () => {
  const folder = await install("guides");
  const guides = await readGuides(packageIn(folder));
  for (const guide of [
    "README",
    "react",
    "vue",
    "plain-page",
    "signs",
    "other-origins",
    "migration",
  ])
    assert.ok(guides.get(guide)?.length > 0, guide);
  assert.ok((await writeForCompiler(guides, folder)) > 10);
  for (const project of ["tsconfig.json", "tsconfig.javascript.json"]) {
    const { stdout } = await runTool("tsc", ["--project", project], {
      cwd: folder,
    }).catch((error) => ({ stdout: error.stdout || String(error) }));
    assert.equal(stdout, "");
  }
});

/** Before a page's own scripts: a camera that shows the picture of a person, and a count of what is drawn. */
function fakeCamera() {
  globalThis.strokes = 0;
  const { stroke } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.stroke = function (...path) {
    globalThis.strokes += 1;
    return stroke.apply(this, path);
  };
  globalThis.cameras = [];
  navigator.mediaDevices.getUserMedia = async () => {
    const response = await fetch("/frame.jpg");
    const picture = await createImageBitmap(await response.blob());
    const screen = document.createElement("canvas");
    [screen.width, screen.height] = [picture.width, picture.height];
    const paint = () => screen.getContext("2d").drawImage(picture, 0, 0);
    paint();
    setInterval(paint, 50);
    const camera = screen.captureStream(20);
    globalThis.cameras.push(camera);
    return camera;
  };
}

/** Opens a guide's page, waits until it draws keypoints, and runs `end` there. */
async function assertDraws(address, { start, end } = {}) {
  const { page, complaints, close } = await openFixture(browser, address, {
    init: fakeCamera,
  });
  try {
    await start?.(page);
    await page
      .waitForFunction(() => globalThis.strokes > 30, undefined, {
        timeout: 60_000,
      })
      .catch(async () => {
        const status = await page.textContent("[role=status]");
        assert.fail(`nothing was drawn; the page says: ${status}`);
      });
    await end?.(page);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
}

/** After the component is gone, no camera is on and no worker is left. */
async function assertUnmounts(page) {
  const isOn = () => cameras.filter(({ active }) => active).length;
  assert.equal(await page.evaluate(isOn), 1);
  await page.evaluate(() => unmount());
  assert.equal(await page.evaluate(isOn), 0);
  const ended = Date.now() + 10_000;
  while (page.workers().length > 0 && Date.now() < ended)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(page.workers().length, 0);
}

test("React, mounted twice by StrictMode, with the development server of Vite", async () => {
  const { createServer } = await import("vite");
  const folder = await install("guide-react");
  const guides = await readGuides(packageIn(folder));
  await writeFiles(guides.get("react"), folder);
  const server = await createServer({
    ...{ root: folder, logLevel: "error" },
    server: { host: "127.0.0.1", port: 0 },
  });
  await server.listen();
  try {
    const [address] = server.resolvedUrls.local;
    await assertDraws(address.replace(/\/$/, ""), { end: assertUnmounts });
  } finally {
    await server.close();
  }
});

test("Vue, built by Vite, under a strict policy", async () => {
  const { build } = await import("vite");
  const folder = await install("guide-vue");
  const guides = await readGuides(packageIn(folder));
  await writeFiles(guides.get("vue"), folder);
  await build({ root: folder, logLevel: "error" });
  const site = await serve(join(folder, "dist"));
  try {
    await assertDraws(site.address, { end: assertUnmounts });
  } finally {
    await site.close();
  }
});

test("the plain page, under a strict policy", async () => {
  const folder = await install("guides");
  const guides = await readGuides(packageIn(folder));
  const site = join(folder, "public");
  await writeFiles(guides.get("plain-page"), site);
  const dist = join(packageIn(folder), "dist");
  await cp(dist, join(site, "live-keypoints"), { recursive: true });
  const server = await serve(site);
  try {
    await assertDraws(server.address, {
      start: (page) => page.click("button"),
    });
  } finally {
    await server.close();
  }
});

test("signs by the guide's model and manifest, until nothing moves", async () => {
  const folder = await install("guides");
  const guides = await readGuides(packageIn(folder));
  const site = join(folder, "public");
  await writeFiles(guides.get("signs"), site);
  await cp(MODEL, join(site, "signs.onnx"));
  const dist = join(packageIn(folder), "dist");
  await cp(dist, join(site, "live-keypoints"), { recursive: true });
  const server = await serve(site);
  const { page, complaints, close } = await openFixture(
    browser,
    server.address,
    { init: fakeCamera },
  );
  try {
    await page.click("button");
    await page.waitForFunction(
      () => document.querySelector("[role=status]").textContent !== "",
      undefined,
      { timeout: 60_000 },
    );
    assert.equal(await page.textContent("[role=status]"), "Nothing moves.");
    assert.deepEqual(complaints, []);
  } finally {
    await close();
    await server.close();
  }
});
