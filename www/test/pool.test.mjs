import assert from "node:assert/strict";

import { LiveKeypointsError } from "../build/errors.js";
import { WorkerPool } from "../build/pool.js";
import { layoutSteps } from "../build/steps.js";
import { FakeWorker, startWith, until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

/** A model for each step, by its name. */
const namesOf = (steps) => steps;

/** A pool of `count` workers; `make(number)` says how the workers that are created one after the other behave. */
function makePool(
  count,
  { make = () => ({}), timeouts = {}, messages = startWith({ namesOf }) } = {},
) {
  const workers = [];
  const told = { ready: [], answered: [], died: [], lost: [] };
  const events = Object.fromEntries(
    Object.keys(told).map((name) => [
      name,
      (slot, what) => told[name].push({ slot, what }),
    ]),
  );
  const options = {
    createWorker: () => {
      const worker = new FakeWorker(make(workers.length));
      workers.push(worker);
      return worker;
    },
    ...{ workerTimeoutMs: 1000, startTimeoutMs: 1000 },
    ...timeouts,
  };
  const pool = new WorkerPool(
    layoutSteps(count, ["pose", "hands", "face"]),
    messages,
    options,
  );
  pool.connect(events);
  return { pool, workers, told };
}

const code = (word) => (error) => error.code === word;
const RUN = {
  type: "run",
  ticket: 7,
  frame: 0,
  job: Uint8Array.of(1),
  pixels: undefined,
  release: [],
};

function giveStep(slot) {
  slot.claim();
  slot.post(RUN, []);
}

test("every worker is started with the models of its own steps", async () => {
  const { pool, workers } = makePool(3);
  await pool.start();
  assert.deepEqual(
    workers.map((worker) => worker.got("model").map(({ name }) => name)),
    [["decode", "pose"], ["leftHand", "face"], ["rightHand"]],
  );
  assert.ok(pool.slots.every((slot) => slot.isIdle));
  pool.close();
  assert.ok(workers.every((worker) => worker.isTerminated));
});

test("a worker that cannot be created rejects the start", async () => {
  const options = { make: () => assert.fail("no workers today") };
  await assert.rejects(
    makePool(2, options).pool.start(),
    code("worker-failed"),
  );
});

test("a worker whose script does not load rejects the start and ends the others", async () => {
  const { pool, workers } = makePool(2, {
    make: (number) => (number === 1 ? { hello: null } : {}),
  });
  const started = pool.start();
  workers[1].die("");
  await assert.rejects(
    started,
    (error) => code("worker-failed")(error) && /script/.test(error.message),
  );
  assert.ok(workers.every((worker) => worker.isTerminated));
});

test("a worker that never says hello rejects the start", async () => {
  const { pool } = makePool(1, {
    make: () => ({ hello: null }),
    timeouts: { startTimeoutMs: 20 },
  });
  await assert.rejects(pool.start(), code("worker-failed"));
});

test("a worker of another version or protocol rejects the start", async () => {
  for (const hello of [
    { protocol: 1, version: "0.0.9" },
    { protocol: 99, version: "0.1.0" },
  ]) {
    await assert.rejects(
      makePool(1, { make: () => ({ hello }) }).pool.start(),
      code("version-mismatch"),
    );
  }
});

test("an inference module of another version rejects the start", async () => {
  const answer = () => ({ type: "ready", version: "0.0.9" });
  await assert.rejects(
    makePool(1, { make: () => ({ answer }) }).pool.start(),
    code("version-mismatch"),
  );
});

test("something that is no worker of ours rejects the start", async () => {
  const answer = () => ({ type: "greetings" });
  await assert.rejects(
    makePool(1, { make: () => ({ answer }) }).pool.start(),
    code("version-mismatch"),
  );
});

test("a wrong model rejects the start with the code of the WebAssembly", async () => {
  const answer = () => ({
    type: "broken",
    code: "model-mismatch",
    message: "another model",
  });
  await assert.rejects(
    makePool(1, { make: () => ({ answer }) }).pool.start(),
    code("model-mismatch"),
  );
});

test("a worker that dies is replaced, and the replacement is loaded the same way", async () => {
  const { pool, workers, told } = makePool(1, {
    make: () => ({
      answer: (message) => (message.type === "run" ? null : undefined),
    }),
  });
  await pool.start();
  giveStep(pool.slots[0]);
  workers[0].die("out of memory");
  assert.equal(told.died.length, 1);
  assert.equal(told.died[0].what.code, "worker-died");
  assert.match(told.died[0].what.message, /out of memory/);
  await until(() => told.ready.length === 1);
  assert.ok(workers[0].isTerminated);
  for (const message of ["init", "model"])
    assert.deepEqual(workers[1].got(message), workers[0].got(message));
  assert.ok(pool.slots[0].isIdle);
  assert.equal(pool.slots[0].replaced, 1);
  pool.close();
});

test("a worker that falls silent on a step is replaced", async () => {
  const { pool, told } = makePool(1, {
    make: () => ({
      answer: (message) => (message.type === "run" ? null : undefined),
    }),
    timeouts: { workerTimeoutMs: 20 },
  });
  await pool.start();
  giveStep(pool.slots[0]);
  await until(() => told.ready.length === 1);
  assert.match(told.died[0].what.message, /20 ms/);
  pool.close();
});

test("a worker that answers in time is left alone", async () => {
  const { pool, told } = makePool(1, { timeouts: { workerTimeoutMs: 30 } });
  await pool.start();
  giveStep(pool.slots[0]);
  await until(() => told.answered.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(told.died.length, 0);
  pool.close();
});

test("a worker that dies again and again without finishing a step is given up", async () => {
  const { pool, workers, told } = makePool(1, {
    make: () => ({
      answer: (message) => (message.type === "run" ? null : undefined),
    }),
  });
  await pool.start();
  for (let death = 1; told.lost.length === 0; death += 1) {
    assert.ok(death < 10, "never given up");
    giveStep(pool.slots[0]);
    workers.at(-1).die();
    await until(() => told.lost.length > 0 || pool.slots[0].isIdle);
  }
  assert.equal(workers.length, 4);
  assert.equal(told.lost[0].what.code, "worker-failed");
});

test("a replacement that does not start is the end", async () => {
  const { pool, workers, told } = makePool(1, {
    make: (number) =>
      number === 0 ? {} : { hello: { protocol: 1, version: "9" } },
  });
  await pool.start();
  workers[0].die();
  await until(() => told.lost.length === 1);
  assert.equal(workers.length, 2);
});

test("what an ended worker still says is not heard", async () => {
  const { pool, workers, told } = makePool(1);
  await pool.start();
  pool.close();
  workers[0].isTerminated = false;
  workers[0].say({
    type: "outcome",
    ticket: 1,
    outcome: new Uint8Array(),
    elapsedUs: 1,
  });
  workers[0].die();
  assert.deepEqual(
    [told.answered.length, told.died.length, told.lost.length],
    [0, 0, 0],
  );
});

test("layouts serve every step once, and no more workers than have work", () => {
  const all = ["decode", "face", "leftHand", "pose", "rightHand"];
  for (const workers of [1, 2, 3, 4]) {
    const layout = layoutSteps(workers, ["pose", "hands", "face"]);
    assert.equal(layout.length, workers);
    assert.deepEqual(layout.flat().sort(), all);
    assert.deepEqual(layout[0].slice(0, 2), ["decode", "pose"]);
  }
  assert.deepEqual(layoutSteps(4, ["pose"]), [["decode", "pose"]]);
  assert.deepEqual(layoutSteps(4, ["face"]), [["decode", "pose"], ["face"]]);
  assert.deepEqual(layoutSteps(2, ["pose", "face"]), [
    ["decode", "pose"],
    ["face"],
  ]);
  assert.deepEqual(layoutSteps(3, ["hands"]), [
    ["decode", "pose"],
    ["leftHand"],
    ["rightHand"],
  ]);
  assert.deepEqual(layoutSteps(2, ["hands"]), [
    ["decode", "pose"],
    ["leftHand", "rightHand"],
  ]);
});

test("one worker compiles for all, and its replacement does not again", async () => {
  const compile = { type: "compile", source: { url: "there" } };
  const { workers, pool, told } = makePool(2, {
    messages: startWith({ compile, namesOf }),
  });
  await pool.start();
  const typesOf = ({ received }) => received.map(({ type }) => type);
  const all = ["init", "model", "model", "model"];
  assert.deepEqual(typesOf(workers[0]), ["compile", ...all]);
  assert.deepEqual(typesOf(workers[1]), ["init", "model", "model"]);
  workers[0].die();
  await until(() => told.ready.length === 1);
  assert.deepEqual(typesOf(workers[2]), all);
  pool.close();
});

test("a worker that has nothing to compile for want of the file rejects the start", async () => {
  const compile = Promise.reject(
    new LiveKeypointsError("asset-unreachable", "404"),
  );
  compile.catch(() => {});
  const { pool } = makePool(1, { messages: { ...startWith(), compile } });
  await assert.rejects(pool.start(), code("asset-unreachable"));
});
