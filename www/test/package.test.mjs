import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { test } from "./limited.mjs";

const at = (path) => new URL(path, import.meta.url);
const manifest = JSON.parse(await readFile(at("../package.json"), "utf8"));

test("importing the package in Node touches nothing and lets the process end", async () => {
  const script = `
    for (const name of ["fetch", "Worker", "WebAssembly", "document", "navigator", "window"]) {
      Object.defineProperty(globalThis, name, { get() { throw new Error(name + " was touched"); }, configurable: true });
    }
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    const main = await import(${JSON.stringify(at("../build/index.js").href)});
    await import(${JSON.stringify(at("../build/draw.js").href)});
    await import(${JSON.stringify(at("../build/pose.js").href)});
    await import(${JSON.stringify(at("../build/signs.js").href)});
    await import(${JSON.stringify(at("../build/tasks.js").href)});
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    console.log(JSON.stringify({ added, create: typeof main.LiveKeypoints.create }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    script,
  ]);
  assert.deepEqual(JSON.parse(stdout), { added: [], create: "function" });
});

test("types stand first in every condition, and every entry has been built", async () => {
  for (const [path, entry] of Object.entries(manifest.exports)) {
    if (typeof entry === "string") continue;
    assert.equal(Object.keys(entry)[0], "types", path);
    for (const file of Object.values(entry)) await readFile(at(`../${file}`));
  }
  assert.deepEqual(manifest.sideEffects, [
    manifest.exports["./worker"].default,
    "./dist/capture/worker.js",
    "./dist/wasm/signs/worker.js",
  ]);
  for (const file of manifest.sideEffects) await readFile(at(`../${file}`));
});

/** The files of the built package, but not what was generated with the modules. */
async function built(ending) {
  const all = await readdir(at("../dist"), { recursive: true });
  return all.filter((name) => name.endsWith(ending) && !/^wasm/.test(name));
}

test("public types speak of no generated bindings, which a consumer's compiler may not find", async () => {
  for (const file of await built(".d.ts")) {
    assert.doesNotMatch(
      await readFile(at(`../dist/${file}`), "utf8"),
      /["'(]\.\.?\/wasm\//,
      file,
    );
  }
});

test("the package names no address outside itself", async () => {
  for (const file of await built(".js")) {
    assert.doesNotMatch(
      await readFile(at(`../dist/${file}`), "utf8"),
      /https?:\/\//,
      file,
    );
  }
});

test("the demo's policy allows its import map by digest, and nothing from elsewhere", async () => {
  const page = await readFile(at("../demo/index.html"), "utf8");
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(page)[1];
  const digest = createHash("sha256").update(map).digest("base64");
  assert.ok(
    page.includes(`'sha256-${digest}'`),
    `the digest of the import map is sha256-${digest}`,
  );
  assert.deepEqual(JSON.parse(map).imports, {
    "live-keypoints": "./live-keypoints/index.js",
    "live-keypoints/draw": "./live-keypoints/draw.js",
    "live-keypoints/pose": "./live-keypoints/pose.js",
    "live-keypoints/signs": "./live-keypoints/signs.js",
  });
  assert.doesNotMatch(
    page,
    /https?:|unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|style="/,
  );
});
