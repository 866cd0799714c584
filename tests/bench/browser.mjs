// A browser for a subject of the benchmark, with a profile on disk as a user's has, so that what was fetched and compiled
// once is kept.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { executable, FLAGS } from "../browser/browser.mjs";
import { startSite } from "./site.mjs";

/** No name is looked up and nothing but this machine reached. Playwright's `route` would do it too, but switches caches off. */
const NO_NETWORK = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
/** WebGL without a graphics card, for who cannot do without. */
const WEBGL_FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/**
 * A browser and a site that has only the `folders`; nothing outside it can be reached. `open()` gives a page, `close()`
 * ends everything.
 */
export async function openBrowser({ folders, webgl = false }) {
  const site = await startSite(folders);
  const profile = await mkdtemp(join(tmpdir(), "live-keypoints-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable(),
    headless: true,
    args: [...FLAGS, ...NO_NETWORK, ...(webgl ? WEBGL_FLAGS : [])],
  });
  const outside = [];
  context.on("request", (request) => {
    const { protocol, origin, href } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== site.address)
      outside.push(href);
  });
  return {
    outside,
    version: context.browser()?.version(),
    open: async () => {
      const page = await context.newPage();
      page.on("pageerror", ({ message }) => console.error(message));
      await page.goto(`${site.address}/pages/blank.html`);
      return page;
    },
    close: async () => {
      await context.close();
      await site.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
