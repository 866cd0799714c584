// A headless browser for the tests, and a page that counts as broken whatever the browser complains about.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

import { startServer } from "./server.mjs";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
];

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
];

/** The browser: `CHROMIUM` where it is set, otherwise the first one on the path. */
export function executable() {
  const path = process.env.CHROMIUM || findProgram(NAMES);
  if (!path)
    throw new Error("no Chromium found: install it, or name it in CHROMIUM");
  return path;
}

/** The first program on the path that has one of these names. */
export function findProgram(names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser alone, with these flags besides. */
export function launch(flags = []) {
  const args = [...FLAGS, ...flags];
  return chromium.launch({ executablePath: executable(), args });
}

/** A browser, with these flags besides, and a server for one file of tests. */
export async function openBrowser(flags) {
  const server = await startServer();
  const browser = await launch(flags);
  return {
    browser,
    server,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * A page in a fresh profile. `complaints` gathers uncaught errors, console errors and requests to other places; `check()`
 * asserts that there are none but those that match `expected`.
 */
export async function openPage(
  { browser, server },
  path,
  { expected = [], init, ...context } = {},
) {
  const profile = await browser.newContext(context);
  if (init) await profile.addInitScript(init);
  const page = await profile.newPage();
  const complaints = [];
  page.on("pageerror", (error) =>
    complaints.push(`uncaught: ${error.message}`),
  );
  page.on("console", (message) => {
    if (message.type() === "error")
      complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.address) && !url.startsWith("blob:"))
      complaints.push(`request to ${url}`);
  });
  await page.goto(server.address + path);
  return {
    page,
    close: () => profile.close(),
    unexpected: () =>
      complaints.filter(
        (text) => !expected.some((pattern) => pattern.test(text)),
      ),
  };
}

/**
 * Runs `body(harness, argument)` in a page that has nothing but the package, `path` where it needs another policy, and
 * fails on any complaint.
 */
export async function inPage(
  opened,
  body,
  argument,
  { path = "/pages/blank.html", ...options } = {},
) {
  const { page, close, unexpected } = await openPage(opened, path, options);
  try {
    const source = `import("/pages/harness.js").then((harness) => (${body})(harness, ${JSON.stringify(argument ?? null)}))`;
    const result = await page.evaluate(source);
    const complaints = unexpected();
    if (complaints.length > 0)
      throw new Error(`the page complained: ${complaints.join("; ")}`);
    return result;
  } finally {
    await close();
  }
}
