// A static server for the built package and the demo, under the content security policy that the package promises to
// work with. Run by itself it serves until it is stopped: node server.mjs [PORT]

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");

/** Where each part of the site lies; the first folder that has the file gives it. */
const FOLDERS = [
  ["/live-keypoints/", join(ROOT, "www/dist")],
  ["/next/live-keypoints/", join(ROOT, "www/dist")],
  ["/clips/", process.env.CLIPS ?? join(ROOT, "tests/fixtures/clips")],
  ["/images/", join(ROOT, "tests/fixtures/images")],
  ["/signs/", join(ROOT, "tests/fixtures/signs")],
  ["/pages/", join(ROOT, "tests/browser/pages")],
  ["/rivals/", join(ROOT, "target/rivals")],
  ["/tasks-vision/", join(ROOT, "tests/node_modules/@mediapipe/tasks-vision")],
  ["/", join(ROOT, "www/demo")],
  ["/", join(ROOT, "www/demo-dist")],
];

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".onnx": "application/octet-stream",
};

/**
 * Starts on a free port. `answers` maps paths to `{ status, type, body, policy }`, for answers that no file gives;
 * `requests` lists the paths that were asked for. Of `line`, `pieces` and `pauseMs` make modules and models arrive slowly,
 * `stalls` has the paths whose next answer, or with `Infinity` every answer, stops after a thousand bytes, and `headers` go
 * with every file.
 */
export async function startServer({ port = 0, answers = new Map() } = {}) {
  const requests = [];
  const line = { pieces: 1, pauseMs: 0, stalls: new Map(), headers: {} };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(
      new URL(request.url, "http://localhost").pathname,
    );
    requests.push(path);
    answer(path, answers, line, response).catch((error) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    answers,
    requests,
    line,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(path, answers, line, response) {
  const given = answers.get(path);
  if (given) {
    response.writeHead(given.status ?? 200, {
      "content-type": given.type,
      "content-security-policy": given.policy ?? policy(),
    });
    response.end(given.body);
    return;
  }
  const file = await find(path === "/" ? "/index.html" : path);
  if (!file) {
    response.writeHead(404, { "content-type": "text/plain" });
    response.end("not found");
    return;
  }
  const html = file.path.endsWith(".html")
    ? await readFile(file.path, "utf8")
    : undefined;
  response.writeHead(200, {
    "content-type": TYPES[extname(file.path)] ?? "application/octet-stream",
    "content-length": file.size,
    "cache-control": "no-cache",
    "content-security-policy": policy(html),
    ...line.headers,
  });
  const stalls = line.stalls.get(path) ?? 0;
  line.stalls.set(path, stalls - 1);
  if (stalls > 0)
    return createReadStream(file.path, { end: 999 }).pipe(response, {
      end: false,
    });
  if (line.pieces === 1 || !/\.(wasm|onnx)$/.test(path))
    return createReadStream(file.path).pipe(response);
  const body = await readFile(file.path);
  const length = Math.ceil(body.length / line.pieces);
  for (let at = 0; at < body.length && !response.destroyed; at += length) {
    response.write(body.subarray(at, at + length));
    await pause(line.pauseMs);
  }
  response.end();
}

async function find(path) {
  for (const [prefix, folder] of FOLDERS) {
    if (!path.startsWith(prefix)) continue;
    const file = normalize(join(folder, path.slice(prefix.length)));
    if (!file.startsWith(folder)) continue;
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return { path: file, size: found.size };
  }
  return undefined;
}

/** The policy; a page's own import map, which has to stand in the page, is allowed by its digest. */
function policy(html) {
  const map = html?.match(/<script type="importmap">(.*?)<\/script>/s)?.[1];
  const digest =
    map && ` 'sha256-${createHash("sha256").update(map).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval'${digest ?? ""}`,
    "worker-src 'self'",
    "connect-src 'self'",
    "img-src 'self' blob:",
    "style-src 'self'",
    // The demo, which has an import map, plays files of the visitor's.
    ...(map ? ["media-src blob:"] : []),
  ].join("; ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await startServer({ port: Number(process.argv[2] ?? 0) });
  console.log(address);
}
