// What this package and the pipeline must say with the same words.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import {
  asLiveKeypointsError,
  codeOf,
  ERROR_CODES,
  LiveKeypointsError,
} from "../build/errors.js";
import { VERSION } from "../build/version.js";
import { test } from "./limited.mjs";

const read = (path) => readFile(new URL(path, import.meta.url), "utf8");

test("the error codes are the pipeline's, in its order", async () => {
  const source = await read("../../crates/pipeline/src/error.rs");
  const list = /error_codes! \{\n(.*?)\n\}/s.exec(source)[1];
  const words = [...list.matchAll(/^\s*[A-Z]\w* = "([a-z-]+)",$/gm)].map(
    ([, word]) => word,
  );
  assert.ok(words.length > 20, "the list was found");
  assert.deepEqual([...ERROR_CODES], words);
});

test("the version is that of package and workspace", async () => {
  assert.equal(JSON.parse(await read("../package.json")).version, VERSION);
  const workspace = /\[workspace\.package\]\nversion = "([^"]+)"/.exec(
    await read("../../Cargo.toml"),
  );
  assert.equal(workspace[1], VERSION);
});

test("the reasons for missing parts are the pipeline's", async () => {
  const source = await read("../../crates/pipeline/src/keypoints.rs");
  const words = [...source.matchAll(/Self::\w+ => "([a-z-]+)"/g)].map(
    ([, word]) => word,
  );
  const typings = /export type MissingReason = ([^;]+);/.exec(
    await read("../dist/keypoints.d.ts"),
  )[1];
  assert.deepEqual(
    [...typings.matchAll(/"([a-z-]+)"/g)].map(([, word]) => word),
    words,
  );
});

test("errors keep the code that they bring, and get one where they bring none", () => {
  const brought = asLiveKeypointsError(
    Object.assign(new Error("no"), { code: "busy" }),
    "internal",
  );
  assert.deepEqual(
    [brought.code, brought.message, brought.name],
    ["busy", "no", "LiveKeypointsError"],
  );
  assert.equal(asLiveKeypointsError("a text", "internal").message, "a text");
  assert.equal(asLiveKeypointsError(brought, "internal"), brought);
  assert.equal(codeOf(Object.assign(new Error(), { code: 11 })), undefined);
  assert.ok(!("index" in new LiveKeypointsError("closed", "")));
  assert.equal(new LiveKeypointsError("busy", "", { index: 0 }).index, 0);
});
