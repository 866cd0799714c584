import assert from "node:assert/strict";

import { Outbox } from "../build/relay/outbox.js";
import { test } from "./limited.mjs";

const frame = (mark) => ({ kind: "jpeg", bytes: Uint8Array.of(mark) });

/** An outbox that has taken so many frames, of which the first `sent` are on their way. */
function filled({ bufferSize = 50, frames, sent = 0 }) {
  const outbox = new Outbox(bufferSize);
  for (let mark = 0; mark < frames; mark += 1)
    outbox.add(frame(mark), mark, mark);
  for (let count = 0; count < sent; count += 1) outbox.sent(outbox.take());
  return outbox;
}

/** Every frame that came in is in exactly one place. */
function assertBalance(outbox, answered) {
  const { received, dropped, waiting, inFlight } = outbox;
  assert.equal(received, dropped + waiting + inFlight + answered);
}

test("a full buffer drops its oldest frame, and the next one counts it", () => {
  const outbox = filled({ bufferSize: 2, frames: 2 });
  assert.equal(outbox.add(frame(2), 2, 2).evicted.index, 0);
  assert.equal(outbox.add(frame(3), 3, 3).evicted.index, 1);
  const first = outbox.take();
  assert.deepEqual([first.index, first.droppedBefore], [2, 2]);
  outbox.sent(first);
  const second = outbox.take();
  assert.deepEqual([second.index, second.droppedBefore], [3, 0]);
  assert.equal(outbox.answered(2).dropped, 2);
  assertBalance(outbox, 1);
});

test("stills go first, are not dropped for frames, and are refused where four wait", () => {
  const outbox = filled({ bufferSize: 1, frames: 3 });
  const stills = [4, 5, 6, 7].map((mark) =>
    outbox.addStill(() => frame(mark), 0, 0),
  );
  assert.deepEqual(stills, [3, 4, 5, 6]);
  assert.throws(() => outbox.addStill(() => assert.fail("looked at"), 0, 0), {
    code: "busy",
  });
  for (const index of [3, 4, 5, 6, 2]) {
    const taken = outbox.take();
    assert.deepEqual([taken.index, taken.isStill], [index, index > 2]);
    outbox.sent(taken);
  }
  assert.equal(outbox.take(), undefined);
  // The still's answer says nothing of the frame before it.
  outbox.answered(3);
  assert.equal(outbox.answered(2).frame.index, 2);
  assertBalance(outbox, 2);
});

test("a still that is no frame at all leaves no trace", () => {
  const outbox = new Outbox(1);
  const refuse = () => {
    throw new TypeError("no frame");
  };
  assert.throws(() => outbox.addStill(refuse, 0, 0), TypeError);
  assert.deepEqual([outbox.received, outbox.waiting], [0, 0]);
});

test("an answer settles its frame and the older ones, which get none any more", () => {
  const outbox = filled({ bufferSize: 2, frames: 3 });
  for (let count = 0; count < 2; count += 1) outbox.sent(outbox.take());
  outbox.addStill(() => frame(3), 3, 3);
  outbox.sent(outbox.take());
  outbox.add(frame(4), 4, 4);
  outbox.sent(outbox.take());
  const settled = outbox.answered(4);
  // Frame 0 was dropped here, 1 and 2 were on the relay.
  assert.deepEqual([settled.frame.index, settled.dropped], [4, 3]);
  assert.deepEqual([outbox.unanswered, outbox.owed], [1, 1], "the still");
  assert.equal(outbox.answered(1), undefined, "it is settled already");
  assertBalance(outbox, 1);
  assert.equal(outbox.answered(3).dropped, 0);
  assertBalance(outbox, 2);
});

test("frames from before a reset are owed no answer, may have one, and are counted by the next frame at last", () => {
  const outbox = filled({ frames: 4, sent: 3 });
  outbox.addStill(() => frame(4), 4, 4);
  outbox.sent(outbox.take());
  assert.ok(!outbox.hasRoom(4));
  outbox.reset();
  assert.deepEqual([outbox.unanswered, outbox.owed], [4, 1]);
  assert.ok(outbox.hasRoom(4));
  assert.ok(!outbox.hasRoom(2), "no more than twice as many are on their way");
  assert.equal(outbox.answered(0).dropped, 0);
  outbox.add(frame(5), 5, 5);
  outbox.forgetThrownAway();
  assert.deepEqual([outbox.unanswered, outbox.owed], [1, 1]);
  assert.equal(outbox.answered(2), undefined);
  const next = outbox.take();
  // Frame 3 waited and was thrown away here.
  assert.equal(next.droppedBefore, 3);
  outbox.sent(next);
  assert.equal(outbox.answered(5).dropped, 3);
  assertBalance(outbox, 2);
  outbox.reset();
  outbox.forgetThrownAway();
  assert.equal(outbox.unanswered, 1);
  assert.equal(outbox.lost()[0].index, 4);
});

test("an answer to a frame that was never sent is refused", () => {
  const outbox = filled({ frames: 2, sent: 1 });
  assert.throws(() => outbox.answered(1), { code: "invalid-message" });
});

test("a frame that could not be sent waits again in its place, unless newer ones fill the buffer", () => {
  const outbox = filled({ bufferSize: 2, frames: 2 });
  const first = outbox.take();
  assert.equal(outbox.putBack(first, frame(9)), undefined);
  assert.equal(outbox.take(), first);
  assert.deepEqual(first.prepared.bytes, Uint8Array.of(9));
  outbox.add(frame(2), 2, 2);
  assert.equal(outbox.putBack(first, frame(9)), first);
  assert.equal(outbox.take().droppedBefore, 1);
  assertBalance(outbox, 0);
  const still = new Outbox(1);
  still.addStill(() => frame(0), 0, 0);
  const taken = still.take();
  still.putBack(taken, frame(1));
  assert.equal(still.take(), taken);
});

test("reset throws away what waits and what is taken, but no still; the next frame counts them", () => {
  const outbox = filled({ frames: 4, sent: 1 });
  outbox.addStill(() => frame(4), 0, 0);
  const still = outbox.take();
  assert.deepEqual(
    outbox.reset().map(({ index }) => index),
    [1, 2, 3],
  );
  assert.ok(outbox.isTaken(still));
  outbox.sent(still);
  outbox.add(frame(5), 5, 5);
  const taken = outbox.take();
  assert.equal(taken.droppedBefore, 3);
  assert.deepEqual(outbox.reset(), []);
  assert.ok(!outbox.isTaken(taken));
  outbox.sent(taken);
  assert.equal(outbox.unanswered, 2, "frame 0 and the still");
  assert.equal(outbox.add(frame(6), 6, 6).index, 6);
  assert.equal(outbox.take().droppedBefore, 4);
  assertBalance(outbox, 0);
});
