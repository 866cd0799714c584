// The tarball itself: what is in it, how large it is, and what the linters of packages say.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { publint } from "publint";

import { install, pack, publishForTrial, runTool } from "./packed.mjs";
import { test } from "../limited.mjs";

const MOST_BYTES = 30e6;

test("it holds what it needs and nothing else, and stays under 30 MB", async () => {
  const { about } = await pack();
  assert.ok(about.size < MOST_BYTES, `${about.size} bytes`);
  const paths = about.files.map(({ path }) => path);
  for (const needed of [
    ...["package.json", "README.md", "dist/index.js", "dist/index.d.ts"],
    ...["dist/worker.js", "dist/capture/worker.js", "dist/draw.js"],
    ...["dist/pose.js", "dist/tasks.js"],
    ...["dist/LICENSE-MIT", "dist/LICENSE-APACHE", "dist/NOTICE"],
    ...["dist/THIRD-PARTY.txt", "dist/CHANGELOG.md", "docs/migration.md"],
    "dist/wasm/session/session_bg.wasm",
    "dist/wasm/inference/inference_bg.wasm",
    "dist/wasm/inference/inference_relaxed_bg.wasm",
    "dist/wasm/relay/relay_bg.wasm",
    "dist/wasm/signs/signs_bg.wasm",
    "dist/wasm/signs/worker.js",
    "dist/signs.schema.json",
    "dist/models/pose_detection.onnx",
  ])
    assert.ok(paths.includes(needed), needed);
  for (const path of paths)
    assert.match(
      path,
      /^(package\.json|README\.md|docs\/[\w-]+\.md|dist\/.*(\.js|\.d\.ts|\.wasm|\.onnx|signs\.schema\.json|LICENSE-\w+|NOTICE|THIRD-PARTY\.txt|CHANGELOG\.md))$/,
    );
});

test("npm would publish it without a warning", async () => {
  const { stderr } = await publishForTrial();
  const warnings = stderr
    .split("\n")
    .filter((line) => /^npm (warn|error)/i.test(line))
    // Of the machine's own settings, and of nobody being logged in here.
    .filter((line) => !/Unknown \w+ config|to be logged in/.test(line));
  assert.deepEqual(warnings, []);
});

test("publint has nothing to say", async () => {
  const folder = await install("types");
  const { messages } = await publint({
    pkgDir: join(folder, "node_modules/live-keypoints"),
    strict: true,
  });
  assert.deepEqual(messages, []);
});

test("its types are right for every way of resolving, also those that know no exports", async () => {
  const { tarball } = await pack();
  // Its exit status is the verdict. The package is ES modules only, and assets have no types.
  const { stdout } = await runTool("attw", [
    ...[tarball, "--profile", "strict", "--no-color", "--no-emoji"],
    ...["--ignore-rules", "cjs-resolves-to-esm"],
    ...["--exclude-entrypoints", "wasm/*", "models/*", "signs.schema.json"],
  ]).catch((error) => assert.fail(error.stdout || error));
  assert.match(stdout, /live-keypoints\/draw/);
});

for (const [compiler, resolutions] of [
  ["typescript", ["bundler", "node16"]],
  // Later compilers have no `node10` any more.
  ["typescript-5", ["bundler", "node16", "node10"]],
]) {
  for (const resolution of resolutions) {
    test(`a strict application compiles: ${compiler}, ${resolution}`, async () => {
      const folder = await install("types");
      const at = new URL(
        `../node_modules/${compiler}/package.json`,
        import.meta.url,
      );
      const { bin, version } = JSON.parse(await readFile(at, "utf8"));
      const project = ["--project", `tsconfig.${resolution}.json`];
      const { stdout } = await runTool(`../${compiler}/${bin.tsc}`, project, {
        cwd: folder,
      }).catch((error) => ({ stdout: error.stdout || String(error) }));
      assert.equal(stdout, "", version);
    });
  }
}
