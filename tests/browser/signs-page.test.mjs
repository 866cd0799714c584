// Signs that the page recognises itself: option `signs` of `create()`, and `SignRecognizer` alone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

/** Whether there is a left hand, told anew whenever that changes. Three frames without motion are idleness. */
const MANIFEST = {
  ...{ version: 1, model: "presence.onnx", softmax: true },
  labels: [{ gloss: "hand" }, "nobody"],
  features: {
    parts: [
      {
        ...{ part: "left_hand", points: ["wrist"] },
        ...{ values: ["x", "y"], missing: -1 },
      },
    ],
  },
  parts: ["pose", "hands"],
  window: { least: 1, most: 3, padding: "none" },
  acceptance: { history: 1, agreement: 1 },
  idle: { frames: 3 },
};
const ADDRESS = "/signs/signs.json";

let opened;

before(async () => {
  opened = await openBrowser();
});
afterEach(() => opened.server.answers.clear());
after(() => opened.close());

const serveManifest = (manifest = MANIFEST) =>
  opened.server.answers.set(ADDRESS, {
    ...{ type: "application/json", body: JSON.stringify(manifest) },
  });

/** The package's files that a page asked for while `body` ran. */
async function requestsOf(body, argument) {
  opened.server.requests.length = 0;
  await inPage(opened, body, argument);
  return opened.server.requests.filter((path) =>
    path.startsWith("/live-keypoints/"),
  );
}

/** A file of the package and all that it imports at once. */
async function withImports(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const file = new URL(`../../www/dist/${name}`, import.meta.url);
  const source = await readFile(file, "utf8");
  const imports = source.matchAll(/^(?:import|\}) .*?"\.\/([^"]+)";$/gm);
  for (const [, other] of imports) await withImports(other, found);
  return found;
}

test("a page without signs fetches nothing of them, and one with signs each file once", async () => {
  const create = async ({ LiveKeypoints }, signs) => {
    const parts = ["pose", "hands"];
    const live = await LiveKeypoints.create({
      ...{ workers: 2, parts, cache: false },
      ...(signs ? { signs } : {}),
    });
    await live.close();
  };
  const without = await requestsOf(create);
  const known = [...(await withImports("index.js")), "worker.js"];
  const code = without.filter((path) => path.endsWith(".js"));
  assert.deepEqual(
    [...new Set(code)].sort(),
    known.map((name) => `/live-keypoints/${name}`).sort(),
  );
  assert.equal(without.filter((path) => /signs/.test(path)).length, 0);
  serveManifest();
  const asked = await requestsOf(create, { manifest: ADDRESS });
  for (const file of ["signs_bg.wasm", "worker.js"]) {
    const path = `/live-keypoints/wasm/signs/${file}`;
    assert.equal(asked.filter((other) => other === path).length, 1, path);
  }
});

test("signs and idleness are told, by the model beside the manifest", async () => {
  serveManifest();
  const { signs, iterated, idle, errors, still, times, workers, made } =
    await inPage(
      opened,
      async ({ LiveKeypoints, clipFrame, run, until }, manifest) => {
        let made = 0;
        const live = await LiveKeypoints.create({
          signs: { manifest },
          createWorker: () => {
            made += 1;
            return new Worker("/live-keypoints/worker.js", { type: "module" });
          },
        });
        const [signs, iterated, idle] = [[], [], []];
        live.on("sign", (sign) => signs.push(sign));
        live.on("idle", (nothing) => idle.push(nothing === undefined));
        const iterating = (async () => {
          for await (const sign of live.signs) iterated.push(sign);
        })();
        const first = await clipFrame(0);
        const frames = Array.from({ length: 12 }, () => first.slice());
        const { results, errors } = await run(live, frames);
        await until(() => idle.length > 0);
        const workers = live.stats().workers.length;
        await live.close();
        await iterating;
        return {
          ...{ signs, iterated, idle, errors, workers, made },
          still: results.filter(({ still }) => still).length,
          times: results.map(({ timestampMs }) => timestampMs),
        };
      },
      ADDRESS,
    );
  assert.deepEqual(errors, []);
  assert.equal(made, workers);
  assert.equal(signs.length, 1);
  assert.deepEqual(iterated, signs);
  const [sign] = signs;
  assert.deepEqual(sign.label, { gloss: "hand" });
  assert.ok(sign.confidence > 0.8 && sign.confidence <= 1, sign.confidence);
  assert.ok(times.includes(sign.startMs), `${sign.startMs} of ${times}`);
  assert.ok(sign.endMs >= sign.startMs && times.includes(sign.endMs));
  assert.deepEqual(idle, [true]);
  assert.ok(still >= 3, still);
});

test("what the clip shows is taught while it plays, and seen by a stream that is given the examples", async () => {
  const { labels, told, others } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, until }) => {
      const frames = await clipFrames();
      /** One frame after the other, as a camera's come. */
      const play = async (live, times) => {
        let done = 0;
        live.on("keypoints", () => (done += 1));
        for (let index = 0; index < times * frames.length; index += 1) {
          live.push(frames[index % frames.length], { timestampMs: 33 * index });
          await until(() => done > index);
        }
      };
      const teacher = await LiveKeypoints.create({ signs: {} });
      const results = [];
      teacher.on("keypoints", (keypoints) => results.push(keypoints));
      await play(teacher, 1);
      for (const end of [30, 33, 36])
        await teacher.signs.teach("fingers", results.slice(end - 28, end));
      await teacher.signs.teach({ gloss: "newest" }, 20);
      const labels = await teacher.signs.labels();
      await teacher.signs.forget({ gloss: "newest" });
      const examples = await teacher.signs.export();
      await teacher.close();
      const pupil = await LiveKeypoints.create({ signs: { examples } });
      const told = [];
      pupil.on("sign", ({ label }) => told.push(label));
      await play(pupil, 2);
      await until(() => told.length > 0);
      const others = await pupil.signs.labels();
      await pupil.close();
      return { labels, told, others };
    },
  );
  assert.deepEqual(labels, ["fingers", { gloss: "newest" }]);
  assert.deepEqual(others, ["fingers"]);
  assert.ok(told.length > 0 && told.every((label) => label === "fingers"));
});

test("a worker that is killed with the recogniser is replaced, and what was taught is kept", async () => {
  const { errors, labels, replaced, told } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrames, until }) => {
      const { EXAMPLES } = await import("/pages/gestures.js");
      const workers = [];
      const live = await LiveKeypoints.create({
        ...{ workers: 2, workerTimeoutMs: 3000, signs: {} },
        createWorker: () => {
          const options = { type: "module" };
          workers.push(new Worker("/live-keypoints/worker.js", options));
          return workers.at(-1);
        },
      });
      for (const [label, frames] of EXAMPLES)
        await live.signs.teach(label, frames);
      const errors = [];
      live.on("error", ({ code }) => errors.push(code));
      const frames = await clipFrames(20);
      const replaced = () => live.stats().workers[1].replaced;
      workers[1].terminate();
      for (let index = 0; replaced() === 0; index += 1) {
        live.push(frames[index % 20], { timestampMs: 33 * index });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const told = [];
      live.on("sign", (sign) => told.push(sign.label));
      let labels;
      await until(() => {
        live.signs.labels().then(
          (found) => (labels = found),
          () => {},
        );
        return labels;
      });
      const result = { labels, errors, replaced: replaced(), told };
      await live.close();
      return result;
    },
  );
  assert.deepEqual(labels, ["open", "close", "swipe"]);
  assert.equal(replaced, 1);
  assert.ok(
    errors.every((code) => code === "worker-died"),
    `${errors}`,
  );
  assert.deepEqual(told, []);
});

for (const [name, given, code, message] of [
  [
    "a manifest that names a model which is not there",
    { ...MANIFEST, model: "absent.onnx" },
    "asset-unreachable",
    /the sign model.*404/,
  ],
  [
    "a manifest with a wrong index",
    {
      ...MANIFEST,
      features: {
        parts: [{ part: "left_hand", points: [21], values: ["x", "y"] }],
      },
    },
    "signs-manifest-invalid",
    /features\.parts\[0\]\.points.*21/,
  ],
  [
    "a model that does not fit the labels",
    { ...MANIFEST, labels: ["a", "b", "c"] },
    "signs-model-invalid",
    /3/,
  ],
])
  test(`create() tells by one clear error: ${name}`, async () => {
    serveManifest(given);
    const error = await inPage(
      opened,
      (harness, manifest) => harness.createError({ signs: { manifest } }),
      ADDRESS,
      { expected: [/Failed to load resource/] },
    );
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });

test("a worker that cannot load the script of signs fails create() with one clear error", async () => {
  opened.server.answers.set("/live-keypoints/wasm/signs/worker.js", {
    ...{ status: 404, type: "text/plain", body: "not found" },
  });
  const error = await inPage(
    opened,
    (harness) => harness.createError({ signs: {} }),
    null,
    { expected: [/Failed to load resource/] },
  );
  assert.equal(error.code, "asset-unreachable");
  assert.match(error.message, /script of signs/);
});

test("alone, a recogniser takes the results that a page has", async () => {
  serveManifest();
  const { told, labels } = await inPage(
    opened,
    async (_, manifest) => {
      const { SignRecognizer } = await import("/live-keypoints/signs.js");
      const { EXAMPLES, gesture } = await import("/pages/gestures.js");
      const taught = await SignRecognizer.create();
      for (const [label, frames] of EXAMPLES) taught.teach(label, frames);
      const told = gesture("swipe", 26, 0.33).map((it) => taught.push(it));
      taught.close();
      const known = await SignRecognizer.create({ manifest });
      const labels = known.labels();
      known.close();
      return { told: told.filter(Boolean).map(({ label }) => label), labels };
    },
    ADDRESS,
  );
  assert.deepEqual(told, ["swipe"]);
  assert.deepEqual(labels, MANIFEST.labels);
});
