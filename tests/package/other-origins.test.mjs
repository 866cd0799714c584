// The guide to pages that may not start the worker by themselves: its pages and its extension run, word for word.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";

import { chromium } from "playwright-core";

import { executable, FLAGS, launch } from "../browser/browser.mjs";
import { readGuides, writeFiles } from "./guides.mjs";
import { install } from "./packed.mjs";
import { serveUnder } from "./site.mjs";
import { test } from "../limited.mjs";

const NO_ICON = '<head><link rel="icon" href="data:," />';

let browser;
let dist;
let blocks;
/** The guide's files, and the picture. */
let site;

before(async () => {
  browser = await launch();
  const folder = await install("guides");
  dist = join(folder, "node_modules/live-keypoints/dist");
  blocks = (await readGuides(join(dist, ".."))).get("other-origins");
  site = join(folder, "public");
  await writeFiles(blocks, site);
});
after(() => browser.close());

const file = (name) => blocks.find((block) => block.name === name).code;

/** Serves the guide's files under the headers, and `live-keypoints/` with them. */
async function serveSite(headers, changes = {}) {
  await cp(dist, join(site, "live-keypoints"), { recursive: true });
  for (const [name, text] of Object.entries(changes))
    await writeFile(join(site, name), text);
  return serveUnder(() => headers, site);
}

/** Opens a page, and waits until it has found somebody in the picture. */
async function assertFinds(context, address) {
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(address);
  const status = page.locator("[role=status]:not(:empty)");
  const text = await status
    .textContent({ timeout: 60_000 })
    .catch((error) => assert.fail(`${error.message}: ${complaints}`));
  assert.equal(text, "Somebody is in the picture.");
  assert.deepEqual(complaints, []);
  await page.close();
}

test("the whole package from another origin, under the policy that the guide names", async () => {
  const cors = { "access-control-allow-origin": "*" };
  const cdn = await serveUnder(() => cors, join(dist, ".."));
  const policy = blocks
    .find(({ language }) => language === "text")
    .code.replace(/^.*?: /, "")
    .trim()
    .replaceAll("https://cdn.example", cdn.address);
  const script = file("cdn.js").replace(
    "https://cdn.example/live-keypoints@0.1.0",
    cdn.address,
  );
  assert.notEqual(script, file("cdn.js"));
  const page = file("cdn.html").replace("<head>", NO_ICON);
  const server = await serveSite(
    { "content-security-policy": `${policy} data:` },
    { "cdn.js": script, "cdn.html": page },
  );
  try {
    await assertFinds(browser, `${server.address}/cdn.html`);
    assert.ok(cdn.requests.includes("/dist/worker.js"));
    assert.ok(
      !server.requests.some((path) => path.includes("live-keypoints/")),
    );
  } finally {
    await server.close();
    await cdn.close();
  }
});

test("a page under Trusted Types", async () => {
  const page = file("trusted-types.html").replace("<head>", NO_ICON);
  assert.match(page, /require-trusted-types-for 'script'/);
  const server = await serveSite({}, { "trusted-types.html": page });
  try {
    await assertFinds(browser, `${server.address}/trusted-types.html`);
  } finally {
    await server.close();
  }
});

test("the content script of an extension, in a page that knows nothing of the package", async () => {
  const folder = await mkdtemp(join(tmpdir(), "live-keypoints-extension-"));
  const extension = join(folder, "extension");
  await mkdir(extension);
  for (const name of ["manifest.json", "content.js"])
    await writeFile(join(extension, name), file(name));
  await cp(dist, join(extension, "live-keypoints"), { recursive: true });
  const page = file("cdn.html")
    .replace("<head>", NO_ICON)
    .replace(/<script.*<\/script>/, "");
  assert.doesNotMatch(page, /<script/);
  await writeFile(join(site, "page.html"), page);
  const server = await serveUnder(() => ({}), site);
  // Extensions need a profile on disk, and the headless mode that is a whole browser.
  const context = await chromium.launchPersistentContext(
    join(folder, "profile"),
    {
      executablePath: executable(),
      headless: false,
      args: [
        ...FLAGS,
        "--headless=new",
        `--disable-extensions-except=${extension}`,
        `--load-extension=${extension}`,
      ],
    },
  );
  try {
    await assertFinds(context, `${server.address}/page.html`);
    assert.ok(
      !server.requests.some((path) => path.includes("live-keypoints/")),
    );
  } finally {
    await context.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
