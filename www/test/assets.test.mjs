import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before } from "node:test";

import { AssetLoader } from "../build/assets.js";
import { Downloads } from "../build/downloads.js";
import { ProgressMeter } from "../build/progress.js";
import { requireSimd } from "../build/simd.js";
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

function loader(
  assets,
  { signal = new AbortController().signal, report, keepsModels } = {},
) {
  const meter = new ProgressMeter(report);
  return new AssetLoader(assets, meter, new Downloads(signal), keepsModels);
}

/** The model as a worker gets it. */
const model = (assets, options) => loader(assets, options).model(NAME);

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
    assert.ok((await loader(base).session()) instanceof WebAssembly.Module);
    assert.deepEqual(await model({ baseUrl: base }), MODEL);
  }
});

test("a module served with a general content type is compiled all the same", async () => {
  assert.ok(
    (await loader(`${address}/plain-type`).session()) instanceof
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
      (await loader({ session }).session()) instanceof WebAssembly.Module,
    );
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
    loader(there).session(),
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
    loader(`${address}/page`).session(),
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
    loader(`${address}/other`).session(),
    failsWith("asset-wrong-type", `${address}/other`, "application/wasm"),
  );
  await assert.rejects(
    loader(`${address}/cut`).session(),
    failsWith("asset-wrong-type", `${address}/cut`),
  );
  await assert.rejects(
    loader({ session: MODEL }).session(),
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
  const loading = loader(`${address}/slow`, {
    signal: controller.signal,
  }).session();
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(loading, { code: "aborted" });
});

test("the pieces of a model are counted, those of one that is given are not", async () => {
  const told = [];
  const report = (progress) => told.push(progress);
  await model(address, { report });
  const { loadedBytes, totalBytes } = told.at(-1);
  assert.deepEqual([loadedBytes, totalBytes], [MODEL.length, MODEL.length]);
  const loaded = told.map(({ loadedBytes }) => loadedBytes);
  assert.deepEqual(
    loaded,
    [...loaded].sort((a, b) => a - b),
  );
  told.length = 0;
  await model({ models: { [NAME]: MODEL } }, { report });
  assert.deepEqual(told, []);
});

test("progress never goes back", () => {
  const told = [];
  const meter = new ProgressMeter((progress) => told.push(progress));
  const download = (loadedBytes) =>
    meter.tell({
      ...{ phase: "download", asset: NAME, loadedBytes, totalBytes: 100 },
    });
  meter.expectDownload("session");
  meter.expectDownload(NAME);
  download(60);
  meter.arrived("session", 1);
  meter.tell({ phase: "compile", asset: "session" });
  // From the beginning, as a second worker's download would be told.
  download(1);
  download(100);
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
  meter.expectModels(2);
  meter.tell({ phase: "optimise", asset: "face_landmark", worker: 0 });
  meter.tell({ phase: "optimise", asset: "face_landmark", worker: 1 });
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
