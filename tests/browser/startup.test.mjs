// What `create()` needs, what it asks the network for, and how it fails.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";

import { inPage, openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
afterEach(() => opened.server.answers.clear());
after(() => opened.close());

/** The browser says so itself when an address does not answer. */
const STATUS = [/Failed to load resource/];

/** What `create(options)` rejects with, while the server gives `answers`. */
async function failure(options, answers = {}, page = {}) {
  for (const [path, answer] of Object.entries(answers))
    opened.server.answers.set(path, answer);
  return inPage(
    opened,
    (harness, options) => harness.createError(options),
    options,
    { expected: STATUS, ...page },
  );
}

const HTML = {
  type: "text/html; charset=utf-8",
  body: "<!doctype html><title>Welcome</title>",
};
const MISSING = { status: 404, type: "text/plain", body: "not found" };
const MODEL = "/live-keypoints/models/pose_detection.onnx";
const PLAIN = "/live-keypoints/wasm/inference/inference_bg.wasm";
const RELAXED = "/live-keypoints/wasm/inference/inference_relaxed_bg.wasm";
const SESSION = "/live-keypoints/wasm/session/session_bg.wasm";

test("it asks for the package's own files only, each once, and tells how far it is", async () => {
  opened.server.requests.length = 0;
  const told = await inPage(opened, async ({ LiveKeypoints }) => {
    const told = [];
    const live = await LiveKeypoints.create({
      onProgress: (progress) => told.push(progress),
    });
    await live.close();
    return told;
  });
  const large = opened.server.requests.filter((path) =>
    /\.(wasm|onnx)$/.test(path),
  );
  assert.equal(large.length, 8);
  assert.equal(new Set(large).size, 8);
  assert.ok(
    opened.server.requests.every((path) =>
      /^\/(live-keypoints|pages)\/|^\/icon.svg$/.test(path),
    ),
    `${opened.server.requests}`,
  );
  const fractions = told.map(({ fraction }) => fraction);
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  assert.equal(fractions.at(-1), 1);
  assert.equal(told.at(-1).phase, "ready");
  for (const phase of ["download", "compile", "optimise"])
    assert.ok(
      told.some((progress) => progress.phase === phase),
      phase,
    );
  const bytes = new Map(
    told
      .filter(({ phase }) => phase === "download")
      .map(({ asset, loadedBytes, totalBytes }) => [
        asset,
        [loadedBytes, totalBytes],
      ]),
  );
  assert.equal(bytes.size, 6);
  for (const [asset, [loaded, total]] of bytes)
    assert.equal(loaded, total, asset);
});

test("models are kept: a page that comes back asks for none, unless it is told not to keep them", async () => {
  const models = () =>
    opened.server.requests.filter((path) => path.endsWith(".onnx")).length;
  const { page, close, unexpected } = await openPage(
    opened,
    "/pages/blank.html",
  );
  const create = async (options) => {
    opened.server.requests.length = 0;
    const found = await page.evaluate(async (options) => {
      const { LiveKeypoints, clipFrame } = await import("/pages/harness.js");
      const live = await LiveKeypoints.create({ parts: ["pose"], ...options });
      const { pose } = await live.detect(await clipFrame(0));
      await live.close();
      return pose !== null;
    }, options);
    assert.ok(found);
    return models();
  };
  const kept = (count) =>
    page.waitForFunction(async (count) => {
      const cache = await caches.open("live-keypoints-models");
      return (await cache.keys()).length === count;
    }, count);
  assert.equal(await create({ cache: false }), 2);
  await kept(0);
  assert.equal(await create(), 2);
  await kept(2);
  await page.reload();
  assert.equal(await create(), 0);
  // Another quality: one model is another.
  assert.equal(await create({ quality: "lite" }), 1);
  await kept(3);
  await page.evaluate(async () => {
    const cache = await caches.open("live-keypoints-models");
    for (const request of await cache.keys())
      await cache.put(request, new Response("spoilt"));
  });
  assert.equal(await create(), 2);
  assert.deepEqual(unexpected(), []);
  await close();
});

for (const [what, path] of [
  ["a model", MODEL],
  ["the workers' module", RELAXED],
  ["the page's module", SESSION],
]) {
  test(`${what} that is not there is named with its address and status`, async () => {
    const { name, code, message } = await failure({}, { [path]: MISSING });
    assert.deepEqual([name, code], ["LiveKeypointsError", "asset-unreachable"]);
    assert.ok(
      message.includes(opened.server.address + path) && message.includes("404"),
      message,
    );
  });

  test(`a page in place of ${what} is named with its address, status and content type`, async () => {
    const { code, message } = await failure({}, { [path]: HTML });
    assert.equal(code, "asset-wrong-type");
    assert.ok(
      message.includes(opened.server.address + path) &&
        message.includes("200") &&
        message.includes("text/html"),
      message,
    );
  });
}

test("the workers' module is asked for while the page's own is on its way", async () => {
  opened.server.requests.length = 0;
  opened.server.line.stalls.set(SESSION, Infinity);
  const error = await inPage(opened, (harness) =>
    harness.createError({ signal: AbortSignal.timeout(5000) }),
  );
  opened.server.line.stalls.delete(SESSION);
  assert.equal(error.code, "aborted");
  assert.ok(opened.server.requests.includes(RELAXED));
});

test("a file that is no model, and another model than the one it is named, are told apart", async () => {
  const garbage = {
    type: "application/octet-stream",
    body: Buffer.alloc(5000, 7),
  };
  const replaced = await failure({ parts: ["pose"] }, { [MODEL]: garbage });
  assert.equal(replaced.code, "asset-wrong-type");
  assert.match(replaced.message, /pose_detection.*SHA-256/);
  const given = { pose_detection: "/garbage.onnx" };
  const malformed = await failure(
    { parts: ["pose"], assets: { models: given } },
    { "/garbage.onnx": garbage },
  );
  assert.equal(malformed.code, "model-malformed");
  const other = {
    parts: ["pose"],
    assets: {
      models: { pose_detection: "/live-keypoints/models/face_landmark.onnx" },
    },
  };
  const { code, message } = await failure(other);
  assert.equal(code, "model-mismatch");
  assert.match(message, /pose_detection/);
});

test("a browser without SIMD is told before anything is downloaded", async () => {
  opened.server.requests.length = 0;
  const init = () => (WebAssembly.validate = () => false);
  assert.equal((await failure({}, {}, { init })).code, "wasm-simd-missing");
  assert.deepEqual(
    opened.server.requests.filter((path) =>
      /\.(wasm|onnx)$|\/worker\.js/.test(path),
    ),
    [],
  );
});

test("a browser without relaxed SIMD gets the other module, which finds the same", async () => {
  const detect = async ({ LiveKeypoints, clipFrame, plain }) => {
    const live = await LiveKeypoints.create({ workers: 1, parts: ["pose"] });
    const found = plain(await live.detect(await clipFrame(0)));
    await live.close();
    return found.pose;
  };
  const withoutRelaxed = () => {
    const { validate } = WebAssembly;
    // `f32x4.relaxed_madd` is written FD 85 02.
    const isRelaxed = (bytes) =>
      bytes.join().includes([0xfd, 0x85, 0x02].join());
    WebAssembly.validate = (bytes) => !isRelaxed(bytes) && validate(bytes);
  };
  const fetched = () =>
    opened.server.requests.filter((path) => path === PLAIN || path === RELAXED);
  opened.server.requests.length = 0;
  const relaxed = await inPage(opened, detect);
  assert.deepEqual(fetched(), [RELAXED]);
  opened.server.requests.length = 0;
  const plain = await inPage(opened, detect, undefined, {
    init: withoutRelaxed,
  });
  assert.deepEqual(fetched(), [PLAIN]);
  // One module rounds a multiply-add once, the other twice.
  relaxed.forEach((value, at) =>
    assert.ok(
      Math.abs(value - plain[at]) < 0.01,
      `${at}: ${value} and ${plain[at]}`,
    ),
  );
});

test("a browser without WebAssembly is told", async () => {
  const init = () => delete globalThis.WebAssembly;
  assert.equal((await failure({}, {}, { init })).code, "wasm-simd-missing");
});

test("a worker script that is not there, and one of another version, are told", async () => {
  const { code, message } = await failure({ workerUrl: "/nowhere.js" });
  assert.equal(code, "worker-failed");
  assert.match(message, /script/);
  const body = 'postMessage({ type: "hello", protocol: 1, version: "0.0.1" });';
  const old = await failure(
    { workerUrl: "/old.js" },
    { "/old.js": { type: "text/javascript", body } },
  );
  assert.equal(old.code, "version-mismatch");
  assert.match(old.message, /0\.0\.1/);
});

test("a session module of another build is told", async () => {
  // Of another one, what its bindings call is not there, or is of other types.
  const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const { code, message } = await failure(
    {},
    {
      "/live-keypoints/wasm/session/session_bg.wasm": {
        ...{ type: "application/wasm", body: empty },
      },
    },
  );
  assert.equal(code, "version-mismatch");
  assert.match(message, /session module.*unknown/);
});

test("a policy that forbids WebAssembly is named as the cause", async () => {
  const page = {
    type: "text/html",
    body: "<!doctype html>",
    policy: "script-src 'self'; worker-src 'self'",
  };
  const { code, message } = await failure(
    {},
    { "/pages/blank.html": page },
    { expected: [/Content Security Policy/, ...STATUS] },
  );
  assert.equal(code, "worker-failed");
  assert.match(message, /wasm-unsafe-eval/);
});

test("create can be aborted, and leaves nothing behind", async () => {
  const { codes, later } = await inPage(opened, async ({ LiveKeypoints }) => {
    const codeOf = (promise) =>
      promise.then(
        (live) => live.close().then(() => "created"),
        ({ code }) => code,
      );
    const codes = [
      await codeOf(LiveKeypoints.create({ signal: AbortSignal.abort() })),
    ];
    for (const delay of [0, 20, 200]) {
      const controller = new AbortController();
      const created = codeOf(
        LiveKeypoints.create({ signal: controller.signal, workers: 1 }),
      );
      setTimeout(() => controller.abort(), delay);
      codes.push(await created);
    }
    return {
      codes,
      later: await codeOf(
        LiveKeypoints.create({ workers: 1, parts: ["pose"] }),
      ),
    };
  });
  assert.deepEqual(codes, ["aborted", "aborted", "aborted", "aborted"]);
  assert.equal(later, "created");
});

test("assets can come from another folder, and one by one as bytes, Response or compiled module", async () => {
  const found = await inPage(opened, async ({ LiveKeypoints, clipFrame }) => {
    const base = new URL("/live-keypoints/", location.href);
    const address = (path) => new URL(path, base);
    const bytes = async (path) => (await fetch(address(path))).arrayBuffer();
    const assetsOfEveryKind = {
      baseUrl: "/live-keypoints",
      session: await bytes("wasm/session/session_bg.wasm"),
      inference: await WebAssembly.compileStreaming(
        fetch(address("wasm/inference/inference_bg.wasm")),
      ),
      models: {
        pose_detection: await fetch(address("models/pose_detection.onnx")),
        pose_landmark_lite: new Uint8Array(
          await bytes("models/pose_landmark_lite.onnx"),
        ),
      },
    };
    const found = [];
    for (const assets of ["/live-keypoints/", base, assetsOfEveryKind]) {
      const live = await LiveKeypoints.create({
        workers: 1,
        parts: ["pose"],
        quality: "lite",
        assets,
      });
      const { pose } = await live.detect(await clipFrame(0));
      found.push(pose !== null);
      await live.close();
    }
    return found;
  });
  assert.deepEqual(found, [true, true, true]);
});

test("an option outside its range is named", async () => {
  for (const options of [
    { minPosePresenceConfidence: 2 },
    { maxFramesInFlight: 0 },
    { workers: 9 },
  ]) {
    const { code, message } = await failure(options);
    assert.equal(code, "invalid-option");
    const [option] = Object.keys(options);
    assert.ok(message.includes(option), message);
  }
});
