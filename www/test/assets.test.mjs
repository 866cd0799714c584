import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before } from "node:test";

import { compiledModule } from "../build/assets.js";
import { requireSimd } from "../build/simd.js";
import { fakeStream, GIVEN } from "./fake-stream.mjs";
import { test } from "./limited.mjs";

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
/** The smallest model; its bytes are what the package says they are. */
const NAME = "hand_recrop";
const MODEL = new Uint8Array(
  await readFile(
    new URL(`../../crates/pipeline/models/${NAME}.onnx`, import.meta.url),
  ),
);

/** What the server says to each path. */
const ANSWERS = {
  "/wasm/session/session_bg.wasm": [200, "application/wasm", EMPTY_MODULE],
  "/models/hand_recrop.onnx": [200, "application/octet-stream", MODEL],
  "/plain-type/wasm/session/session_bg.wasm": [
    200,
    "application/octet-stream",
    EMPTY_MODULE,
  ],
  "/page/wasm/session/session_bg.wasm": [
    200,
    "text/html; charset=utf-8",
    "<!doctype html>",
  ],
  "/page/models/hand_recrop.onnx": [200, "text/html", "<!doctype html>"],
  "/markup/models/hand_recrop.onnx": [
    200,
    "application/octet-stream",
    "<!doctype html>",
  ],
  "/changed/models/hand_recrop.onnx": [
    200,
    "application/octet-stream",
    MODEL.map((byte, at) => (at === 99 ? byte ^ 1 : byte)),
  ],
  "/empty/models/hand_recrop.onnx": [200, "application/octet-stream", ""],
  "/cut/wasm/session/session_bg.wasm": [
    200,
    "application/wasm",
    EMPTY_MODULE.subarray(0, 6),
  ],
  "/other/wasm/session/session_bg.wasm": [
    200,
    "application/wasm",
    "not WebAssembly",
  ],
};

let server;
let address;

before(async () => {
  server = createServer((request, response) => {
    if (request.url.startsWith("/broken/")) {
      response.writeHead(200, { "content-length": 1000 });
      response.write("half of it");
      setTimeout(() => response.destroy(), 5);
      return;
    }
    if (request.url.startsWith("/slow/")) return;
    const [status, type, body] = ANSWERS[request.url] ?? [
      404,
      "text/plain",
      "not found",
    ];
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  address = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** The page's module, from a folder. */
const session = (baseUrl) => compiledModule("session", baseUrl);

/** The model as a worker gets it, of a stream that is given all other assets. */
async function model(assets, onProgress) {
  const { baseUrl = assets, models } = assets;
  const { [NAME]: _own, ...others } = GIVEN.models;
  const { live, workers } = await fakeStream({
    ...{ workers: 1, parts: ["pose", "hands"], onProgress },
    assets: {
      ...GIVEN,
      ...(typeof baseUrl === "string" || baseUrl instanceof URL
        ? { baseUrl }
        : {}),
      models: { ...others, ...models },
    },
  });
  const { beside } = workers[0].got("model").at(-1);
  await live.close();
  return beside;
}

const failsWith =
  (code, ...parts) =>
  (error) => {
    assert.equal(error.code, code);
    for (const part of parts)
      assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
    return true;
  };

test("modules and models come from a folder, with or without its final slash", async () => {
  for (const base of [address, `${address}/`, new URL(address)]) {
    assert.ok((await session(base)) instanceof WebAssembly.Module);
    assert.deepEqual(await model({ baseUrl: base }), MODEL);
  }
});

test("a module served with a general content type is compiled all the same", async () => {
  assert.ok(
    (await session(`${address}/plain-type`)) instanceof WebAssembly.Module,
  );
});

test("assets may be given as bytes, Blob, Response or compiled module", async () => {
  const module = new WebAssembly.Module(EMPTY_MODULE);
  const response = () =>
    new Response(EMPTY_MODULE, {
      headers: { "content-type": "application/wasm" },
    });
  for (const session of [
    module,
    EMPTY_MODULE,
    EMPTY_MODULE.buffer,
    new Blob([EMPTY_MODULE]),
    response(),
  ]) {
    const compiled = await compiledModule("session", { session });
    assert.ok(compiled instanceof WebAssembly.Module);
  }
  for (const hand_recrop of [
    MODEL,
    MODEL.buffer,
    new Blob([MODEL]),
    new Response(MODEL),
    `${address}/models/hand_recrop.onnx`,
  ]) {
    assert.deepEqual(await model({ models: { hand_recrop } }), MODEL);
  }
});

test("an address that is not there is named with its status", async () => {
  const there = `${address}/nowhere/`;
  await assert.rejects(
    session(there),
    failsWith(
      "asset-unreachable",
      `${there}wasm/session/session_bg.wasm`,
      "404",
    ),
  );
  await assert.rejects(
    model(there),
    failsWith("asset-unreachable", `${there}models/hand_recrop.onnx`, "404"),
  );
});

test("a page instead of an asset is named with status and content type", async () => {
  await assert.rejects(
    session(`${address}/page`),
    failsWith("asset-wrong-type", `${address}/page/wasm`, "200", "text/html"),
  );
  await assert.rejects(
    model(`${address}/page`),
    failsWith("asset-wrong-type", `${address}/page/models`, "200", "text/html"),
  );
  await assert.rejects(
    model(`${address}/markup`),
    failsWith("asset-wrong-type", `${address}/markup`, "octet-stream"),
  );
});

test("what is no asset at all, or only a part of one, is named", async () => {
  await assert.rejects(
    model(`${address}/empty`),
    failsWith("asset-wrong-type", `${address}/empty`),
  );
  await assert.rejects(
    session(`${address}/other`),
    failsWith("asset-wrong-type", `${address}/other`, "application/wasm"),
  );
  await assert.rejects(
    session(`${address}/cut`),
    failsWith("asset-wrong-type", `${address}/cut`),
  );
  await assert.rejects(
    compiledModule("session", { session: MODEL }),
    failsWith("asset-wrong-type", "session"),
  );
});

test("a server that is not there, and a connection that breaks off, are unreachable assets", async () => {
  await assert.rejects(
    model("http://127.0.0.1:9"),
    failsWith("asset-unreachable", "http://127.0.0.1:9/models"),
  );
  await assert.rejects(
    model(`${address}/broken`),
    failsWith("asset-unreachable", `${address}/broken`, "10 bytes"),
  );
});

test("a model of the package that is another file, if only by a bit, is refused; one that was given by name is the caller's own", async () => {
  const changed = `${address}/changed`;
  await assert.rejects(
    model(changed),
    failsWith("asset-wrong-type", changed, "SHA-256"),
  );
  const own = { models: { [NAME]: `${changed}/models/hand_recrop.onnx` } };
  assert.equal((await model(own)).length, MODEL.length);
});

test("where the page is not secure, models are taken unchecked", async () => {
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: undefined });
  try {
    const { length } = await model(`${address}/changed`);
    assert.equal(length, MODEL.length);
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto });
  }
});

test("an aborted download rejects with aborted", async () => {
  const controller = new AbortController();
  const loading = compiledModule(
    "session",
    `${address}/slow`,
    controller.signal,
  );
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(loading, { code: "aborted" });
});

test("the pieces of a model are counted, those of one that is given are not", async () => {
  const told = [];
  const note = (progress) =>
    progress.asset === NAME &&
    progress.phase === "download" &&
    told.push(progress);
  await model(address, note);
  const { loadedBytes, totalBytes } = told.at(-1);
  assert.deepEqual([loadedBytes, totalBytes], [MODEL.length, MODEL.length]);
  const loaded = told.map(({ loadedBytes }) => loadedBytes);
  assert.deepEqual(
    loaded,
    [...loaded].sort((a, b) => a - b),
  );
  told.length = 0;
  await model({ models: { [NAME]: MODEL } }, note);
  assert.deepEqual(told, []);
});

test("missing SIMD is found by a feature test that passes where there is SIMD", () => {
  requireSimd();
  const { validate } = WebAssembly;
  try {
    WebAssembly.validate = (bytes) => {
      assert.ok(validate(bytes), "the test module itself must be sound");
      return false;
    };
    assert.throws(requireSimd, { code: "wasm-simd-missing" });
  } finally {
    WebAssembly.validate = validate;
  }
});
