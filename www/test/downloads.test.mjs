import assert from "node:assert/strict";
import { mock } from "node:test";

import { Downloads } from "../build/downloads.js";
import { test } from "./limited.mjs";

/** Lets promises settle, which no fake clock does. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Downloads that never end by themselves, on a clock that the test turns; `requests` are theirs. */
function makeDownloads(context) {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const controller = new AbortController();
  const downloads = new Downloads(controller.signal);
  const requests = [];
  const hang = (request) => {
    requests.push(request);
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
  return { controller, downloads, requests, hang, pass };
}

test("a silent file is asked for again past the HTTP cache, and given up after another silence", async (context) => {
  const { downloads, requests, hang, pass } = makeDownloads(context);
  const outcome = downloads
    .run("a", ["default", "no-store"], hang)
    .catch((error) => error);
  await pass(9);
  assert.deepEqual(
    requests.map(({ cache }) => cache),
    ["default"],
  );
  await pass(2);
  assert.deepEqual(
    requests.map(({ cache }) => cache),
    ["default", "no-store"],
  );
  assert.ok(requests[0].signal.aborted);
  await pass(30);
  const { code, message } = await outcome;
  assert.equal(code, "asset-unreachable");
  assert.match(message, /^a .*silent for 30 seconds/);
});

test("while bytes of one file arrive, none is given up, however long it takes", async (context) => {
  const { controller, downloads, requests, hang, pass } =
    makeDownloads(context);
  const outcomes = ["a", "b"].map((name) =>
    downloads
      .run(name, ["default", "no-store"], hang)
      .catch(({ code }) => code),
  );
  for (let turn = 0; turn < 60; turn += 1) {
    await pass(9);
    downloads.heard();
  }
  assert.equal(requests.length, 2);
  controller.abort();
  assert.deepEqual(await Promise.all(outcomes), ["aborted", "aborted"]);
  // Nothing is asked for after that.
  await pass(60);
  assert.equal(requests.length, 2);
});

test("an error of the download is its own, and no reason for another attempt", async (context) => {
  const { downloads, pass } = makeDownloads(context);
  const error = new Error("404");
  let attempts = 0;
  const get = () => {
    attempts += 1;
    throw error;
  };
  await assert.rejects(
    downloads.run("a", ["default", "no-store"], get),
    (found) => found === error,
  );
  await pass(60);
  assert.equal(attempts, 1);
});
