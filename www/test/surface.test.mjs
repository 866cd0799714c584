// Everything that a caller can get wrong, on every public function: an error with a code that names it.

import assert from "node:assert/strict";

import { drawKeypoints } from "../build/draw.js";
import { LiveKeypoints, LiveKeypointsError } from "../build/index.js";
import { PoseRecorder } from "../build/pose.js";
import { FaceLandmarker, HandLandmarker } from "../build/tasks.js";
import { fakeRelay } from "./fake-socket.mjs";
import { fakeStream, FakePicture, jpeg } from "./fake-stream.mjs";
import { until } from "./fake-worker.mjs";
import { test } from "./limited.mjs";

const NOTHING = [null, 5, "text", true, [], () => {}, Symbol("s")];
const NO_OBJECT = Object.create(null, { toString: { value: undefined } });

/** Fails where `call` does not throw or reject with this code and text. */
async function refuses(name, call, code, text = /./) {
  let error;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof LiveKeypointsError, `${name}: ${error}`);
  assert.equal(error.code, code, `${name}: ${error.message}`);
  assert.match(error.message, text, name);
}

/** Every function that takes options, by a call that does nothing else wrong. */
const takesOptions = (live) => ({
  create: (options) => LiveKeypoints.create(options),
  connect: (options) => LiveKeypoints.connect("ws://a.example", options),
  push: (options) => live.push(jpeg(), options),
  detect: (options) => live.detect(jpeg(), options),
  attach: (options) => live.attach({ videoWidth: 1 }, options),
  on: (options) => live.on("keypoints", () => {}, options),
  recorder: (options) => PoseRecorder.create(options),
  draw: (options) => drawKeypoints(context(), {}, options),
  face: (options) => FaceLandmarker.createFromOptions({}, options),
  hand: (options) => HandLandmarker.createFromOptions({}, options),
});

const context = () =>
  Object.assign(
    Object.fromEntries(
      "beginPath moveTo lineTo arc stroke fill save restore"
        .split(" ")
        .map((name) => [name, () => {}]),
    ),
    { canvas: { width: 10, height: 10 } },
  );

test("options that are none, or unknown, are refused by every function that takes some", async () => {
  const { live } = await fakeStream({ workers: 1 });
  for (const [name, call] of Object.entries(takesOptions(live))) {
    for (const value of [...NOTHING, new AbortController().signal])
      await refuses(
        `${name}(${typeof value})`,
        () => call(value),
        "invalid-option",
        /options must be an object/,
      );
    await refuses(
      name,
      () => call({ xyzzyXyzzy: 1 }),
      "invalid-option",
      /"xyzzyXyzzy"; there are: \w+/,
    );
  }
  await live.close();
});

test("a mistyped option is named, with the one that was meant", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const { create, connect, push, detect, attach, on, recorder, draw } =
    takesOptions(live);
  const { face, hand } = takesOptions(live);
  for (const [call, options, wrong, meant] of [
    [create, { smothing: false }, "smothing", "smoothing"],
    [create, { smothing: undefined }, "smothing", "smoothing"],
    [create, { Smoothing: true }, "Smoothing", "smoothing"],
    [create, { buffer_size: 1 }, "buffer_size", "bufferSize"],
    [create, { hnadSmoothing: true }, "hnadSmoothing", "handSmoothing"],
    [
      create,
      { minPosPresenceConfidence: 1 },
      "minPosPresenceConfidence",
      "minPosePresenceConfidence",
    ],
    [
      create,
      { fallback: { url: "ws://a", tokn: "" } },
      "fallback.tokn",
      "token",
    ],
    [create, { assets: { baseURL: "/" } }, "assets.baseURL", "baseUrl"],
    [
      create,
      { assets: { models: { pose_landmark_ful: "x" } } },
      "assets.models.pose_landmark_ful",
      "pose_landmark_full",
    ],
    [create, { signs: { manifests: "a" } }, "signs.manifests", "manifest"],
    [connect, { jpgQuality: 1 }, "jpgQuality", "jpegQuality"],
    [connect, { workers: 1 }, "workers", undefined],
    [
      connect,
      { reconnect: { maxAttempt: 1 } },
      "reconnect.maxAttempt",
      "maxAttempts",
    ],
    [push, { timestampMS: 1 }, "timestampMS", "timestampMs"],
    [push, { timestamp: 1 }, "timestamp", "timestampMs"],
    [detect, { signl: undefined }, "signl", "signal"],
    [attach, { whenHiden: "pause" }, "whenHiden", "whenHidden"],
    [on, { singal: undefined }, "singal", "signal"],
    [recorder, { maxFrame: 1 }, "maxFrame", "maxFrames"],
    [recorder, { assets: { sesion: "x" } }, "assets.sesion", "session"],
    [draw, { linewidth: 1 }, "linewidth", "lineWidth"],
    [draw, { colors: { lefthand: "red" } }, "colors.lefthand", "leftHand"],
    [draw, { area: { widht: 1 } }, "area.widht", "width"],
    [hand, { numHand: 2 }, "numHand", "numHands"],
    [
      face,
      { baseOptions: { modelPath: "a" } },
      ...["baseOptions.modelPath", undefined],
    ],
  ]) {
    const suggestion = meant ? `did you mean "${meant}"\\?` : "there are: ";
    await refuses(
      wrong,
      () => call(options),
      "invalid-option",
      new RegExp(`"${wrong.replaceAll(".", "\\.")}"; ${suggestion}`),
    );
  }
  await live.close();
});

test("values that an option does not take are refused, by the name that the caller wrote", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const calls = takesOptions(live);
  const wrong = {
    create: {
      workers: [0, 5, 1.5, "4", NO_OBJECT],
      parts: ["pose", [], ["hand"], {}],
      quality: ["medium", 1],
      bufferSize: [0, 1.5, NaN, "1"],
      smoothing: [1, "yes", null],
      handWorld: [0],
      maxFramesInFlight: [0, 17, 1.5, "3", NaN],
      minPoseDetectionConfidence: [-0.1, 1.1, NaN, "0.5"],
      minFacePresenceConfidence: [2],
      decode: ["slow"],
      maxPixels: [0],
      assets: [
        ...[null, 5, [], "http://[", { baseUrl: "http://[" }],
        ...[{ session: "http://[" }, { models: { face_landmark: "http://[" } }],
      ],
      signs: [
        ...[null, 5, false, "signs.json", { manifest: "http://[" }],
        ...[{ model: "http://[" }, { examples: "" }, { examples: [] }],
      ],
      workerUrl: ["http://["],
      cache: ["no"],
      createWorker: ["worker.js", {}],
      workerTimeoutMs: [0, Infinity],
      fallback: [null, 5, "", {}, "ftp://a.example"],
      signal: [{}, "abort"],
      onProgress: [{}, "log"],
      onFallback: [{}, "log"],
    },
    connect: {
      maxFramesInFlight: [0, 65],
      jpegQuality: [0, 2, "1"],
      token: ["", 5],
      reconnect: [true, 5, null, "no"],
      createSocket: [5],
      signal: [{}],
      onProgress: [5],
      format: ["xml"],
    },
    push: {
      timestampMs: [NaN, Infinity, -Infinity, "5", {}],
      transfer: [1, null],
    },
    detect: { transfer: ["yes"], signal: [{}, 5] },
    attach: { whenHidden: ["stop", null], signal: [{}] },
    on: { signal: [{}] },
    recorder: {
      fps: [0, NaN, "30"],
      maxFrames: [0, 1.5],
      assets: [5],
      signal: [{}],
    },
    draw: {
      ...{ pose: ["no"], hands: [1], face: ["mesh", false] },
      ...{ minVisibility: [2, NaN], lineWidth: [-1, "2"] },
      ...{
        area: [null, 5, {}, { x: 0, y: 0, width: 1 }],
        colors: [null, "red"],
      },
    },
  };
  for (const [name, options] of Object.entries(wrong))
    for (const [option, values] of Object.entries(options))
      for (const value of values)
        await refuses(
          `${name} { ${option} }`,
          () => calls[name]({ [option]: value }),
          "invalid-option",
          option === "fallback" ? /fallback|relay URL/ : new RegExp(option),
        );
  await live.close();
});

test("no signal and no options are as good as undefined ones", async () => {
  const { live } = await fakeStream({ workers: 1 });
  live.on("keypoints", () => {}, { signal: undefined })();
  live.on("keypoints", () => {}, undefined)();
  live.attach(
    {
      videoWidth: 1,
      requestVideoFrameCallback() {},
      cancelVideoFrameCallback() {},
    },
    {},
  )();
  assert.equal(
    live.push(jpeg(), { timestampMs: undefined, transfer: undefined }),
    0,
  );
  await live.close();
});

test("what is no frame is refused by push and detect, and what proves bad is an error of its own", async () => {
  const { live, errors } = await fakeStream({ workers: 1 });
  for (const value of [
    undefined,
    ...NOTHING,
    {},
    new Uint16Array(2),
    NO_OBJECT,
  ]) {
    await refuses(
      `push(${typeof value})`,
      () => live.push(value),
      "unsupported-frame",
    );
    await refuses(
      `detect(${typeof value})`,
      () => live.detect(value),
      "unsupported-frame",
    );
  }
  assert.deepEqual(errors, []);
  for (const transfer of [false, true])
    for (const of of [(buffer) => buffer, (buffer) => new Uint8Array(buffer)]) {
      const frame = of(new ArrayBuffer(8));
      structuredClone(frame, { transfer: [frame.buffer ?? frame] });
      const index = live.push(frame, { transfer });
      await until(() => errors.length === 1);
      const [error] = errors.splice(0);
      assert.deepEqual([error.code, error.index], ["unsupported-frame", index]);
      await refuses(
        "detached",
        () => live.detect(frame, { transfer }),
        "unsupported-frame",
      );
    }
  const closed = new FakePicture("VideoFrame", { timestamp: 0 });
  closed.clone = () => {
    throw new DOMException("it is closed", "InvalidStateError");
  };
  live.push(closed, { transfer: false });
  await until(() => errors.length === 1);
  assert.equal(errors[0].code, "unsupported-frame");
  await live.close();
});

test("unknown events and listeners that are none are refused", async () => {
  const { live } = await fakeStream({ workers: 1 });
  for (const method of ["on", "off"]) {
    const call = (...args) => live[method](...args);
    for (const event of [
      undefined,
      ...NOTHING,
      "toString",
      "__proto__",
      "constructor",
    ])
      await refuses(
        method,
        () => call(event, () => {}),
        "invalid-option",
        /no event/,
      );
    await refuses(
      method,
      () => call("keypoint", () => {}),
      "invalid-option",
      /did you mean "keypoints"\?/,
    );
    await refuses(
      method,
      () => call("source_ended", () => {}),
      "invalid-option",
      /"source-ended"/,
    );
    for (const listener of [undefined, null, 5, "f", {}, { handleEvent() {} }])
      await refuses(
        method,
        () => call("error", listener),
        "invalid-option",
        /listener/,
      );
  }
  await live.close();
});

test("what is no source is refused by attach", async () => {
  const { live } = await fakeStream({ workers: 1 });
  for (const source of [
    undefined,
    ...NOTHING,
    {},
    { kind: "audio" },
    NO_OBJECT,
  ])
    await refuses(
      "attach",
      () => live.attach(source),
      "unsupported-frame",
      /<video>/,
    );
  await live.close();
});

test("what is no address of a relay is refused, and its secrets are not told", async () => {
  for (const url of [
    undefined,
    ...NOTHING,
    {},
    "",
    "foo",
    "ftp://a.example",
    "ws://",
    "http://[",
    NO_OBJECT,
  ])
    await refuses(
      "connect",
      () => LiveKeypoints.connect(url),
      "invalid-option",
      /^Not a valid relay URL: '.*'\. Expected ws:\/\/ or wss:\/\/\.$/s,
    );
  await refuses(
    "connect",
    () => LiveKeypoints.connect("foo"),
    "invalid-option",
    /URL: 'foo'\./,
  );
  for (const url of [
    "ftp://me:secret@a.example/",
    "foo?token=secret",
    "ftp://a.example/#secret",
  ])
    await refuses(
      "connect",
      () => LiveKeypoints.connect(url),
      "invalid-option",
      /^((?!secret).)*$/,
    );
});

test("what cannot be drawn is refused", async () => {
  for (const target of [undefined, ...NOTHING, {}, { getContext: () => null }])
    await refuses(
      "draw",
      () => drawKeypoints(target, {}),
      "invalid-option",
      /canvas/,
    );
  for (const keypoints of [undefined, null, 5, "text"])
    await refuses(
      "draw",
      () => drawKeypoints(context(), keypoints),
      "invalid-option",
      /result/,
    );
});

const TIMES = [
  -5,
  -0.1,
  0,
  1 / 3,
  0.0004,
  1e-9,
  1e12 + 1 / 7,
  2 ** 53,
  -1e300,
  5e-324,
];

test("capture times come back as they were given, from the page", async () => {
  const { live } = await fakeStream({ workers: 1 });
  const times = [];
  live.on("keypoints", ({ timestampMs }) => times.push(timestampMs));
  for (const timestampMs of TIMES) live.push(jpeg(), { timestampMs });
  await until(() => times.length === TIMES.length);
  assert.deepEqual(times, TIMES);
  await live.close();
});

test("capture times come back as they were given, from a relay, which gets them signed", async () => {
  const { live, socket } = await fakeRelay({ maxFramesInFlight: 64 });
  const times = [];
  live.on("keypoints", ({ timestampMs }) => times.push(timestampMs));
  for (const timestampMs of TIMES) live.push(jpeg(), { timestampMs });
  for (const index of TIMES.keys()) {
    await until(() => socket.frames.length > index);
    socket.answer(index);
  }
  assert.deepEqual(times, TIMES);
  assert.equal(socket.frames[0].timestampUs, -5000);
  await live.close();
});

test("a writable of a transform that is given nonsense ends on both sides, with the code", async () => {
  const wrong = [
    undefined,
    ...NOTHING,
    {},
    { frame: null },
    { frame: jpeg(), timestamp: 1 },
    { frame: jpeg(), timestampMs: NaN },
  ];
  for (const given of wrong) {
    const { live } = await fakeStream({ workers: 1 });
    const { readable, writable } = live.transform();
    const reading = readable.getReader().read();
    const writing = writable.getWriter().write(given);
    const code = /unsupported-frame|invalid-option/;
    await assert.rejects(writing, ({ code: found }) => code.test(found));
    await assert.rejects(reading, ({ code: found }) => code.test(found));
    await live.close();
  }
});
