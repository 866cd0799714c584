// A static server for the benchmark. Unlike the tests' server it lets the browser keep what it fetched, as a real page's
// server would, and promises no policy: the rivals need more than this package does.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
};

/** Serves each folder under its path, `folders: { "/clip/": "/some/folder" }`, on a free port of this machine. */
export async function startSite(folders) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    answer(folders, decodeURIComponent(pathname), response).catch((error) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(folders, path, response) {
  const file = await find(folders, path);
  if (!file) {
    response.writeHead(404, { "content-type": "text/plain" });
    response.end("not found");
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(file.path)] ?? "application/octet-stream",
    "content-length": file.size,
    "cache-control": "max-age=3600",
    "last-modified": file.modified.toUTCString(),
  });
  createReadStream(file.path).pipe(response);
}

async function find(folders, path) {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (!path.startsWith(prefix)) continue;
    const file = normalize(join(folder, path.slice(prefix.length)));
    if (!file.startsWith(normalize(folder + sep))) continue;
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile())
      return { path: file, size: found.size, modified: found.mtime };
  }
  return undefined;
}
