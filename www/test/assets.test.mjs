import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { AssetLoader } from "../build/assets.js";
import { ProgressMeter } from "../build/progress.js";
import { requireSimd } from "../build/simd.js";

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

function loader(
  assets,
  { signal = new AbortController().signal, report, keepsModels } = {},
) {
  const meter = new ProgressMeter(report);
  return new AssetLoader(assets, meter, signal, keepsModels);
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
    assert.ok(
      (await loader(base).module("session")) instanceof WebAssembly.Module,
    );
    const model = await loader({ baseUrl: base }).model(NAME);
    assert.deepEqual(new Uint8Array(await model.arrayBuffer()), MODEL);
  }
});

test("a module served with a general content type is compiled all the same", async () => {
  assert.ok(
    (await loader(`${address}/plain-type`).module("session")) instanceof
      WebAssembly.Module,
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
    assert.ok(
      (await loader({ session }).module("session")) instanceof
        WebAssembly.Module,
    );
  }
  for (const hand_recrop of [
    MODEL,
    MODEL.buffer,
    new Blob([MODEL]),
    new Response(MODEL),
    `${address}/models/hand_recrop.onnx`,
  ]) {
    assert.equal(
      (await loader({ models: { hand_recrop } }).model(NAME)).size,
      MODEL.length,
    );
  }
});

test("an address that is not there is named with its status", async () => {
  const there = `${address}/nowhere/`;
  await assert.rejects(
    loader(there).module("session"),
    failsWith(
      "asset-unreachable",
      `${there}wasm/session/session_bg.wasm`,
      "404",
    ),
  );
  await assert.rejects(
    loader(there).model(NAME),
    failsWith("asset-unreachable", `${there}models/hand_recrop.onnx`, "404"),
  );
});

test("a page instead of an asset is named with status and content type", async () => {
  await assert.rejects(
    loader(`${address}/page`).module("session"),
    failsWith("asset-wrong-type", `${address}/page/wasm`, "200", "text/html"),
  );
  await assert.rejects(
    loader(`${address}/page`).model(NAME),
    failsWith("asset-wrong-type", `${address}/page/models`, "200", "text/html"),
  );
  await assert.rejects(
    loader(`${address}/markup`).model(NAME),
    failsWith("asset-wrong-type", `${address}/markup`, "octet-stream"),
  );
});

test("what is no asset at all, or only a part of one, is named", async () => {
  await assert.rejects(
    loader(`${address}/empty`).model(NAME),
    failsWith("asset-wrong-type", `${address}/empty`),
  );
  await assert.rejects(
    loader(`${address}/other`).module("session"),
    failsWith("asset-wrong-type", `${address}/other`, "application/wasm"),
  );
  await assert.rejects(
    loader(`${address}/cut`).module("session"),
    failsWith("asset-wrong-type", `${address}/cut`),
  );
  await assert.rejects(
    loader({ session: MODEL }).module("session"),
    failsWith("asset-wrong-type", "session"),
  );
});

test("a server that is not there, and a connection that breaks off, are unreachable assets", async () => {
  await assert.rejects(
    loader("http://127.0.0.1:9").model(NAME),
    failsWith("asset-unreachable", "http://127.0.0.1:9/models"),
  );
  await assert.rejects(
    loader(`${address}/broken`).model(NAME),
    failsWith("asset-unreachable", `${address}/broken`, "10 bytes"),
  );
});

test("a model of the package that is another file, if only by a bit, is refused; one that was given by name is the caller's own", async () => {
  const changed = `${address}/changed`;
  await assert.rejects(
    loader(changed).model(NAME),
    failsWith("asset-wrong-type", changed, "SHA-256"),
  );
  const own = { models: { [NAME]: `${changed}/models/hand_recrop.onnx` } };
  assert.equal((await loader(own).model(NAME)).size, MODEL.length);
});

test("where the page is not secure, models are taken unchecked", async () => {
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: undefined });
  try {
    const model = await loader(`${address}/changed`).model(NAME);
    assert.equal(model.size, MODEL.length);
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto });
  }
});

test("an aborted download rejects with aborted", async () => {
  const controller = new AbortController();
  const loading = loader(`${address}/slow`, {
    signal: controller.signal,
  }).model(NAME);
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(loading, { code: "aborted" });
});

test("progress counts the bytes and never goes back", async () => {
  const told = [];
  const assets = loader(address, { report: (progress) => told.push(progress) });
  await Promise.all([assets.module("session"), assets.model(NAME)]);
  const downloads = told.filter(({ phase }) => phase === "download");
  assert.equal(downloads.at(-1).loadedBytes, MODEL.length);
  assert.equal(downloads.at(-1).totalBytes, MODEL.length);
  assert.ok(
    told.some(({ phase, asset }) => phase === "compile" && asset === "session"),
  );
  const fractions = told.map(({ fraction }) => fraction);
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  assert.ok(fractions.every((fraction) => fraction > 0 && fraction < 1));
});

test("progress ends at exactly 1", () => {
  const told = [];
  const meter = new ProgressMeter((progress) => told.push(progress.fraction));
  meter.expectLoads(2);
  meter.tell({ phase: "load", asset: "face_landmark", worker: 0 });
  meter.tell({ phase: "load", asset: "face_landmark", worker: 1 });
  assert.ok(told[0] < told[1] && told[1] < 1);
  meter.tell({ phase: "ready" });
  assert.equal(told[2], 1);
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
