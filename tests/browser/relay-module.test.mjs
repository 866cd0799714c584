// The client of a relay as a module of its own: who loads it, where it comes from, and what there is without it.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";
import { breakable } from "./trap.mjs";

const MODULE = "/live-keypoints/wasm/relay/relay_bg.wasm";

let opened;

before(async () => (opened = await openBrowser()));
after(() => opened.close());

/** The browser says so itself when an address does not answer. */
const STATUS = /Failed to load resource/;

/** The modules that are asked for while `body` runs in a page. */
async function modulesOf(body, argument, options) {
  opened.server.requests.length = 0;
  const found = await inPage(opened, body, argument, options);
  const { requests } = opened.server;
  return { found, modules: requests.filter((path) => /\.wasm$/.test(path)) };
}

/** Scripts of the package that were asked for. */
const scripts = () =>
  opened.server.requests.filter((path) =>
    /^\/live-keypoints\/.*\.js$/.test(path),
  );

test("a page that computes does not load it, and one with a relay loads nothing else, once", async () => {
  const { modules: own } = await modulesOf(
    async ({ LiveKeypoints, clipFrame }) => {
      const live = await LiveKeypoints.create({
        ...{ workers: 1, parts: ["pose"], quality: "lite" },
        fallback: "wss://relay.example/",
      });
      await live.detect(await clipFrame(0));
      await live.close();
    },
  );
  assert.ok(own.length > 0 && !own.includes(MODULE), `${own}`);
  const before = scripts();
  const { modules } = await modulesOf(
    async ({ LiveKeypoints, RelaySocket }) => {
      const createSocket = () => new RelaySocket();
      for (let stream = 0; stream < 2; stream += 1) {
        const url = "wss://relay.example/";
        const live = await LiveKeypoints.connect(url, { createSocket });
        await live.close();
      }
    },
  );
  assert.deepEqual(modules, [MODULE]);
  // Its bindings come with it, and not before.
  const more = scripts().filter((path) => !before.includes(path));
  assert.equal(more.length, 1, `${more}`);
});

/** How a stream opens whose relay takes everything: `how` has the options, and whether they are those of a fallback. */
async function open({ LiveKeypoints, RelaySocket }, how) {
  const { assets, isFallback, given } = how;
  const options = { createSocket: () => new RelaySocket() };
  if (assets) options.assets = assets;
  if (given) {
    const relay = await (await fetch(given)).arrayBuffer();
    options.assets = { relay };
  }
  const url = "wss://relay.example/";
  const createWorker = () => {
    throw new Error("no workers today");
  };
  const told = [];
  const onFallback = ({ code }) => void told.push(code);
  const opening = isFallback
    ? LiveKeypoints.create({
        ...{ createWorker, onFallback, assets: how.ofPage },
        fallback: { url, ...options },
      })
    : LiveKeypoints.connect(url, options);
  return opening.then(
    (live) => live.close().then(() => [...told, live.engine]),
    ({ code, message }) => [...told, code, message],
  );
}

test("it comes from where the options say, those of the fallback or of the page", async () => {
  const next = `/next${MODULE}`;
  for (const [how, path, outcome] of [
    [{ assets: "/next/live-keypoints/" }, next, ["relay"]],
    [{ assets: { relay: next } }, next, ["relay"]],
    [{ given: next }, next, ["relay"]],
    [
      { isFallback: true, ofPage: "/next/live-keypoints" },
      next,
      ["worker-failed", "relay"],
    ],
    [
      { isFallback: true, assets: { relay: next } },
      next,
      ["worker-failed", "relay"],
    ],
    [
      { assets: "/nowhere/" },
      "/nowhere/wasm/relay/relay_bg.wasm",
      ["asset-unreachable"],
    ],
  ]) {
    const { found, modules } = await modulesOf(open, how, {
      expected: [STATUS],
    });
    assert.deepEqual(found.slice(0, outcome.length), outcome, found.join());
    const asked = modules.filter((path) => /relay/.test(path));
    assert.deepEqual(asked, [path]);
  }
});

test("a module of another build is told", async () => {
  const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  opened.server.answers.set(MODULE, { type: "application/wasm", body: empty });
  try {
    const [code, message] = await inPage(opened, open, {});
    assert.equal(code, "version-mismatch");
    assert.match(message, /relay module.*unknown/);
  } finally {
    opened.server.answers.clear();
  }
});

test("where the page's policy forbids WebAssembly there is no relay either, and both are told", async () => {
  const path = "/pages/no-wasm.html";
  opened.server.answers.set(path, {
    type: "text/html",
    body: "<!doctype html><link rel=icon href=/icon.svg>",
    policy: "script-src 'self'; worker-src 'self'",
  });
  const options = { path, expected: [/Content Security Policy/, STATUS] };
  for (const [isFallback, codes] of [
    [false, ["worker-failed"]],
    [true, ["worker-failed", "worker-failed"]],
  ]) {
    const told = await inPage(opened, open, { isFallback }, options);
    assert.deepEqual(told.slice(0, -1), codes);
    assert.match(told.at(-1), /wasm-unsafe-eval/);
  }
});

test("a trap ends its stream; another one goes on, and a new one can be opened", async () => {
  const found = await inPage(
    opened,
    async ({ LiveKeypoints, RelaySocket, clipFrame }) => {
      const frame = await clipFrame(0);
      const connect = async () => {
        const socket = new RelaySocket();
        const createSocket = () => socket;
        const url = "wss://relay.example/";
        const live = await LiveKeypoints.connect(url, { createSocket });
        return { live, socket };
      };
      const [one, other] = [await connect(), await connect()];
      const ended = new Promise((resolve) => one.live.on("error", resolve));
      globalThis.trapNext = true;
      one.live.push(frame);
      const { code } = await ended;
      const streams = [other, await connect()];
      for (const { live, socket } of streams) {
        live.push(frame);
        await socket.gets(1);
        await live.close();
      }
      return { code, sent: one.socket.frames.length };
    },
    undefined,
    { init: breakable },
  );
  assert.deepEqual(found, { code: "internal", sent: 0 });
});

test(
  "a browser without SIMD has the relay compute",
  { skip: process.arch !== "x64" && "V8 can be kept from SIMD on x64 alone" },
  async (t) => {
    if (!process.env.LIVE_KEYPOINTS_RELAY && !process.env.CI)
      return t.skip("LIVE_KEYPOINTS_RELAY is not set");
    const old = await openBrowser(["--js-flags=--no-enable-sse4-1"]);
    const relay = await startRelay(old.server, ["--workers", "1"]);
    try {
      const found = await inPage(
        old,
        async ({ LiveKeypoints, clipFrame }, fallback) => {
          const told = [];
          const live = await LiveKeypoints.create({
            ...{ parts: ["pose"], quality: "lite", fallback },
            onFallback: ({ code }) => void told.push(code),
          });
          const { pose } = await live.detect(await clipFrame(0));
          await live.close();
          return [...told, live.engine, pose.length];
        },
        relay.url,
        { path: PAGE },
      );
      assert.deepEqual(found, ["wasm-simd-missing", "relay", 33 * 4]);
    } finally {
      await relay.stop();
      await old.close();
    }
  },
);
