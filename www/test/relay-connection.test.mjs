// Connections over sockets that open, fail, throw and end. What becomes of the frames is decided in crates/web/src/relay.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { LiveKeypoints } from "../build/index.js";
import { relayAddress } from "../build/relay/socket.js";
import { connect, fakeRelay, gets, RELAY_ASSETS } from "./fake-socket.mjs";
import { FakePicture, jpeg, take } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

/** What `connect` rejects with when its socket is treated like this. */
async function refusal(treat, options = {}) {
  const { opening, sockets } = connect(options, (socket) =>
    queueMicrotask(() => treat(socket)),
  );
  const error = await opening.then(
    () => assert.fail("connected"),
    (error) => error,
  );
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(sockets.length <= 1, "there is no second attempt");
  return error;
}

test("a connection that cannot be opened rejects with where and why", async () => {
  const error = await refusal((socket) => socket.end(1006));
  assert.equal(error.name, "LiveKeypointsError");
  assert.equal(error.code, "connection-lost");
  assert.match(error.message, /wss:\/\/relay\.example\/live-signs .*1006/);
  const full = await refusal((socket) => {
    socket.open();
    socket.end(1013, "16 sessions already");
  });
  assert.match(full.message, /1013, 16 sessions already/);
  const refused = await refusal((socket) => {
    socket.tell("error", { message: "ECONNREFUSED" });
    socket.end(1006);
  });
  assert.match(refused.message, /ECONNREFUSED/);
});

test("a query, which may be a secret, is in no error", async () => {
  const sockets = [];
  const opening = LiveKeypoints.connect("wss://relay.example/x?key=secret", {
    assets: RELAY_ASSETS,
    createSocket: (url) => {
      sockets.push(url);
      throw new Error("no");
    },
    connectTimeoutMs: 20,
  });
  await assert.rejects(opening, (error) => !/secret/.test(error.message));
  assert.deepEqual(sockets, ["wss://relay.example/x?key=secret"]);
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

test("what is neither text nor bytes, and what is not of the protocol, is refused", async () => {
  for (const data of [new Blob(["{}"]), undefined, "<!doctype html>"]) {
    const error = await refusal((socket) => {
      socket.open();
      socket.tell("message", { data });
    });
    assert.equal(error.code, "invalid-message");
  }
});

test("a socket that throws when it is made or first used is a connection that cannot be opened", async () => {
  const fail = () => {
    throw new SyntaxError("blocked by the page's policy");
  };
  for (const createSocket of [
    fail,
    () => undefined,
    () => 5,
    () => ({}),
    () => Object.freeze({ addEventListener: fail }),
    () => ({ addEventListener: fail, close: fail }),
  ]) {
    const error = await refusal(() => {}, { createSocket });
    assert.equal(error.code, "connection-lost", `${createSocket}`);
    assert.notEqual(error.message, "");
  }
  const busy = Object.assign(new Error("come back"), { code: "busy" });
  const brought = await refusal(() => {}, {
    createSocket: () => {
      throw busy;
    },
  });
  assert.deepEqual([brought.code, brought.message], ["busy", "come back"]);
  const unsent = await refusal((socket) => {
    socket.send = fail;
    socket.open();
  });
  assert.equal(unsent.code, "connection-lost");
  assert.match(unsent.message, /blocked/);
});

test("a socket that throws later costs its connection and the frame", async () => {
  const { live, sockets, socket, errors } = await fakeRelay();
  socket.send = () => {
    throw new Error("out of memory");
  };
  socket.close = socket.send;
  live.push(jpeg(0));
  await until(() => errors.length === 1);
  assert.equal(errors[0].code, "connection-lost");
  assert.match(errors[0].message, /out of memory/);
  await until(() => sockets.length === 2);
  sockets[1].accept();
  live.push(jpeg(1));
  await gets(sockets[1], 1);
  assert.deepEqual(sockets[1].ids, [1]);
  await live.close();
});

test("connect can be aborted before and while it waits, and afterwards it makes no difference", async () => {
  const before = await refusal(() => assert.fail("a socket was made"), {
    signal: AbortSignal.abort(),
  });
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
  const early = new AbortController();
  const inside = await refusal(() => {}, {
    signal: early.signal,
    createSocket: () => early.abort(),
  });
  assert.equal(inside.code, "aborted");
  const late = new AbortController();
  const { live, states } = await fakeRelay({ signal: late.signal });
  late.abort();
  assert.equal(live.push(jpeg()), 0);
  assert.deepEqual(states, []);
  await live.close();
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
  // What the old connection still says is nobody's.
  sockets[0].answer(1);
  sockets[0].end(1006);
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

test("a change of the connection says why, and when the next attempt comes", async () => {
  const { live, socket } = await fakeRelay({ reconnect: { firstMs: 8 } });
  const told = [];
  live.on("connection", (state) => told.push(state));
  socket.end(1001, "shutting down");
  await until(() => told.length === 2);
  const [{ state, reason, retryInMs }, next] = told;
  assert.equal(state, "waiting");
  assert.match(reason, /1001, shutting down/);
  assert.ok(retryInMs >= 4 && retryInMs <= 8, `${retryInMs}`);
  assert.deepEqual(next, { state: "connecting" });
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

test("a relay that owes an answer and is silent is given up", async () => {
  const { live, sockets, errors } = await fakeRelay({ answerTimeoutMs: 40 });
  live.push(jpeg(0));
  await until(() => sockets.length === 2);
  assert.equal(sockets[0].closeCode, 1000);
  assert.deepEqual([errors.length, errors[0].code], [1, "connection-lost"]);
  assert.match(errors[0].message, /40 ms/);
  await live.close();
});

test("where there is no other attempt, the stream ends with the reason", async () => {
  const { live, socket, errors } = await fakeRelay({ reconnect: false });
  const iterated = assert.rejects(take(live, 1), { code: "connection-lost" });
  socket.end(1006);
  await iterated;
  assert.equal(errors[0].index, undefined);
  assert.throws(() => live.push(jpeg()), { code: "closed" });
});

/** Timers that keep this process waiting. */
const timers = () =>
  process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a closed stream leaves no socket, no timer and no frame, whenever it is closed", async () => {
  const options = { maxFramesInFlight: 1, connectTimeoutMs: 5000 };
  for (const [when, prepare] of [
    ["it is open", () => {}],
    ["it waits for the next attempt", ({ socket }) => socket.end(1006)],
    [
      "an attempt is made",
      async ({ socket, sockets }) => {
        socket.end(1006);
        await until(() => sockets.length === 2);
      },
    ],
    ["the relay is closing", ({ socket }) => (socket.readyState = 2)],
  ]) {
    const before = timers();
    const stream = await fakeRelay(options);
    const { live, sockets } = stream;
    live.push(jpeg());
    await gets(sockets[0], 1);
    const pictures = ["ImageBitmap", "VideoFrame"].map(
      (tag) => new FakePicture(tag, { timestamp: 0 }),
    );
    for (const picture of pictures) live.push(picture);
    await prepare(stream);
    await live.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(sockets.length <= 2, when);
    const { closeCode } = sockets.at(-1);
    assert.ok(closeCode === 1000 || when.startsWith("it waits"), when);
    assert.deepEqual(
      pictures.map(({ isClosed }) => isClosed),
      [true, true],
      when,
    );
    assert.equal(timers(), before, when);
    // What it still says is nobody's.
    sockets.at(-1).tell("message", { data: "{}" });
    sockets.at(-1).end(1000);
  }
});

test("a connection that could not be had leaves no timer either", async () => {
  const before = timers();
  await refusal((socket) => socket.end(1006), { connectTimeoutMs: 5000 });
  await refusal(() => {}, { connectTimeoutMs: 10 });
  assert.equal(timers(), before);
});

/** What a program prints that is a module of its own. */
async function printed(script, ...flags) {
  const node = [...flags, "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  return stdout.trim();
}

const addressOf = (path) => JSON.stringify(new URL(path, import.meta.url).href);

test("of a closed stream no memory is kept", async () => {
  const script = `
    import { fakeRelay, gets } from ${addressOf("fake-socket.mjs")};
    const memories = [];
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (module, imports) => {
      const instance = await instantiate(module, imports);
      // Node.js has modules of its own.
      if (instance.exports?.relaystream_pump)
        memories.push(new WeakRef(instance.exports.memory));
      return instance;
    };
    for (let count = 0; count < 20; count += 1) {
      const { live, socket } = await fakeRelay({ maxFramesInFlight: 1 });
      for (let mark = 0; mark < 2; mark += 1)
        live.push(Uint8Array.of(0xff, 0xd8, mark));
      await gets(socket, 1);
      await live.close();
    }
    const isKept = (memory) => memory.deref() !== undefined;
    for (let turn = 0; turn < 50 && memories.filter(isKept).length > 1; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      gc();
    }
    console.log(memories.length, memories.filter(isKept).length <= 1);
  `;
  assert.equal(await printed(script, "--expose-gc"), "20 true");
});

test("under Node, which fetches no files, the module is read from beside the package", async () => {
  const codeWith = (assets) =>
    printed(`
      import { LiveKeypoints } from ${addressOf("../build/index.js")};
      const createSocket = () => { throw Object.assign(new Error(), { code: "busy" }); };
      const options = { createSocket, assets: ${JSON.stringify(assets)} };
      LiveKeypoints.connect("ws://a.example", options).catch(({ code }) => console.log(code));
    `);
  assert.equal(await codeWith(undefined), "busy");
  assert.equal(await codeWith(import.meta.url), "asset-unreachable");
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
    { assets: "http://[" },
    { assets: { relay: "http://[" } },
    { reconnect: { firstMs: 0 } },
    { reconnect: { firstMs: 20, mostMs: 10 } },
    { reconnect: { maxAttempts: -1 } },
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
});

test("every option, up to the largest value that it takes, reaches the client", async () => {
  const most = 2 ** 31 - 1;
  const { live, socket } = await fakeRelay({
    ...{ parts: ["face", "face"], bufferSize: most, maxFramesInFlight: 64 },
    ...{ jpegQuality: 1, maxPixels: most, answerTimeoutMs: most },
    ...{ connectTimeoutMs: most, quality: undefined, token: undefined },
    reconnect: { firstMs: most, mostMs: most, maxAttempts: Infinity },
  });
  assert.deepEqual(socket.texts, [
    {
      ...{ type: "configure", parts: ["face"], face: 478, format: "binary" },
      ...{ graph: "landmarkers", binary_version: 2, buffer_size: 64 },
    },
  ]);
  socket.end(1006);
  assert.equal(live.stats().connection.state, "waiting");
  await live.close();
});
