// Connections that cannot be had, are lost, or end, and what becomes of the frames.

import assert from "node:assert/strict";

import { LiveKeypoints } from "../build/index.js";
import { backOffMs } from "../build/relay/back-off.js";
import { relayAddress } from "../build/relay/socket.js";
import { fakeRelay, FakeSocket, gets } from "./fake-socket.mjs";
import { jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

/** What `connect` rejects with when the socket is treated like this. */
async function refusal(treat, options = {}) {
  const sockets = [];
  const opening = LiveKeypoints.connect("wss://relay.example/x?key=secret", {
    createSocket: (...given) => {
      const socket = new FakeSocket(...given);
      sockets.push(socket);
      return socket;
    },
    ...options,
  });
  const rejected = opening.then(
    () => assert.fail("connected"),
    (error) => error,
  );
  treat(sockets[0]);
  const error = await rejected;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(sockets.length <= 1, "there is no second attempt");
  assert.doesNotMatch(error.message, /secret/);
  return error;
}

test("a connection that cannot be opened rejects with where and why", async () => {
  const error = await refusal((socket) => socket.end(1006));
  assert.equal(error.code, "connection-lost");
  assert.match(error.message, /wss:\/\/relay\.example\/x .*opened.*1006/);
  const full = await refusal((socket) => {
    socket.open();
    socket.end(1013, "16 sessions already");
  });
  assert.match(full.message, /1013, 16 sessions already/);
});

test("a relay that says nothing is given up in time", async () => {
  let silent;
  const error = await refusal((socket) => (silent = socket), {
    connectTimeoutMs: 20,
  });
  assert.equal(error.code, "connection-lost");
  assert.match(error.message, /20 ms/);
  assert.equal(silent.closeCode, 1000);
});

test("another version, refused options and nonsense are told apart", async () => {
  const old = await refusal((socket) => {
    socket.open();
    socket.say({ type: "welcome", protocol: "live-keypoints.v7" });
  });
  assert.equal(old.code, "version-mismatch");
  const refused = await refusal((socket) => {
    socket.open();
    socket.say({ type: "welcome", protocol: "live-keypoints.v1" });
    socket.say({
      ...{ type: "error", code: "invalid-option" },
      message: "quality lite is not loaded",
    });
  });
  assert.equal(refused.code, "invalid-option");
  assert.match(refused.message, /quality lite/);
  const named = await refusal(
    (socket) => {
      socket.open();
      socket.say({ type: "welcome", protocol: "live-keypoints.v1" });
      const message = "option hand_smoothing is not known here";
      socket.say({ type: "error", code: "invalid-option", message });
    },
    { handSmoothing: true },
  );
  assert.match(named.message, /option handSmoothing is/);
  const nonsense = await refusal((socket) => {
    socket.open();
    socket.tell("message", { data: "<!doctype html>" });
  });
  assert.equal(nonsense.code, "invalid-message");
  const none = await refusal(() => {}, {
    createSocket: () => {
      throw new SyntaxError("blocked by the page's policy");
    },
  });
  assert.equal(none.code, "connection-lost");
});

test("connect can be aborted before and while it waits", async () => {
  const before = await refusal(() => {}, { signal: AbortSignal.abort() });
  assert.equal(before.code, "aborted");
  const controller = new AbortController();
  let socket;
  const error = await refusal(
    (made) => {
      socket = made;
      controller.abort();
    },
    { signal: controller.signal },
  );
  assert.equal(error.code, "aborted");
  assert.equal(socket.closeCode, 1000);
});

test("a lost connection is opened again; its unanswered frames are told, those that wait are sent, and indices go on", async () => {
  const { live, sockets, errors, states } = await fakeRelay({
    maxFramesInFlight: 2,
  });
  for (let mark = 0; mark < 4; mark += 1) live.push(jpeg(mark));
  const still = live.detect(jpeg(4));
  await gets(sockets[0], 2);
  sockets[0].answer(0);
  await gets(sockets[0], 3);
  assert.deepEqual(sockets[0].ids, [0, 4, 1], "a still goes first");
  const lost = assert.rejects(still, { code: "connection-lost", index: 4 });
  sockets[0].end(1006);
  await lost;
  assert.deepEqual(
    errors.map(({ code, index }) => [index, code]),
    [[1, "connection-lost"]],
  );
  await until(() => sockets.length === 2);
  sockets[1].accept();
  assert.deepEqual(sockets[1].texts[0].type, "configure");
  assert.equal(live.push(jpeg(5)), 5);
  await gets(sockets[1], 2);
  assert.deepEqual(sockets[1].ids, [2, 3]);
  sockets[1].answer(2);
  sockets[1].answer(3);
  await gets(sockets[1], 3);
  sockets[1].answer(5);
  assert.deepEqual(
    (await take(live, 4)).map(({ index }) => index),
    [0, 2, 3, 5],
  );
  assert.deepEqual(states, ["waiting", "connecting", "open"]);
  const { received, completed, failed, connection } = live.stats();
  assert.deepEqual([received, completed, failed], [6, 4, 2]);
  assert.deepEqual([connection.state, connection.lost], ["open", 1]);
  await live.close();
});

test("without a connection the newest frames are kept, and no more than the buffer takes", async () => {
  const { live, sockets } = await fakeRelay({ bufferSize: 2 });
  sockets[0].end(1001, "shutting down");
  for (let mark = 0; mark < 5; mark += 1) live.push(jpeg(mark));
  assert.deepEqual([live.stats().buffered, live.stats().dropped], [2, 3]);
  await until(() => sockets.length === 2);
  sockets[1].accept();
  await gets(sockets[1], 2);
  assert.deepEqual(sockets[1].ids, [3, 4]);
  await live.close();
});

test("attempts go on until one succeeds, each after a longer wait, and an answer makes the next wait short again", async () => {
  const { live, sockets } = await fakeRelay({
    reconnect: { firstMs: 8, mostMs: 64 },
  });
  const waits = [];
  live.on("connection", ({ retryInMs }) => retryInMs && waits.push(retryInMs));
  for (let attempt = 0; attempt < 5; attempt += 1) {
    sockets[attempt].end(1006);
    await until(() => sockets.length === attempt + 2);
  }
  waits.forEach((wait, attempt) => {
    const most = Math.min(64, 8 * 2 ** attempt);
    assert.ok(wait >= most / 2 && wait <= most, `${attempt}: ${wait}`);
  });
  assert.equal(waits.length, 5);
  // Opened and lost again without an answer: still the same trouble.
  sockets[5].accept();
  sockets[5].end(1006);
  await until(() => sockets.length === 7);
  assert.ok(waits[5] >= 32);
  sockets[6].accept();
  live.push(jpeg());
  await gets(sockets[6], 1);
  sockets[6].answer(0);
  sockets[6].end(1006);
  await until(() => waits.length === 7);
  assert.ok(waits[6] <= 8, `${waits[6]}`);
  await live.close();
});

test("while the relay is closing nothing is sent, as it would vanish", async () => {
  const { live, sockets, errors } = await fakeRelay();
  sockets[0].readyState = 2;
  live.push(jpeg(0));
  live.reset();
  live.push(jpeg(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(sockets[0].ids, []);
  assert.equal(sockets[0].texts.length, 1, "configure alone");
  sockets[0].end(1001, "shutting down");
  await until(() => sockets.length === 2);
  sockets[1].accept();
  await gets(sockets[1], 1);
  assert.deepEqual(sockets[1].ids, [1]);
  assert.deepEqual(errors, []);
  await live.close();
});

test("close ends the attempts", async () => {
  const { live, sockets } = await fakeRelay();
  sockets[0].end(1006);
  await live.close();
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(sockets.length, 1);
});

test("where no attempt is wanted, or a later one is refused, the stream ends with the reason", async () => {
  const once = await fakeRelay({ reconnect: false });
  const iterated = assert.rejects(take(once.live, 1), {
    code: "connection-lost",
  });
  once.socket.end(1006);
  await iterated;
  assert.equal(once.errors[0].index, undefined);
  assert.throws(() => once.live.push(jpeg()), { code: "closed" });

  const twice = await fakeRelay({ reconnect: { firstMs: 1, maxAttempts: 2 } });
  const ended = assert.rejects(take(twice.live, 1), {
    code: "connection-lost",
  });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await until(() => twice.sockets.length === attempt + 1);
    twice.sockets[attempt].end(1006);
  }
  await ended;
  assert.equal(twice.sockets.length, 3);

  const later = await fakeRelay();
  const refused = assert.rejects(take(later.live, 1), {
    code: "version-mismatch",
  });
  later.socket.end(1006);
  await until(() => later.sockets.length === 2);
  later.sockets[1].open();
  later.sockets[1].say({ type: "welcome", protocol: "live-keypoints.v2" });
  await refused;
});

test("a relay that ends an idle session is asked again with the next frame", async () => {
  const { live, sockets, states, errors } = await fakeRelay();
  sockets[0].end(1000, "idle");
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(sockets.length, 1);
  assert.deepEqual(states, ["idle"]);
  live.push(jpeg(0));
  sockets[1].accept();
  await gets(sockets[1], 1);
  sockets[1].answer(0);
  assert.equal((await take(live, 1))[0].index, 0);
  assert.deepEqual(states, ["idle", "connecting", "open"]);
  assert.deepEqual(errors, []);
  await live.close();
});

test("a relay that owes an answer and is silent is given up", async () => {
  const { live, sockets, errors } = await fakeRelay({ answerTimeoutMs: 60 });
  // Silence where nothing is owed is no fault.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(sockets.length, 1);
  live.push(jpeg(0));
  live.push(jpeg(1));
  await gets(sockets[0], 2);
  sockets[0].answer(0);
  await until(() => sockets.length === 2);
  assert.equal(sockets[0].closeCode, 1000);
  assert.deepEqual(
    errors.map(({ code, index }) => [index, code]),
    [[1, "connection-lost"]],
  );
  assert.match(errors[0].message, /60 ms/);
  // What the old connection still says is nobody's.
  sockets[0].answer(1);
  assert.equal(live.stats().completed, 1);
  await live.close();
});

test("an answer to a frame that was never sent, and one that is none, cost the connection and not the stream", async () => {
  for (const spoil of [
    (socket) => socket.answer(77),
    (socket) => socket.tell("message", { data: new ArrayBuffer(5) }),
  ]) {
    const { live, sockets, errors } = await fakeRelay();
    live.push(jpeg(0));
    await gets(sockets[0], 1);
    spoil(sockets[0]);
    assert.deepEqual(
      errors.map(({ code, index }) => [index, code]),
      [[0, "connection-lost"]],
    );
    await until(() => sockets.length === 2);
    await live.close();
  }
});

test("waits double up to the longest, in the upper half of their span", () => {
  const backOff = { firstMs: 500, mostMs: 15_000 };
  assert.deepEqual(
    [0, 1, 2, 5, 1000].map((attempt) => backOffMs(backOff, attempt, 1)),
    [500, 1000, 2000, 15_000, 15_000],
  );
  assert.equal(backOffMs(backOff, 1, 0), 500);
});

test("addresses may be of the web or of the socket, and nothing else", () => {
  assert.deepEqual(relayAddress("https://host:1/live-signs?a=b#c"), {
    url: "wss://host:1/live-signs?a=b",
    name: "wss://host:1/live-signs",
  });
  assert.equal(relayAddress(new URL("http://host/")).url, "ws://host/");
  for (const address of ["/live-signs", "ftp://host/", ""])
    assert.throws(() => relayAddress(address), { code: "invalid-option" });
});

test("wrong options reject before a socket is made", async () => {
  const createSocket = () => assert.fail("a socket was made");
  for (const options of [
    { parts: [] },
    { quality: "best" },
    { format: "xml" },
    { bufferSize: 0 },
    { maxFramesInFlight: 65 },
    { jpegQuality: 0 },
    { jpegQuality: NaN },
    { maxPixels: 0 },
    { token: "" },
    { smoothing: 1 },
    { mirrored: "yes" },
    { handWorld: 1 },
    { connectTimeoutMs: 0 },
    { answerTimeoutMs: -1 },
  ])
    await assert.rejects(
      LiveKeypoints.connect("wss://relay.example/", {
        createSocket,
        ...options,
      }),
      (error) =>
        error.code === "invalid-option" &&
        error.message.includes(Object.keys(options)[0]),
    );
  for (const reconnect of [
    { firstMs: 0 },
    { firstMs: 20, mostMs: 10 },
    { maxAttempts: -1 },
  ])
    await assert.rejects(
      LiveKeypoints.connect("wss://relay.example/", {
        ...{ createSocket, reconnect },
      }),
      { code: "invalid-option", message: /reconnect/ },
    );
});
