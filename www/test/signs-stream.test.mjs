// Option `signs`: the recogniser is the built one, in workers that find nobody.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { EXAMPLES } from "../../tests/browser/pages/gestures.js";
import { LiveKeypoints } from "../build/live-keypoints.js";
import { serve } from "../build/signs/worker.js";
import { fakeStream, GIVEN, jpeg } from "./fake-stream.mjs";
import { FakeWorker, until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const fixture = (name) =>
  readFile(new URL(`../../tests/fixtures/signs/${name}`, import.meta.url));
const signs = await readFile(
  new URL("../build/wasm/signs/signs_bg.wasm", import.meta.url),
);
const model = await fixture("presence.onnx");
const labels = JSON.stringify(["open", "close", "swipe"]);

/** Whether there is a left hand, told whenever that changes. */
const manifest = (more) => ({
  ...{ version: 1, model: "presence.onnx", softmax: true },
  labels: ["hand", { gloss: "nobody" }],
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
  ...more,
});

/** Serves signs as the script does; `port` is where, and `mute` whether it hears nothing. */
class SigningWorker extends FakeWorker {
  static isMute = false;
  port;

  postMessage(message, transfer) {
    if (!message.signs) return super.postMessage(message, transfer);
    this.port = message.signs.port;
    this.script = message.signs.script;
    if (!SigningWorker.isMute) serve(this.port);
  }

  terminate() {
    super.terminate();
    this.port?.close();
  }
}

async function signing(given, options = {}) {
  const workers = [];
  const live = await LiveKeypoints.create({
    createWorker: () => {
      workers.push(new SigningWorker());
      return workers.at(-1);
    },
    assets: { ...GIVEN, signs },
    ...options,
    signs: given,
  });
  const errors = [];
  live.on("error", (error) => errors.push(error));
  const hosts = () => workers.filter(({ port }) => port);
  return { live, workers, errors, hosts };
}

test("signs are told by an event and an iterator, by one of the stream's own workers", async () => {
  const { live, workers, hosts } = await signing({
    manifest: manifest(),
    model,
  });
  assert.equal(workers.length, live.stats().workers.length);
  assert.equal(hosts().length, 1);
  assert.notEqual(hosts()[0], workers[0]);
  const told = [];
  live.on("sign", (sign) => told.push(sign));
  const times = [100.5, 130.5, 160.5];
  for (const timestampMs of times) live.push(jpeg(), { timestampMs });
  for await (const sign of live.signs) {
    assert.deepEqual(sign.label, { gloss: "nobody" });
    assert.ok(times.includes(sign.startMs) && times.includes(sign.endMs));
    assert.deepEqual(
      sign.top.map(({ label }) => label),
      [{ gloss: "nobody" }, "hand"],
    );
    assert.deepEqual(told, [sign]);
    break;
  }
  assert.deepEqual(await live.signs.labels(), manifest().labels);
  assert.equal(live.signs.leftOut, 0);
  await live.close();
  await assert.rejects(live.signs.labels(), { code: "closed" });
  assert.ok(workers.every(({ isTerminated }) => isTerminated));
});

test("a stream that was asked for no signs has none", async () => {
  const { live } = await fakeStream({ workers: 1 });
  assert.throws(() => live.signs, { code: "invalid-option", message: /signs/ });
  await live.close();
});

test("one worker does both", async () => {
  const { live, workers, hosts } = await signing(
    { manifest: manifest(), model },
    { workers: 1 },
  );
  assert.deepEqual(hosts(), workers);
  assert.equal(workers.length, 1);
  await live.close();
});

for (const workers of [1, 3])
  test(`of ${workers} workers, one that ends takes nothing along that was taught`, async () => {
    const stream = await signing({}, { workers });
    const { live, hosts } = stream;
    for (const [label, frames] of EXAMPLES)
      await live.signs.teach(label, frames);
    const exported = await live.signs.export();
    const [first] = hosts();
    const pending = live.signs.labels();
    first.die();
    await assert.rejects(pending, { code: "worker-died" });
    await until(() => hosts().length > 1);
    assert.ok(first.isTerminated);
    assert.equal(JSON.stringify(await live.signs.labels()), labels);
    assert.equal(await live.signs.forget("open"), 3);
    assert.equal(await live.signs.forget("open"), 0);
    hosts().at(-1).die();
    await until(() => hosts().length > 2);
    assert.deepEqual(await live.signs.labels(), ["close", "swipe"]);
    await live.signs.import(exported);
    assert.equal(await live.signs.export(), exported);
    await live.close();
  });

test("of frames that nobody takes, some are under way and the rest is left out", async () => {
  const { live } = await signing({ manifest: manifest(), model });
  let frames = 0;
  live.on("keypoints", () => (frames += 1));
  // All of them are pushed before the port is heard once.
  const push = live.signs.push.bind(live.signs);
  const keypoints = { index: 0, timestampMs: 0, width: 1, height: 1 };
  for (let count = 0; count < 50; count += 1) push(keypoints);
  assert.equal(live.signs.leftOut, 20);
  await live.signs.labels();
  live.push(jpeg());
  await until(() => frames === 1);
  assert.equal(live.signs.leftOut, 20);
  await live.close();
});

test("options that contradict the signs are refused by both names, others are filled in", async () => {
  const given = { manifest: manifest({ face: 468 }), model };
  const refused = (options, message) =>
    assert.rejects(signing(given, options), {
      code: "invalid-option",
      message,
    });
  await refused(
    { graph: "landmarkers" },
    /signs.*graph.*holistic.*landmarkers/,
  );
  await refused({ parts: ["pose"] }, /signs.*"hands" among parts.*pose/);
  await refused({ mirrored: true }, /signs.*mirrored.*false/);
  const { live } = await signing(given, {
    parts: ["pose", "hands", "face"],
    ...{ graph: "holistic", mirrored: false, face: 478, skipStill: false },
  });
  await live.close();
});

const INVALID = {
  "a manifest with a wrong field": [
    { manifest: manifest({ labels: 1 }), model },
    "signs-manifest-invalid",
  ],
  "a manifest without its model": [
    { manifest: manifest() },
    "signs-model-invalid",
  ],
  "a model that is none": [
    { manifest: manifest(), model: new Uint8Array(3) },
    "signs-model-invalid",
  ],
  "examples that are none": [{ examples: "{" }, "signs-examples-invalid"],
  "an unknown option": [{ manifesto: {} }, "invalid-option"],
  "no options at all": [true, "invalid-option"],
};
for (const [name, [given, code]] of Object.entries(INVALID))
  test(`create() refuses it and leaves no worker: ${name}`, async () => {
    const made = [];
    const createWorker = () => {
      made.push(new SigningWorker());
      return made.at(-1);
    };
    await assert.rejects(signing(given, { createWorker }), {
      ...{ name: "LiveKeypointsError", code },
    });
    assert.ok(made.every(({ isTerminated }) => isTerminated));
  });

test("a worker that ends before the recogniser is there fails create()", async () => {
  SigningWorker.isMute = true;
  try {
    const made = [];
    const creating = signing(
      {},
      {
        createWorker: () => {
          made.push(new SigningWorker());
          if (made.length === 2) setTimeout(() => made[1].die(), 10);
          return made.at(-1);
        },
      },
    );
    await assert.rejects(creating, { code: "worker-failed" });
    assert.ok(made.every(({ isTerminated }) => isTerminated));
  } finally {
    SigningWorker.isMute = false;
  }
});

test("an aborted create() leaves nothing", async () => {
  SigningWorker.isMute = true;
  try {
    const made = [];
    const controller = new AbortController();
    const creating = signing(
      {},
      {
        signal: controller.signal,
        createWorker: () => {
          made.push(new SigningWorker());
          if (made.length === 2) setTimeout(() => controller.abort(), 10);
          return made.at(-1);
        },
      },
    );
    await assert.rejects(creating, { code: "aborted" });
    assert.ok(made.every(({ isTerminated }) => isTerminated));
  } finally {
    SigningWorker.isMute = false;
  }
});
