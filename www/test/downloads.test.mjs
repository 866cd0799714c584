import assert from "node:assert/strict";
import { mock } from "node:test";

import { unlessSilent } from "../build/downloads.js";
import { test } from "./limited.mjs";

/** Lets promises settle, which no fake clock does. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A download that never ends by itself, on a clock that the test turns; `attempts` are its own. */
function begin(context, get) {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const controller = new AbortController();
  const attempts = [];
  const hang = (request, heard) => {
    attempts.push({ ...request, heard });
    return new Promise((_resolve, reject) =>
      request.signal.addEventListener("abort", () => reject(new Error("cut"))),
    );
  };
  const pass = async (seconds) => {
    for (let second = 0; second < seconds; second += 1) {
      mock.timers.tick(1000);
      await settle();
    }
  };
  const outcome = unlessSilent(
    ...["a", ["default", "no-store"]],
    ...[controller.signal, get ?? hang],
  ).catch((error) => error);
  return { controller, attempts, outcome, pass };
}

test("a silent file is asked for again past the HTTP cache, and given up after another silence", async (context) => {
  const { attempts, outcome, pass } = begin(context);
  const caches = () => attempts.map(({ cache }) => cache);
  await pass(9);
  assert.deepEqual(caches(), ["default"]);
  await pass(2);
  assert.deepEqual(caches(), ["default", "no-store"]);
  assert.ok(attempts[0].signal.aborted);
  await pass(30);
  const { code, message } = await outcome;
  assert.equal(code, "asset-unreachable");
  assert.match(message, /^a .*silent for 30 seconds/);
});

test("while bytes arrive it is not given up, however long it takes", async (context) => {
  const { controller, attempts, outcome, pass } = begin(context);
  for (let turn = 0; turn < 60; turn += 1) {
    await pass(9);
    attempts[0].heard();
  }
  assert.equal(attempts.length, 1);
  controller.abort();
  assert.equal((await outcome).code, "aborted");
  // Nothing is asked for after that.
  await pass(60);
  assert.equal(attempts.length, 1);
});

test("an error of the download is its own, and no reason for another attempt", async (context) => {
  const error = new Error("404");
  let attempts = 0;
  const { outcome, pass } = begin(context, () => {
    attempts += 1;
    throw error;
  });
  assert.equal(await outcome, error);
  await pass(60);
  assert.equal(attempts, 1);
});
