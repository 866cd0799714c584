// Signs from results that are there, by models and by example.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import {
  EXAMPLES,
  gesture,
  result,
} from "../../tests/browser/pages/gestures.js";
import { SignRecognizer } from "../build/signs.js";
import { test } from "./limited.mjs";

const fixture = (name) =>
  readFile(new URL(`../../tests/fixtures/signs/${name}`, import.meta.url));
const signs = await readFile(
  new URL("../build/wasm/signs/signs_bg.wasm", import.meta.url),
);
const cases = JSON.parse(await fixture("cases.json"));

const create = (options) =>
  SignRecognizer.create({ assets: { signs }, ...options });

/** Two points with three values each, and three labels; the first window of so many frames is told. */
const manifest = (frames, more) => ({
  ...{ version: 1, model: "m.onnx", labels: ["a", { gloss: "b" }, "c"] },
  softmax: true,
  features: {
    parts: [{ part: "pose", points: [0, 1], values: ["x", "y", "z"] }],
    aspect: "picture",
    layout: "frames-points-values",
  },
  window: { least: frames, most: 12, padding: "none" },
  acceptance: { confidence: 0, history: 1, agreement: 1 },
  ...more,
});

/** A result whose first two points are these six numbers. */
function row([x, y, z, ...second], index) {
  const pose = new Float32Array(33 * 4);
  pose.set([x, y, z, 1, ...second, 1]);
  return result(index, { pose });
}

const told = (recognizer, frames) =>
  frames.map((frame) => recognizer.push(frame)).filter(Boolean);

for (const [model, layout, fixed] of [
  ["sequence", "frames-points-values"],
  ["convolution", "points-values-frames"],
  ["graph", "values-frames-points", { least: 10, most: 10 }],
  ["still", "frames-points-values", { least: 1, most: 1 }],
])
  test(`what a model says is what onnxruntime says: ${model}`, async () => {
    for (const { rows, outputs } of cases[model]) {
      const given = manifest(rows.length, { softmax: !fixed });
      given.features.layout = layout;
      if (fixed) given.window = fixed;
      const recognizer = await create({
        ...{ manifest: given, model: await fixture(`${model}.onnx`) },
      });
      const [sign, ...others] = told(recognizer, rows.map(row));
      assert.equal(others.length, 0);
      assert.deepEqual(recognizer.labels(), given.labels);
      assert.deepEqual([sign.startMs, sign.endMs], [0, 40 * (rows.length - 1)]);
      const at = ({ label }) => outputs[given.labels.findIndex(isSame(label))];
      assert.equal(at(sign), Math.max(...outputs));
      assert.equal(sign.top.length, 3);
      const of = ({ confidence }) =>
        fixed ? confidence : Math.log(confidence);
      for (const other of sign.top.slice(1)) {
        const found = of(sign.top[0]) - of(other);
        const expected = at(sign.top[0]) - at(other);
        assert.ok(Math.abs(found - expected) < 1e-4, `${found} ${expected}`);
      }
      if (fixed) assert.ok(Math.abs(sign.confidence - at(sign)) < 1e-4);
      recognizer.close();
    }
  });

const isSame = (label) => (other) =>
  JSON.stringify(other) === JSON.stringify(label);

test("three examples of each teach signs, which are exported, imported and forgotten", async () => {
  const teacher = await create();
  for (const [label, frames] of EXAMPLES) teacher.teach(label, frames);
  assert.deepEqual(teacher.labels(), ["open", "close", "swipe"]);
  const pupil = await create({ examples: teacher.export() });
  for (const kind of ["open", "close", "swipe"]) {
    pupil.reset();
    const signs = told(pupil, gesture(kind, 26, 0.33));
    assert.deepEqual(
      signs.map(({ label }) => label),
      [kind],
    );
    assert.ok(signs[0].confidence >= 0.6 && signs[0].confidence <= 1);
  }
  assert.equal(pupil.forget("open"), 3);
  assert.equal(pupil.forget("open"), 0);
  assert.deepEqual(pupil.labels(), ["close", "swipe"]);
  pupil.import(teacher.export());
  assert.deepEqual(pupil.labels(), ["open", "close", "swipe"]);
  assert.equal(pupil.export(), teacher.export());
});

test("the newest frames that were pushed teach a sign, too", async () => {
  const recognizer = await create();
  assert.throws(() => recognizer.teach("open", 20), {
    code: "signs-examples-invalid",
  });
  told(recognizer, gesture("open", 20, 0.3));
  recognizer.teach({ gloss: "open" }, 20);
  recognizer.teach({ gloss: "open" });
  assert.deepEqual(recognizer.labels(), [{ gloss: "open" }]);
});

test("a scene without motion is told once", async () => {
  const recognizer = await create();
  const still = (first, count) =>
    gesture("open", count, 0.3, first).map((it) => ({ ...it, still: true }));
  assert.deepEqual(told(recognizer, still(0, 44)), []);
  assert.deepEqual(told(recognizer, still(44, 60)), ["idle"]);
  assert.deepEqual(told(recognizer, gesture("open", 1, 0.3, 104)), []);
  assert.deepEqual(told(recognizer, still(105, 45)), ["idle"]);
});

const INVALID = {
  "a manifest that is no JSON": [
    { manifest: new Blob(["{"]) },
    "signs-manifest-invalid",
    /the file cannot be read/,
  ],
  "a field that is unknown": [
    { manifest: manifest(1, { windows: {} }) },
    "signs-manifest-invalid",
    /windows/,
  ],
  "a point that the part has not": [
    {
      manifest: manifest(1, {
        features: { parts: [{ part: "pose", points: [33], values: ["x"] }] },
      }),
    },
    "signs-manifest-invalid",
    /features\.parts\[0\]\.points.*33/,
  ],
  "no model where there must be one": [
    { manifest: manifest(1) },
    "signs-model-invalid",
    /m\.onnx/,
  ],
  "a model where there must be none": [
    { model: new Uint8Array(9) },
    "signs-model-invalid",
    /option model/,
  ],
  "bytes that are no model": [
    { manifest: manifest(1), model: new Uint8Array(9) },
    "signs-model-invalid",
    /./,
  ],
  "labels that are too few": [
    { manifest: manifest(1, { labels: ["a"] }), model: "sequence.onnx" },
    "signs-model-invalid",
    /3.*1|1.*3/,
  ],
  "an operator that is unknown": [
    { manifest: manifest(1), model: "bad_unknown_operator.onnx" },
    "signs-model-invalid",
    /operator/i,
  ],
  "a model that gives NaN": [
    { manifest: manifest(1), model: "bad_nan.onnx" },
    "signs-model-invalid",
    /NaN/,
  ],
  "examples that are none": [
    { examples: "[]" },
    "signs-examples-invalid",
    /examples/,
  ],
  "an option that is unknown": [
    { manifests: {} },
    "invalid-option",
    /"manifests".*manifest/,
  ],
  "examples that are no text": [
    { examples: {} },
    "invalid-option",
    /option examples/,
  ],
};
for (const [name, [options, code, message]] of Object.entries(INVALID))
  test(`refused when it is created: ${name}`, async () => {
    const model =
      typeof options.model === "string"
        ? await fixture(options.model)
        : options.model;
    await assert.rejects(create({ ...options, model }), {
      ...{ name: "LiveKeypointsError", code, message },
    });
  });

test("what is no result, no label and no number of frames is refused by name, and changes nothing", async () => {
  const recognizer = await create();
  const refused = (call, message) =>
    assert.throws(call, { name: "LiveKeypointsError", message });
  refused(() => recognizer.push(null), /a result, not/);
  refused(() => recognizer.push(result(NaN)), /timestampMs/);
  refused(
    () => recognizer.push(result(0, { pose: new Float32Array(3) })),
    /pose.*132/,
  );
  refused(() => recognizer.teach(undefined, [result(0)]), /label/);
  refused(() => recognizer.teach(null, gesture("open", 9, 0.3)), /label/);
  refused(() => recognizer.teach(7, gesture("open", 9, 0.3)), /label.*7/);
  refused(() => recognizer.teach("a", 0), /frames.*0/);
  refused(() => recognizer.teach("a", 1.5), /frames.*1\.5/);
  refused(() => recognizer.teach("a", "all"), /frames.*all/);
  refused(() => recognizer.teach("a", []), /frames/);
  refused(() => recognizer.teach("a", [result(0)]), /window/);
  refused(() => recognizer.import("{}"), /examples/);
  assert.deepEqual(recognizer.labels(), []);
});

test("after close() every call throws `closed`, but close() itself", async () => {
  const recognizer = await create();
  recognizer.close();
  recognizer.close();
  for (const call of ["push", "teach", "forget", "labels", "export", "reset"])
    assert.throws(() => recognizer[call](result(0)), { code: "closed" }, call);
});

test("an aborted signal ends create() before anything is fetched", async () => {
  await assert.rejects(create({ signal: AbortSignal.abort() }), {
    code: "aborted",
  });
});
