// Listeners and sockets of the caller's that call the stream they were called by.

import assert from "node:assert/strict";

import { connect, fakeRelay, gets } from "./fake-socket.mjs";
import { FakePicture, jpeg } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

/** Makes a stream fire an event, by what its socket does. */
const FIRE = {
  keypoints: async ({ live, socket }) => {
    live.push(jpeg(0));
    await gets(socket, 1);
    socket.answer(0);
  },
  error: async ({ live, socket }) => {
    live.push(jpeg(0));
    await gets(socket, 1);
    socket.say({
      ...{ type: "error", code: "malformed-picture", message: "truncated" },
      ...{ index: 0, frame_id: 0, dropped: 0 },
    });
  },
  connection: ({ socket }) => socket.end(1006),
};

for (const [event, fire] of Object.entries(FIRE)) {
  test(`a listener to ${event} may push, reset, ask for stats and detect`, async () => {
    const stream = await fakeRelay({ bufferSize: 1 });
    const { live, sockets } = stream;
    const pushed = [];
    let still;
    const off = live.on(event, () => {
      off();
      const picture = new FakePicture("ImageBitmap");
      pushed.push(live.push(picture));
      live.reset();
      pushed.push(live.push(jpeg(8)));
      still = live.detect(jpeg(9));
      assert.ok(live.stats().received >= 3);
      assert.ok(picture.isClosed);
    });
    await fire(stream);
    await until(() => pushed.length === 2);
    if (event === "connection") {
      await until(() => sockets.length === 2);
      sockets[1].accept();
    }
    const socket = sockets.at(-1);
    await until(() => socket.frames.some(({ mark }) => mark === 8));
    const { id } = socket.frames.find(({ isStill }) => isStill);
    socket.answer(id);
    assert.equal((await still).index, id);
    await live.close();
  });

  test(`a listener to ${event} may close`, async () => {
    const stream = await fakeRelay();
    const { live, sockets } = stream;
    const told = [];
    for (const name of ["keypoints", "error", "connection"])
      live.on(name, () => {
        told.push(name);
        void live.close();
      });
    await fire(stream);
    await until(() => told.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(told, [event]);
    assert.equal(sockets.length, 1);
    assert.throws(() => live.push(jpeg()), { code: "closed" });
  });

  test(`a listener to ${event} that throws stops nothing`, async () => {
    const thrown = [];
    const takeOver = (error) => thrown.push(error.message);
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", takeOver);
    try {
      const stream = await fakeRelay();
      const { live, sockets } = stream;
      const off = live.on(event, () => {
        off();
        throw new Error("of the caller's");
      });
      await fire(stream);
      await until(() => thrown.length === 1);
      if (event === "connection") {
        await until(() => sockets.length === 2);
        sockets[1].accept();
      }
      const index = live.push(jpeg(1));
      await until(() => sockets.at(-1).ids.includes(index));
      await live.close();
      assert.deepEqual(thrown, ["of the caller's"]);
    } finally {
      process.off("uncaughtException", takeOver);
      for (const listener of before) process.on("uncaughtException", listener);
    }
  });
}

test("a socket that opens, answers and ends while it is called is heard in order", async () => {
  const { opening, sockets } = connect({}, (socket, number) => {
    const send = socket.send.bind(socket);
    socket.send = (data) => {
      send(data);
      if (typeof data === "string") {
        if (JSON.parse(data).type !== "configure") return;
        socket.say({
          ...{ type: "welcome", protocol: "live-keypoints.v1" },
          limits: {},
        });
        socket.say({ type: "configured", next_index: 0 });
      } else if (number === 0) {
        socket.answer(socket.ids.at(-1));
        socket.end(1006);
      } else {
        socket.answer(socket.ids.at(-1));
      }
    };
    socket.close = () => socket.end(1000);
    queueMicrotask(() => socket.open());
  });
  const live = await opening;
  const told = [];
  live.on("keypoints", ({ index }) => told.push(index));
  live.on("connection", ({ state }) => told.push(state));
  live.push(jpeg(0));
  await until(() => told.length === 2);
  live.push(jpeg(1));
  await until(() => told.length === 5);
  assert.deepEqual(told, [0, "waiting", "connecting", "open", 1]);
  assert.equal(sockets.length, 2);
  await live.close();
});

test("a stream that is closed while its next socket is made closes that one, too", async () => {
  const stream = await fakeRelay({ reconnect: { firstMs: 1 } });
  const { live, sockets } = stream;
  const { push } = sockets;
  sockets.push = (socket) => {
    void live.close();
    return push.call(sockets, socket);
  };
  sockets[0].end(1006);
  await until(() => sockets.length === 2);
  await until(() => sockets[1].closeCode === 1000);
  assert.deepEqual(sockets[1].texts, []);
});

test("what happens between the start and the first listener is told to it", async () => {
  const { opening } = connect({ reconnect: false }, (socket) =>
    queueMicrotask(() => {
      socket.accept();
      socket.end(1006);
    }),
  );
  const live = await opening;
  const error = await new Promise((resolve) => live.on("error", resolve));
  assert.equal(error.code, "connection-lost");
});
