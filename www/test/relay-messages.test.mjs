// The bytes and texts of `live-keypoints.v1`.

import assert from "node:assert/strict";

import { readBinary } from "../build/relay/binary-result.js";
import { frameMessage, indexOf } from "../build/relay/frame-message.js";
import { readMessage } from "../build/relay/messages.js";
import { binaryResult, jsonResult } from "./relay-results.mjs";
import { test } from "./limited.mjs";

const ALL = ["pose", "hands", "face"];

test("a frame's header is the protocol's, little-endian", () => {
  const header = {
    index: 0x01020304,
    timestampUs: 0x0102030405,
    isStill: true,
  };
  const bytes = frameMessage(header, Uint8Array.of(0xff, 0xd8, 0xff));
  assert.deepEqual(
    [...bytes],
    [
      ...[0x4c, 0x4b, 1, 1, 4, 3, 2, 1, 5, 4, 3, 2, 1, 0, 0, 0],
      ...[0xff, 0xd8, 0xff],
    ],
  );
  assert.equal(frameMessage({ ...header, isStill: false }, bytes)[3], 0);
});

test("a frame id stands for the newest index that it can", () => {
  assert.equal(indexOf(3, 5), 3);
  assert.equal(indexOf(5, 5), 5);
  const span = 2 ** 32;
  assert.equal(indexOf(3, span + 5), span + 3);
  assert.equal(indexOf(7, span + 5), 7);
  assert.ok(indexOf(6, 5) < 0, "it was not sent");
});

test("a binary result gives the blocks that its bits name, and null for what was asked for and is absent", () => {
  const message = binaryResult({
    frameId: 7,
    timestampUs: 1_234_567,
    dropped: 2,
    parts: ["pose", "poseWorld", "rightHand"],
  });
  const result = readMessage(message, ["pose", "hands"]);
  assert.equal(result.kind, "keypoints");
  assert.deepEqual(
    [result.frameId, result.timestampUs, result.dropped],
    [7, 1_234_567, 2],
  );
  assert.deepEqual([result.width, result.height], [640, 480]);
  assert.equal(result.pose.length, 33 * 4);
  assert.equal(result.pose[1], Math.fround(0.001));
  assert.equal(result.poseWorld[0], 1);
  assert.equal(result.leftHand, null);
  assert.equal(result.rightHand.length, 21 * 3);
  assert.equal(result.rightHand[2], Math.fround(3.002));
  assert.ok(!("face" in result));
  assert.deepEqual(result.scores, {
    ...{ pose: null, leftHand: null, rightHand: null, face: null },
  });
});

test("hands in metres are there, null or no key, as they were asked for", () => {
  const message = binaryResult({ parts: ["leftHand", "leftHandWorld"] });
  const asked = readMessage(message, ["hands", "handWorld"]);
  assert.equal(asked.leftHandWorld[1], Math.fround(5.001));
  assert.equal(asked.rightHandWorld, null);
  const unasked = readMessage(binaryResult({}), ["hands"]);
  assert.ok(!("leftHandWorld" in unasked || "rightHandWorld" in unasked));
});

test("a binary result of another length or version is refused", () => {
  const good = binaryResult({ parts: ["face"] });
  const invalid = { code: "invalid-message" };
  for (const bad of [
    new ArrayBuffer(0),
    good.slice(0, 31),
    good.slice(0, good.byteLength - 1),
    Uint8Array.of(...new Uint8Array(good), 0).buffer,
  ])
    assert.throws(() => readBinary(bad, ALL), invalid);
  for (const [at, value] of [
    [0, 0x4d],
    [1, 0x4c],
    [2, 2],
  ]) {
    const changed = good.slice(0);
    new Uint8Array(changed)[at] = value;
    assert.throws(() => readBinary(changed, ALL), invalid, `${at}`);
  }
});

test("a JSON result gives everything, times in milliseconds", () => {
  const result = readMessage(
    jsonResult({ frameId: 3, timestampUs: 5000, dropped: 1 }),
    ALL,
  );
  assert.deepEqual([result.frameId, result.timestampUs], [3, 5000]);
  assert.equal(result.pose[4], 1);
  assert.equal(result.poseWorld.length, 33 * 4);
  assert.equal(result.leftHand, null);
  assert.equal(result.face.length, 468 * 3);
  assert.equal(result.scores.pose, 0.75);
  assert.equal(result.scores.leftHand, null);
  assert.deepEqual(result.missing, { leftHand: "out-of-view" });
  assert.deepEqual(result.timings, {
    ...{ queue: 1, decode: 2, pose: 3, leftHand: 0, rightHand: 4, face: 5 },
    total: 9.5,
  });
});

test("a JSON result of another shape is refused", () => {
  const good = JSON.parse(jsonResult({ frameId: 3 }));
  for (const change of [
    { frame_id: null },
    { width: "640" },
    { dropped: undefined },
    { face: [] },
    { pose: "yes" },
    { pose: Array(33).fill([0, 0, 0]) },
    { right_hand: Array(21).fill(0) },
  ])
    assert.throws(
      () => readMessage(JSON.stringify({ ...good, ...change }), ALL),
      { code: "invalid-message" },
      JSON.stringify(change).slice(0, 40),
    );
  for (const text of ["", "nonsense", "null", "3", undefined])
    assert.throws(() => readMessage(text, ALL), { code: "invalid-message" });
});

test("errors are about a frame or about none, and unknown messages say so", () => {
  const frame = { type: "error", code: "busy", message: "no", frame_id: 4 };
  assert.deepEqual(readMessage(JSON.stringify({ ...frame, dropped: 2 }), ALL), {
    ...{ kind: "error", code: "busy", message: "no", frameId: 4, dropped: 2 },
  });
  const other = { type: "error", code: "invalid-message", message: "no" };
  const { frameId, dropped } = readMessage(JSON.stringify(other), ALL);
  assert.deepEqual([frameId, dropped], [undefined, 0]);
  assert.equal(readMessage('{"type":"news"}', ALL).kind, "unknown");
  const welcome = { type: "welcome", protocol: "live-keypoints.v1" };
  const unlimited = { maxMessageBytes: undefined, maxFps: undefined };
  for (const [limits, read] of [
    [undefined, unlimited],
    [{ max_message_bytes: 0, max_fps: null }, unlimited],
    [
      { max_message_bytes: 9, max_fps: 15 },
      { maxMessageBytes: 9, maxFps: 15 },
    ],
  ]) {
    const { kind, protocol, ...rest } = readMessage(
      JSON.stringify({ ...welcome, limits }),
      ALL,
    );
    assert.deepEqual([kind, protocol], ["welcome", "live-keypoints.v1"]);
    assert.deepEqual(rest, read);
  }
});
