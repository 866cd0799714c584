// Lines that are slow or dead, files that others share, and browsers that refuse what is optional.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";

import { inPage, openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
afterEach(() => {
  const { server } = opened;
  server.answers.clear();
  Object.assign(server.line, { pieces: 1, pauseMs: 0, headers: {} });
  server.line.stalls.clear();
});
after(() => opened.close());

const MODEL = "/live-keypoints/models/pose_detection.onnx";
const RELAXED = "/live-keypoints/wasm/inference/inference_relaxed_bg.wasm";
const SESSION = "/live-keypoints/wasm/session/session_bg.wasm";

/** In pages with this, a minute of waiting is six seconds. */
const HURRY = 10;
const hurry = `
  const { setTimeout: wait } = globalThis;
  globalThis.setTimeout = (call, ms, ...given) => wait(call, ms / ${HURRY}, ...given);
`;
const inHurry = { init: { content: hurry } };

const large = () =>
  opened.server.requests.filter((path) => /\.(wasm|onnx)$/.test(path));

/** A relay that must not be asked. */
const FALLBACK = "ws://127.0.0.1:9/live-signs";

test("on a slow line create() takes as long as it takes, tells how far it is, and asks no relay", async () => {
  const { server } = opened;
  // Eight seconds a file: longer than a worker may be silent, and no silence.
  Object.assign(server.line, { pieces: 40, pauseMs: 200 });
  server.requests.length = 0;
  const { engine, gaps, assets, told } = await inPage(
    opened,
    async ({ LiveKeypoints }, fallback) => {
      const gaps = [];
      const assets = new Set();
      const told = [];
      let last = performance.now();
      const live = await LiveKeypoints.create({
        fallback,
        onFallback: ({ message }) => told.push(message),
        onProgress: ({ asset }) => {
          const now = performance.now();
          gaps.push(now - last);
          last = now;
          if (asset) assets.add(asset);
        },
      });
      const { engine } = live;
      await live.close();
      return { engine, gaps, assets: [...assets], told };
    },
    FALLBACK,
    inHurry,
  );
  assert.equal(engine, "page");
  assert.deepEqual(told, []);
  assert.equal(assets.length, 8);
  const models = large().filter((path) => path.endsWith(".onnx"));
  assert.equal(models.length, 6);
  assert.equal(new Set(models).size, 6);
  // A module, whose pieces nobody is told at first, may be asked for once more.
  assert.ok(large().length <= 10, `${large()}`);
  // A worker's start, which tells nothing, is among them.
  assert.ok(Math.max(...gaps) < 5000, `${Math.max(...gaps)} ms without a word`);
});

test("a worker's script that is stuck is no reason to ask a relay", async () => {
  opened.server.line.stalls.set("/live-keypoints/worker.js", Infinity);
  const { code, told } = await inPage(
    opened,
    async ({ createError }, fallback) => {
      const told = [];
      const onFallback = (reason) => told.push(reason.code);
      const error = await createError({ workers: 1, fallback, onFallback });
      return { ...error, told };
    },
    FALLBACK,
    inHurry,
  );
  assert.equal(code, "worker-failed");
  assert.deepEqual(told, []);
});

for (const [what, path] of [
  ["a model", MODEL],
  ["the workers' module", RELAXED],
  ["the page's module", SESSION],
]) {
  test(`where the bytes of ${what} stop coming, create() rejects with asset-unreachable and asks no relay`, async () => {
    opened.server.line.stalls.set(path, Infinity);
    const { code, message, told } = await inPage(
      opened,
      async ({ createError }, fallback) => {
        const told = [];
        const onFallback = (reason) => told.push(reason.code);
        const error = await createError({ workers: 1, fallback, onFallback });
        return { ...error, told };
      },
      FALLBACK,
      inHurry,
    );
    assert.equal(code, "asset-unreachable");
    assert.match(message, /silent for 30 seconds/);
    assert.deepEqual(told, []);
  });

  for (const [how, headers] of [
    ["that no cache keeps", { "cache-control": "no-store" }],
    ["that the HTTP cache keeps", { "cache-control": "max-age=3600" }],
  ])
    test(`a tab where ${what} ${how} is stuck stops no other tab`, async () => {
      Object.assign(opened.server.line, { headers });
      opened.server.line.stalls.set(path, 1);
      const { page, close } = await openPage(opened, "/pages/blank.html");
      const create = async () => {
        const { LiveKeypoints } = await import("/pages/harness.js");
        const live = await LiveKeypoints.create({ workers: 2 });
        await live.close();
        return "created";
      };
      const other = await page.context().newPage();
      await other.addInitScript(inHurry.init);
      await page.evaluate(
        `globalThis.created = (${create})().catch(({ code }) => code); 0`,
      );
      while ((opened.server.line.stalls.get(path) ?? 1) > 0)
        await page.waitForTimeout(20);
      await page.waitForTimeout(100);
      await other.goto(page.url());
      assert.equal(await other.evaluate(create), "created");
      await close();
    });
}

test("without any cache, a file that several workers need is asked for once", async () => {
  opened.server.requests.length = 0;
  await inPage(opened, async ({ LiveKeypoints }) => {
    const live = await LiveKeypoints.create({ cache: false });
    await live.close();
  });
  assert.equal(large().length, 8);
  assert.equal(new Set(large()).size, 8);
});

test("models are kept once, wherever they came from; what was kept by address or is damaged goes", async () => {
  const { server } = opened;
  const { page, close } = await openPage(opened, "/pages/blank.html");
  const create = async (assets) => {
    server.requests.length = 0;
    await page.evaluate(async (assets) => {
      const { LiveKeypoints } = await import("/pages/harness.js");
      const live = await LiveKeypoints.create({ parts: ["pose"], assets });
      await live.close();
    }, assets);
    return server.requests.filter((path) => path.endsWith(".onnx")).length;
  };
  const kept = (count) =>
    page.waitForFunction(
      async (count) => {
        let found = 0;
        for (const name of await caches.keys())
          found += (await (await caches.open(name)).keys()).length;
        return found === count;
      },
      count,
      { timeout: 10_000 },
    );
  await page.evaluate(async () => {
    const cache = await caches.open("live-keypoints-models");
    for (const version of ["v1", "v2"])
      await cache.put(`/${version}/models/a.onnx?sha256=1`, new Response("a"));
  });
  assert.equal(await create("/live-keypoints/"), 2);
  await kept(2);
  assert.equal(await create("/next/live-keypoints/"), 0);
  await kept(2);
  await page.evaluate(async () => {
    const cache = await caches.open("live-keypoints-models");
    const [key] = await cache.keys();
    await cache.put(key, new Response("damaged"));
  });
  assert.equal(await create("/live-keypoints/"), 1, "it is fetched again");
  await kept(2);
  assert.equal(await create("/live-keypoints/"), 0);
  await close();
});

test("in a frame of another site, where the browser refuses locks and storage, everything works", async () => {
  const { server } = opened;
  server.answers.set("/outer.html", {
    type: "text/html",
    body: '<!doctype html><link rel="icon" href="data:,"><iframe></iframe>',
    policy: "default-src 'none'; frame-src *; img-src data:",
  });
  const { page, close } = await openPage(opened, "/outer.html");
  const inner = server.address.replace("127.0.0.1", "localhost");
  await page.evaluate((address) => {
    document.querySelector("iframe").src = address;
  }, `${inner}/pages/blank.html`);
  await page.waitForFunction(() => frames.length === 1);
  let frame;
  while (!(frame = page.frames().find((one) => one.url().startsWith(inner))))
    await page.waitForTimeout(20);
  await frame.waitForLoadState();
  const found = await frame.evaluate(async () => {
    const answer = (promise) => promise.then(String, ({ name }) => name);
    const locks = await answer(navigator.locks.request("a", () => "given"));
    const { LiveKeypoints, clipFrame } = await import("/pages/harness.js");
    const poses = [];
    for (const cache of [true, false]) {
      const live = await LiveKeypoints.create({ parts: ["pose"], cache });
      poses.push((await live.detect(await clipFrame(0))).pose !== null);
      await live.close();
    }
    return { locks, poses };
  });
  // Else this browser refuses nothing, and the test says nothing.
  assert.equal(found.locks, "SecurityError");
  assert.deepEqual(found.poses, [true, true]);
  await close();
});

test("a page whose storage, locks and digests are refused works as one that has none", async () => {
  const init = () => {
    const refuse = () =>
      Promise.reject(new DOMException("no", "SecurityError"));
    const deny = () => {
      throw new DOMException("no", "SecurityError");
    };
    Object.defineProperty(globalThis, "caches", { get: deny });
    for (const name of ["locks", "storage", "serviceWorker", "permissions"])
      Object.defineProperty(navigator, name, { get: deny });
    for (const name of ["localStorage", "sessionStorage", "indexedDB"])
      Object.defineProperty(globalThis, name, { get: deny });
    crypto.subtle.digest = refuse;
  };
  const found = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame }) => {
      const live = await LiveKeypoints.create({ parts: ["pose"] });
      const { pose } = await live.detect(await clipFrame(0));
      await live.close();
      return pose !== null;
    },
    undefined,
    { init },
  );
  assert.ok(found);
});
