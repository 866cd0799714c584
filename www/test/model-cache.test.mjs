import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";

import { ModelCache, sha256 } from "../build/model-cache.js";
import { MODEL_SHA256 } from "../build/model-digests.js";

const URL_OF_MODEL = "https://page.example/models/a.onnx?x=1#y";
const FILE = new TextEncoder().encode("a model");
const DIGEST = await sha256(FILE);

afterEach(() => delete globalThis.caches);

/** Cache Storage as far as it is used. */
function storage({ put = () => {} } = {}) {
  const kept = new Map();
  const cache = {
    match: async (key) => kept.get(key)?.clone(),
    put: async (key, response) => {
      put();
      kept.set(key, response);
    },
    delete: async (key) => kept.delete(key),
    keys: async () => [...kept.keys()].map((url) => ({ url })),
  };
  globalThis.caches = { open: async () => cache };
  return kept;
}

test("the digests are those of the model files", async () => {
  const list = await readFile(
    new URL("../../crates/pipeline/models/SHA256SUMS", import.meta.url),
    "utf8",
  );
  const digests = list
    .trim()
    .split("\n")
    .map((line) => /^(\S+) [ *](\S+)\.onnx$/.exec(line).slice(1))
    .map(([digest, name]) => [name, digest]);
  assert.equal(digests.length, 8);
  assert.deepEqual(MODEL_SHA256, Object.fromEntries(digests));
});

test("a file that was kept comes back, and under no other digest or address", async () => {
  const kept = storage();
  const cache = new ModelCache();
  assert.equal(await cache.get(URL_OF_MODEL, DIGEST), undefined);
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  assert.deepEqual(await cache.get(URL_OF_MODEL, DIGEST), FILE);
  assert.deepEqual(
    [...kept.keys()],
    [`https://page.example/models/a.onnx?sha256=${DIGEST}`],
  );
  assert.equal(await cache.get(URL_OF_MODEL, "0".repeat(64)), undefined);
  const other = "https://page.example/models/b.onnx";
  assert.equal(await cache.get(other, DIGEST), undefined);
});

test("what is kept and is whole no more is thrown away", async () => {
  const kept = storage();
  const cache = new ModelCache();
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  const [key] = kept.keys();
  kept.set(key, new Response("another thing"));
  assert.equal(await cache.get(URL_OF_MODEL, DIGEST), undefined);
  assert.equal(kept.size, 0);
});

test("a new version of a file takes the place of the old one, and of no other file", async () => {
  const kept = storage();
  const cache = new ModelCache();
  const other = "https://page.example/models/b.onnx";
  await cache.put(other, DIGEST, FILE);
  await cache.put(URL_OF_MODEL, "1".repeat(64), FILE);
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  assert.deepEqual([...kept.keys()].sort(), [
    `https://page.example/models/a.onnx?sha256=${DIGEST}`,
    `https://page.example/models/b.onnx?sha256=${DIGEST}`,
  ]);
});

test("without storage, or room in it, everything works as without", async () => {
  const cache = new ModelCache();
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  assert.equal(await cache.get(URL_OF_MODEL, DIGEST), undefined);
  storage({
    put: () => {
      throw new DOMException("no room", "QuotaExceededError");
    },
  });
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  globalThis.caches = { open: () => Promise.reject(new Error("forbidden")) };
  await cache.put(URL_OF_MODEL, DIGEST, FILE);
  assert.equal(await cache.get(URL_OF_MODEL, DIGEST), undefined);
});
