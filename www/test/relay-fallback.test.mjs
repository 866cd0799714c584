// When a relay computes because the page cannot.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { LiveKeypoints } from "../build/index.js";
import { FakeSocket, RELAY_ASSETS } from "./fake-socket.mjs";
import { GIVEN } from "./fake-stream.mjs";
import { FakeWorker } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

test("a fallback is told before the relay hears of it, waits for the answer, and can be refused", async () => {
  const sockets = [];
  const fallback = {
    url: "wss://relay.example/live-signs",
    createSocket: (...given) => {
      sockets.push(new FakeSocket(...given));
      setImmediate(() => sockets.at(-1).accept());
      return sockets.at(-1);
    },
  };
  const createWorker = () => {
    throw new Error("no workers today");
  };
  const told = [];
  const onFallback = async (reason) => {
    told.push([reason.code, sockets.length]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    told.push(["asked", sockets.length]);
  };
  const assets = { ...GIVEN, ...RELAY_ASSETS };
  const options = { fallback, createWorker, assets };
  const live = await LiveKeypoints.create({ ...options, onFallback });
  assert.equal(live.engine, "relay");
  await live.close();
  assert.deepEqual(told, [
    ["worker-failed", 0],
    ["asked", 0],
  ]);
  const refusal = new Error("the user said no");
  await assert.rejects(
    LiveKeypoints.create({
      ...options,
      onFallback: () => Promise.reject(refusal),
    }),
    (error) => error === refusal,
  );
  assert.equal(sockets.length, 1);
});

test("a page that can compute does not ask the relay, and one that cannot falls back to it", async () => {
  const { validate } = WebAssembly;
  const sockets = [];
  const fallback = {
    url: "wss://relay.example/live-signs",
    assets: RELAY_ASSETS,
    createSocket: (...given) => {
      const socket = new FakeSocket(...given);
      sockets.push(socket);
      setImmediate(() => socket.accept());
      return socket;
    },
  };
  const options = { parts: ["pose"], quality: "lite", bufferSize: 3, fallback };
  WebAssembly.validate = () => false;
  try {
    const live = await LiveKeypoints.create(options);
    assert.equal(live.engine, "relay");
    assert.deepEqual(sockets[0].texts[0].parts, ["pose"]);
    assert.equal(sockets[0].texts[0].quality, "lite");
    assert.equal(sockets[0].texts[0].buffer_size, 3);
    await live.close();
    await assert.rejects(
      LiveKeypoints.create({ ...options, fallback: undefined }),
      { code: "wasm-simd-missing" },
    );
    await assert.rejects(
      LiveKeypoints.create({ ...options, fallback: "ftp://relay.example/" }),
      { code: "invalid-option" },
    );
  } finally {
    WebAssembly.validate = validate;
  }
  const { fetch } = globalThis;
  globalThis.fetch = async () => new Response("", { status: 404 });
  try {
    // A missing asset is a mistake of the page, which another engine would hide.
    const createWorker = () => new FakeWorker();
    const assets = { inference: GIVEN.inference };
    await assert.rejects(
      LiveKeypoints.create({ ...options, createWorker, assets }),
      { code: "asset-unreachable" },
    );
  } finally {
    globalThis.fetch = fetch;
  }
  assert.equal(sockets.length, 1);
  // Neither are there workers under Node.
  const live = await LiveKeypoints.create({ ...options, assets: GIVEN });
  assert.equal(live.engine, "relay");
  await live.close();
});

test("without WebAssembly there is no relay's client either, and that is told", async () => {
  const { WebAssembly } = globalThis;
  const createSocket = () => assert.fail("a socket was made");
  const fallback = { url: "wss://relay.example/", createSocket };
  delete globalThis.WebAssembly;
  try {
    for (const opening of [
      LiveKeypoints.connect(fallback.url, { createSocket }),
      LiveKeypoints.create({ fallback }),
    ])
      await assert.rejects(opening, {
        code: "wasm-simd-missing",
        message: /no WebAssembly/,
      });
  } finally {
    globalThis.WebAssembly = WebAssembly;
  }
});

test(
  "the relay's client runs where there is no SIMD",
  { skip: process.arch !== "x64" && "V8 can be kept from SIMD on x64 alone" },
  async () => {
    const helper = new URL("./fake-socket.mjs", import.meta.url).href;
    const script = `
      import { fakeRelay, gets } from ${JSON.stringify(helper)};
      import { LiveKeypoints } from ${JSON.stringify(new URL("../build/index.js", import.meta.url).href)};
      const { live, socket } = await fakeRelay();
      const next = live[Symbol.asyncIterator]().next();
      live.push(Uint8Array.of(0xff, 0xd8, 1));
      await gets(socket, 1);
      socket.answer(0);
      const { value } = await next;
      await live.close();
      const refused = await LiveKeypoints.create().catch(({ code }) => code);
      console.log(JSON.stringify([refused, value.pose.length]));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--no-enable-sse4-1",
      "--input-type=module",
      "--eval",
      script,
    ]);
    assert.deepEqual(JSON.parse(stdout), ["wasm-simd-missing", 33 * 4]);
  },
);
