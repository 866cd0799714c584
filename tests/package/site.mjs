// A plain file server for built fixtures, under a strict policy, and the page that runs one.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
};

/** Serves folders, the first that has the file; `requests` lists the paths asked for. */
export function serve(...folders) {
  return serveUnder(
    (path, body) => ({ "content-security-policy": policyOf(path, body) }),
    ...folders,
  );
}

/** The same, with the headers that `headersOf(path, body)` gives. */
export async function serveUnder(headersOf, ...folders) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    requests.push(pathname);
    const path = normalize(pathname === "/" ? "/index.html" : pathname);
    for (const folder of folders) {
      const body = await readFile(join(folder, path)).catch(() => undefined);
      if (body === undefined) continue;
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        ...headersOf(path, body),
      });
      return response.end(body);
    }
    response.writeHead(404).end();
  });
  return { ...(await listen(server)), requests };
}

/** Serves what a framework's own handler answers, under the same policy with one more source of scripts. */
export function serveWith(handle, scripts) {
  const server = createServer((request, response) => {
    response.setHeader("content-security-policy", policy(scripts));
    handle(request, response);
  });
  return listen(server);
}

async function listen(server) {
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** The policy of a file; an import map, which stands in the page, is allowed by its digest. */
function policyOf(path, body) {
  const map =
    path.endsWith(".html") &&
    /<script type="?importmap"?>(.*?)<\/script>/s.exec(body)?.[1];
  return policy(
    map
      ? `'sha256-${createHash("sha256").update(map).digest("base64")}'`
      : undefined,
  );
}

/** Nothing but the site's own files, and no evaluation but of WebAssembly. */
function policy(scripts = "") {
  return `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${scripts}; worker-src 'self'; connect-src 'self'; img-src data:`;
}

/**
 * Opens a page; `complaints` gathers what the browser says about it, and requests to anywhere else. `init` runs in it
 * before its own scripts.
 */
export async function openFixture(browser, address, { init } = {}) {
  const context = await browser.newContext();
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(blob|data):/.test(url))
      complaints.push(`request to ${url}`);
  });
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}

/** Opens a fixture and gives what it found. */
export async function resultOf(browser, address) {
  const { page, complaints, close } = await openFixture(browser, address);
  try {
    await page
      .waitForFunction(() => globalThis.result, undefined, { timeout: 60_000 })
      .catch(() => {});
    const result = await page.evaluate(() => globalThis.result);
    return { result, complaints };
  } finally {
    await close();
  }
}
