// The client over real sockets, against a server that speaks the protocol.

import assert from "node:assert/strict";

import { WebSocket } from "ws";

import { LiveKeypoints } from "../build/index.js";
import { jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { miniRelay } from "./mini-relay.mjs";
import { test } from "./limited.mjs";

const connect = (relay, options = {}) =>
  LiveKeypoints.connect(relay.address, {
    createSocket: (url, protocols) => new WebSocket(url, protocols),
    reconnect: { firstMs: 20, mostMs: 100 },
    ...options,
  });

test("every frame of a stream gets its result, in order, and goodbye is said", async () => {
  const relay = await miniRelay();
  const live = await connect(relay, { bufferSize: 100 });
  for (let mark = 0; mark < 100; mark += 1)
    live.push(jpeg(mark), { timestampMs: mark });
  const results = await take(live, 100);
  results.forEach(({ index, timestampMs, dropped, pose }, at) => {
    assert.deepEqual([index, timestampMs, dropped], [at, at, 0]);
    assert.equal(pose.length, 33 * 4);
  });
  const still = await live.detect(jpeg());
  assert.equal(still.index, 100);
  await live.close();
  await until(() => relay.sessions[0].closeCode === 1000);
  assert.deepEqual(
    relay.sessions[0].texts.map(({ type }) => type),
    ["configure", "bye"],
  );
  await relay.kill();
});

test("a wrong token cannot connect, the right one can", async () => {
  const relay = await miniRelay({ token: "s3cret/+ü" });
  for (const token of [undefined, "other"])
    await assert.rejects(connect(relay, { token }), {
      code: "connection-lost",
      message: /401/,
    });
  const live = await connect(relay, { token: "s3cret/+ü" });
  live.push(jpeg());
  assert.equal((await take(live, 1))[0].index, 0);
  await live.close();
  await relay.kill();
});

test("nobody there is told", async () => {
  const relay = await miniRelay();
  await relay.kill();
  const error = await connect(relay).then(
    () => assert.fail("connected"),
    (error) => error,
  );
  assert.equal(error.code, "connection-lost");
  assert.ok(error.message.includes(relay.address), error.message);
  assert.match(error.message, /ECONNREFUSED/);
});

for (const [how, end] of [
  ["is killed", "kill"],
  ["shuts down", "drain"],
]) {
  test(`when the relay ${how} and another takes its place, every frame has a result, an error or is counted as dropped`, async () => {
    const slowly = () => new Promise((done) => setTimeout(done, 5));
    const first = await miniRelay({ answer: slowly });
    const live = await connect(first, { bufferSize: 5 });
    const results = [];
    const errors = [];
    live.on("keypoints", ({ index }) => results.push(index));
    live.on("error", ({ code, index }) => errors.push([index, code]));
    let pushed = 0;
    const camera = setInterval(() => {
      live.push(jpeg(pushed % 256));
      pushed += 1;
    }, 3);
    await until(() => results.length >= 10);
    await first[end]();
    await until(() => errors.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const second = await miniRelay({ port: first.port, answer: slowly });
    const before = results.length;
    await until(() => results.length >= before + 10);
    clearInterval(camera);
    await until(
      () => live.stats().buffered === 0 && live.stats().inFlight === 0,
    );
    const stats = live.stats();
    assert.equal(stats.received, pushed);
    assert.equal(stats.completed, results.length);
    assert.equal(stats.failed, errors.length);
    assert.equal(stats.dropped, pushed - results.length - errors.length);
    assert.ok(stats.dropped > 0, "the buffer was full while nobody was there");
    assert.ok(errors.length <= 4, "no more than may be unanswered");
    assert.ok(errors.every(([, code]) => code === "connection-lost"));
    assert.deepEqual(
      results,
      [...results].sort((a, b) => a - b),
    );
    assert.ok(
      second.sessions.every(({ texts }) => texts[0].type === "configure"),
    );
    await live.close();
    await second.kill();
  });
}

test("a relay that stops reading costs frames, and no memory", async () => {
  const relay = await miniRelay();
  const live = await connect(relay, { bufferSize: 3, maxFramesInFlight: 64 });
  live.push(jpeg());
  await take(live, 1);
  relay.sessions[0].socket.pause();
  const large = new Uint8Array(2 ** 20);
  large.set([0xff, 0xd8]);
  let most = 0;
  for (let count = 0; count < 60; count += 1) {
    live.push(large);
    await new Promise((resolve) => setTimeout(resolve, 2));
    most = Math.max(most, live.stats().connection.bufferedBytes);
  }
  const { buffered, dropped } = live.stats();
  assert.equal(buffered, 3);
  assert.ok(dropped > 30, `${dropped} dropped`);
  assert.ok(most < 3 * 2 ** 20, `${most} bytes wait in the socket`);
  relay.sessions[0].socket.resume();
  await until(() => live.stats().inFlight + live.stats().buffered === 0);
  assert.equal(live.stats().failed, 0);
  await live.close();
  await relay.kill();
});
