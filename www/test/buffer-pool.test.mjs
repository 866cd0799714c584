import assert from "node:assert/strict";

import { BufferPool } from "../build/buffer-pool.js";
import { FrameIntake } from "../build/frames.js";
import { FrameStore } from "../build/frame-store.js";
import { test } from "./limited.mjs";

test("a spare serves a copy of its own length, and no other", () => {
  const pool = new BufferPool();
  const spare = new ArrayBuffer(3);
  pool.give(spare);
  assert.notEqual(pool.copyOf(Uint8Array.of(1, 2)), spare);
  const copy = pool.copyOf(Uint8Array.of(1, 2, 3));
  assert.equal(copy, spare);
  assert.deepEqual([...new Uint8Array(copy)], [1, 2, 3]);
  assert.equal(pool.find(3), undefined, "it is in use");
});

test("the pool holds a few buffers only, and none that was transferred", () => {
  const pool = new BufferPool();
  for (let length = 1; length <= 20; length += 1)
    pool.give(new ArrayBuffer(length));
  const held = Array.from({ length: 20 }, (_, n) => pool.find(n + 1)).filter(
    Boolean,
  );
  assert.equal(held.length, 8);
  const gone = new ArrayBuffer(5);
  structuredClone(gone, { transfer: [gone] });
  pool.give(gone);
  assert.equal(pool.find(0), undefined);
});

test("workers get pixels of their own in buffers that go round, and the last one the copy itself", () => {
  const intake = new FrameIntake();
  const slots = [{}, {}, {}];
  const store = new FrameStore(intake, slots);
  const rgb = Uint8Array.of(7, 8, 9).buffer;
  store.decoded(0, slots[0], { width: 1, height: 1, rgb });
  const spare = new ArrayBuffer(3);
  intake.buffers.give(spare);
  const first = store.deliver(0, slots[1]);
  assert.deepEqual(first.transfer, [spare]);
  assert.deepEqual([...new Uint8Array(first.pixels.rgb)], [7, 8, 9]);
  const second = store.deliver(0, slots[2]);
  assert.deepEqual(second.transfer, [rgb]);
  assert.equal(store.deliver(0, slots[0]).kind, "held");
});

test("the copy of a frame that is let go early is free again, and so are the pixels of one that never ran", () => {
  const intake = new FrameIntake();
  const slots = [{}, {}];
  const store = new FrameStore(intake, slots);
  const rgb = new ArrayBuffer(3);
  store.decoded(0, slots[0], { width: 1, height: 1, rgb });
  store.release(0);
  assert.equal(intake.buffers.find(3), rgb);
  const pixels = new Uint8Array(4);
  store.add(1, { kind: "rgba", width: 1, height: 1, pixels });
  store.release(1);
  assert.equal(intake.buffers.find(4), pixels.buffer);
});
