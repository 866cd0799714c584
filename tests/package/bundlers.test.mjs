// The packed tarball in the stacks that pages are built with.

import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before } from "node:test";

import { launch } from "../browser/browser.mjs";
import { filesOf, install, runTool } from "./packed.mjs";
import { resultOf, serve, serveWith } from "./site.mjs";
import { test } from "../limited.mjs";

let browser;
/** What the page without a bundler found, which every other must find too. */
let plain;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

function assertFound({ result, complaints }) {
  assert.deepEqual(complaints, []);
  assert.equal(result?.error, undefined);
  assert.equal(result?.points, 33);
  assert.equal(result.workers, 2);
  assert.ok(result.isDrawn);
  assert.deepEqual(result.socket, [
    ...["connection-lost", "there is no relay here"],
    ["wss://relay.example/live-signs", ["live-keypoints.v1"]],
  ]);
  assert.deepEqual(result.signs, []);
  plain ??= result;
  assert.deepEqual(result, plain);
}

/** Serves folders and runs the page there. */
async function assertRuns(...folders) {
  const site = await serve(...folders);
  try {
    assertFound(await resultOf(browser, site.address));
  } finally {
    await site.close();
  }
  return site.requests;
}

test("no bundler: an import map is enough, and nothing is asked for but the package's own files", async () => {
  const folder = await install("no-bundler");
  const requests = await assertRuns(folder, join(folder, "public"));
  const own = ["/", "/app.js", "/frame.jpg"];
  for (const path of requests)
    assert.ok(
      own.includes(path) || path.startsWith("/node_modules/live-keypoints/"),
      path,
    );
});

test("Vite, built", async () => {
  const { build } = await import("vite");
  const folder = await install("vite");
  await build({ root: folder, logLevel: "error" });
  await assertRuns(join(folder, "dist"));
});

test("Vite, development server", async () => {
  const { createServer } = await import("vite");
  const folder = await install("vite");
  const server = await createServer({
    ...{ root: folder, logLevel: "error" },
    server: { host: "127.0.0.1", port: 0 },
  });
  await server.listen();
  try {
    const [address] = server.resolvedUrls.local;
    assertFound(await resultOf(browser, address.replace(/\/$/, "")));
  } finally {
    await server.close();
  }
});

test("webpack 5", async () => {
  const { default: webpack } = await import("webpack");
  const folder = await install("webpack");
  const stats = await new Promise((resolve, reject) =>
    webpack(
      {
        ...{ mode: "production", context: folder, entry: "./app.js" },
        output: { path: join(folder, "dist"), filename: "main.js" },
        performance: { hints: false },
      },
      (error, stats) => (error ? reject(error) : resolve(stats)),
    ),
  );
  const { errors, warnings } = stats.toJson();
  assert.deepEqual([errors, warnings], [[], []]);
  await assertRuns(join(folder, "dist"), folder, join(folder, "public"));
});

test("Parcel, as it is without any configuration", async () => {
  const folder = await install("parcel");
  await runTool(
    "parcel",
    ["build", "index.html", "--no-cache", "--no-source-maps"],
    { cwd: folder },
  ).catch((error) => assert.fail(error.stderr || error.stdout || error));
  await assertRuns(join(folder, "dist"), join(folder, "public"));
});

test("esbuild, with the package's files beside the page", async () => {
  const { build } = await import("esbuild");
  const folder = await install("esbuild");
  const { warnings } = await build({
    ...{ absWorkingDir: folder, entryPoints: ["app-with-options.js"] },
    ...{ bundle: true, minify: true, format: "esm", logLevel: "silent" },
    outfile: join(folder, "dist/main.js"),
  });
  assert.deepEqual(warnings, []);
  await cp(
    join(folder, "node_modules/live-keypoints/dist"),
    join(folder, "dist/live-keypoints"),
    { recursive: true },
  );
  await assertRuns(join(folder, "dist"), folder, join(folder, "public"));
});

test("rendered on a server: built for it, imported there without a browser, and run in the page", async () => {
  const { build } = await import("vite");
  const folder = await install("server");
  await cp(
    new URL("fixtures/vite/index.html", import.meta.url),
    join(folder, "index.html"),
  );
  const quiet = { root: folder, logLevel: "error" };
  await build({ ...quiet, build: { outDir: "dist/client" } });
  await build({
    ...quiet,
    build: { outDir: "dist/server", ssr: "entry-server.js" },
    // Bundled with the server's own code, as well as left in node_modules.
    ssr: { noExternal: ["live-keypoints"] },
  });
  for (const entry of ["dist/server/entry-server.js", "entry-server.js"]) {
    const { render } = await import(pathToFileURL(join(folder, entry)).href);
    const html = render();
    assert.match(html, /\d+\.\d+\.\d+ function,function 21/);
    const page = join(folder, "dist/client/index.html");
    const text = await readFile(page, "utf8");
    await writeFile(page, text.replace("<canvas", `${html}<canvas`));
  }
  await assertRuns(join(folder, "dist/client"));
});

test("Next.js: built, rendered on its server without a browser, and run in the page", async () => {
  const folder = await install("next");
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  await runTool("next", ["build"], { cwd: folder, env });
  Object.assign(process.env, { NEXT_TELEMETRY_DISABLED: "1" });
  const { default: next } = await import("next");
  const app = next({ dev: false, dir: folder, quiet: true });
  await app.prepare();
  // Next.js writes scripts into its pages.
  const site = await serveWith(app.getRequestHandler(), "'unsafe-inline'");
  try {
    const html = await (await fetch(site.address)).text();
    assert.match(html, /<p>21 points<\/p>/);
    assert.match(html, /<p>\d+\.\d+\.\d+ function,function<\/p>/);
    assertFound(await resultOf(browser, site.address));
  } finally {
    await site.close();
    await app.close();
  }
});

test("a bundler takes each model along once, and no file that nobody asks for", async () => {
  const { build } = await import("vite");
  const folder = await install("vite");
  await build({ root: folder, logLevel: "error" });
  const files = await filesOf(join(folder, "dist"));
  assert.equal(files.filter((file) => file.endsWith(".onnx")).length, 11);
  assert.equal(files.filter((file) => /worker.*\.js$/.test(file)).length, 3);
});
