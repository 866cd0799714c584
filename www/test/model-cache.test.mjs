import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach } from "node:test";

import { ModelCache, sha256 } from "../build/model-cache.js";
import { MODEL_SHA256 } from "../build/model-digests.js";
import { test } from "./limited.mjs";

const ORIGIN = "https://page.example";
const FILE = new TextEncoder().encode("a model");
const DIGEST = await sha256(FILE);

globalThis.location = { origin: ORIGIN };
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

test("a file that was kept comes back, and under no other digest", async () => {
  const kept = storage();
  const cache = await ModelCache.open();
  assert.equal(await cache.get(DIGEST), undefined);
  await cache.put(DIGEST, FILE);
  assert.deepEqual(await cache.get(DIGEST), FILE);
  assert.equal(kept.size, 1);
  assert.equal(await cache.get("0".repeat(64)), undefined);
});

test("what is kept and is whole no more is thrown away", async () => {
  const kept = storage();
  const cache = await ModelCache.open();
  await cache.put(DIGEST, FILE);
  const [key] = kept.keys();
  kept.set(key, new Response("another thing"));
  assert.equal(await cache.get(DIGEST), undefined);
  assert.equal(kept.size, 0);
});

test("what no model of this version is goes, as what was kept by its address; the other models stay", async () => {
  const kept = storage();
  const cache = await ModelCache.open();
  const [one, other] = Object.values(MODEL_SHA256);
  await cache.put(one, FILE);
  const [key] = kept.keys();
  for (const version of ["v1", "v2"])
    kept.set(`${ORIGIN}/${version}/models/a.onnx?sha256=${one}`, FILE);
  kept.set(key.replace(one, "0".repeat(64)), FILE);
  await cache.put(other, FILE);
  assert.deepEqual([...kept.keys()], [key, key.replace(one, other)]);
});

test("without storage, or room in it, or where the browser refuses it, everything works as without", async () => {
  assert.equal(await ModelCache.open(), undefined);
  globalThis.caches = { open: () => Promise.reject(new Error("forbidden")) };
  assert.equal(await ModelCache.open(), undefined);
  const get = () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  Object.defineProperty(globalThis, "caches", { get, configurable: true });
  assert.equal(await ModelCache.open(), undefined);
  delete globalThis.caches;
  storage({
    put: () => {
      throw new DOMException("no room", "QuotaExceededError");
    },
  });
  const cache = await ModelCache.open();
  await cache.put(DIGEST, FILE);
  assert.equal(await cache.get(DIGEST), undefined);
});

test("where the browser refuses to compute digests, nothing is taken from what was kept, and nothing of it is lost", async () => {
  const kept = storage();
  const cache = await ModelCache.open();
  await cache.put(DIGEST, FILE);
  const { subtle } = crypto;
  const refuse = () =>
    Promise.reject(new DOMException("no", "NotAllowedError"));
  Object.defineProperty(crypto, "subtle", {
    value: { digest: refuse },
    configurable: true,
  });
  try {
    assert.equal(await cache.get(DIGEST), undefined);
    assert.equal(kept.size, 1);
  } finally {
    Object.defineProperty(crypto, "subtle", { value: subtle });
  }
});
