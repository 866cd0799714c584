// Errors, and the version.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import {
  asLiveKeypointsError,
  codeOf,
  LiveKeypointsError,
} from "../build/errors.js";
import { VERSION } from "../build/version.js";
import { test } from "./limited.mjs";

const read = (path) => readFile(new URL(path, import.meta.url), "utf8");

test("the version is that of package and workspace", async () => {
  assert.equal(JSON.parse(await read("../package.json")).version, VERSION);
  const workspace = /\[workspace\.package\]\nversion = "([^"]+)"/.exec(
    await read("../../Cargo.toml"),
  );
  assert.equal(workspace[1], VERSION);
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
