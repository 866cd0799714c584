// What can be pushed: every kind of frame, bad ones, and what they do to the frames around them.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

test("bad frames fail alone, each with its code, and the frames between them are found", async () => {
  const { results, errors, expected } = await inPage(
    opened,
    async (harness) => {
      const { LiveKeypoints, clipFrame, canvasJpeg, run } = harness;
      const good = await clipFrame(0);
      // Height and width stand behind the marker, the length and the precision of the frame header.
      const huge = good.slice();
      const header = huge.findIndex(
        (byte, at) =>
          byte === 0xff && (huge[at + 1] === 0xc0 || huge[at + 1] === 0xc2),
      );
      huge.fill(0xff, header + 5, header + 9);
      const random = crypto.getRandomValues(new Uint8Array(5000));
      random.set([0x52, 0x4e], 0);
      const broken = good.map((byte, at) =>
        at > 600 && at % 3 === 0 ? 0xff : byte,
      );
      const cases = [
        [good, null],
        [new Uint8Array(), "empty-frame"],
        [good.slice(0, good.length / 2), "malformed-picture"],
        [
          Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
          "not-a-jpeg",
        ],
        [random, "not-a-jpeg"],
        [Uint8Array.of(0xff, 0xd8), "malformed-picture"],
        [huge, "too-many-pixels"],
        [good, null],
        [broken, "malformed-picture"],
        [await canvasJpeg(1, 1), null],
        [good, null],
      ];
      const live = await LiveKeypoints.create({ workers: 2 });
      const played = await run(
        live,
        cases.map(([frame]) => frame),
      );
      await live.close();
      return { ...played, expected: cases.map(([, code]) => code) };
    },
  );
  const codes = Array(expected.length).fill(null);
  for (const { index, code, message } of errors) {
    codes[index] = code;
    assert.ok(message.length > 10, message);
  }
  assert.deepEqual(codes, expected);
  const found = results.filter(({ pose }) => pose).map(({ index }) => index);
  assert.deepEqual(found, [0, 7, 10]);
  const pixel = results.find(({ index }) => index === 9);
  assert.deepEqual([pixel.width, pixel.height, pixel.pose], [1, 1, null]);
});

test("a picture without a person gives null for every part, and says why", async () => {
  const keypoints = await inPage(
    opened,
    async ({ LiveKeypoints, canvasJpeg, plain }) => {
      const live = await LiveKeypoints.create({ workers: 2 });
      const blank = await canvasJpeg(320, 240, (context, { width, height }) => {
        context.fillStyle = "#808890";
        context.fillRect(0, 0, width, height);
      });
      const found = plain(await live.detect(blank));
      await live.close();
      return found;
    },
  );
  for (const part of ["pose", "poseWorld", "leftHand", "rightHand", "face"])
    assert.equal(keypoints[part], null, part);
  assert.deepEqual(keypoints.missing, {
    pose: "no-pose",
    leftHand: "no-pose",
    rightHand: "no-pose",
    face: "no-pose",
  });
});

test("every kind of frame gives the landmarks that its JPEG gives", async () => {
  const distances = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, plain, largestDistance }) => {
      const live = await LiveKeypoints.create({ workers: 2 });
      const bytes = await clipFrame(10);
      const blob = new Blob([bytes], { type: "image/jpeg" });
      const bitmap = () => createImageBitmap(blob);
      const { width, height } = await bitmap();
      const canvas = Object.assign(document.createElement("canvas"), {
        width,
        height,
      });
      canvas.getContext("2d").drawImage(await bitmap(), 0, 0);
      const offscreen = new OffscreenCanvas(width, height);
      offscreen.getContext("2d").drawImage(canvas, 0, 0);
      const image = new Image();
      image.src = "/clips/fingers/010.jpg";
      await image.decode();
      const frames = {
        blob,
        file: new File([bytes], "frame.jpg"),
        buffer: bytes.slice().buffer,
        bitmap: await bitmap(),
        imageData: canvas.getContext("2d").getImageData(0, 0, width, height),
        videoFrame: new VideoFrame(canvas, { timestamp: 0 }),
        canvas,
        offscreen,
        image,
      };
      const expected = plain(await live.detect(bytes));
      const distances = {};
      for (const [kind, frame] of Object.entries(frames)) {
        const found = plain(await live.detect(frame));
        distances[kind] = [
          ["pose", 4],
          ["leftHand", 3],
          ["face", 3],
        ].map(([part, stride]) =>
          largestDistance(found, expected, part, stride),
        );
      }
      await live.close();
      return distances;
    },
  );
  assert.equal(Object.keys(distances).length, 9);
  for (const [kind, parts] of Object.entries(distances)) {
    const isEncoded = ["blob", "file", "buffer"].includes(kind);
    // Pixels went through the browser's own JPEG decoder, which differs by a grey level here and there. However they
    // came, they are the same pixels.
    assert.deepEqual(parts, isEncoded ? [0, 0, 0] : distances.bitmap, kind);
  }
  distances.bitmap.forEach((distance, at) =>
    assert.ok(distance <= [0.02, 0.02, 0.005][at], `${distances.bitmap}`),
  );
});

test("frames are taken over or left alone as asked", async () => {
  const state = await inPage(opened, async ({ LiveKeypoints, clipFrame }) => {
    const live = await LiveKeypoints.create({
      workers: 1,
      parts: ["pose"],
      bufferSize: 20,
    });
    const bytes = await clipFrame(0);
    const taken = bytes.slice();
    const blob = new Blob([bytes]);
    const bitmaps = await Promise.all([
      createImageBitmap(blob),
      createImageBitmap(blob),
    ]);
    const videoFrame = () => new VideoFrame(bitmaps[1], { timestamp: 0 });
    const videoFrames = [videoFrame(), videoFrame()];
    live.push(bytes);
    live.push(taken, { transfer: true });
    live.push(bitmaps[0]);
    live.push(bitmaps[1], { transfer: false });
    live.push(videoFrames[0]);
    live.push(videoFrames[1], { transfer: false });
    while (live.stats().completed < 6)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await live.close();
    return {
      bytes: [bytes.length > 0, taken.length > 0],
      bitmaps: bitmaps.map(({ width }) => width > 0),
      videoFrames: videoFrames.map(({ format }) => format !== null),
    };
  });
  assert.deepEqual(state, {
    bytes: [true, false],
    bitmaps: [false, true],
    videoFrames: [false, true],
  });
});

test("a picture that was closed after it was pushed fails alone", async () => {
  const { errors, results } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, run }) => {
      const live = await LiveKeypoints.create({ workers: 1, parts: ["pose"] });
      const bytes = await clipFrame(0);
      const closed = await createImageBitmap(new Blob([bytes]));
      closed.close();
      const ended = new VideoFrame(await createImageBitmap(new Blob([bytes])), {
        timestamp: 0,
      });
      ended.close();
      const emptyImage = new Image();
      const played = await run(live, [closed, ended, emptyImage, bytes]);
      await live.close();
      return played;
    },
  );
  assert.deepEqual(
    errors.map(({ index, code }) => [index, code]),
    [
      [0, "unsupported-frame"],
      [1, "unsupported-frame"],
      [2, "unsupported-frame"],
    ],
  );
  assert.deepEqual(
    results.map(({ index, pose }) => [index, pose !== null]),
    [[3, true]],
  );
});

test("attach takes pictures from a camera's stream, its track and a <video>, until it is stopped", async () => {
  const seen = await inPage(
    opened,
    async ({ LiveKeypoints }) => {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { width: 160, height: 120 },
      });
      const video = Object.assign(document.createElement("video"), {
        srcObject: stream,
        muted: true,
      });
      await video.play();
      const live = await LiveKeypoints.create({
        workers: 1,
        parts: ["pose"],
        bufferSize: 1,
      });
      const seen = {};
      for (const [kind, source] of Object.entries({
        stream,
        track: stream.getVideoTracks()[0],
        video,
      })) {
        const times = [];
        const off = live.on("keypoints", ({ timestampMs, width }) =>
          times.push([timestampMs, width]),
        );
        const stop = live.attach(source);
        while (times.length < 4)
          await new Promise((resolve) => setTimeout(resolve, 10));
        stop();
        while (live.stats().buffered + live.stats().inFlight > 0)
          await new Promise((resolve) => setTimeout(resolve, 10));
        const { received } = live.stats();
        await new Promise((resolve) => setTimeout(resolve, 200));
        seen[kind] = { times, stopped: live.stats().received === received };
        off();
      }
      await live.close();
      return seen;
    },
    undefined,
    { permissions: ["camera"] },
  );
  for (const [kind, { times, stopped }] of Object.entries(seen)) {
    assert.ok(stopped, `${kind} was stopped`);
    assert.ok(
      times.every(
        ([time, width], at) =>
          width === 160 && (at === 0 || time > times[at - 1][0]),
      ),
      `${kind}: ${JSON.stringify(times)}`,
    );
  }
});

/** Attaches a camera's track and gives how many frames came, and the widths of the results. */
function attachCamera({ LiveKeypoints }) {
  return (async () => {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: 160, height: 120 },
    });
    const [track] = stream.getVideoTracks();
    const live = await LiveKeypoints.create({
      ...{ workers: 1, parts: ["pose"], quality: "lite", bufferSize: 1 },
    });
    const controller = new AbortController();
    live.attach(track, { signal: controller.signal });
    const widths = [];
    for await (const { width } of live) if (widths.push(width) === 5) break;
    controller.abort();
    while (live.stats().buffered + live.stats().inFlight > 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const { received } = live.stats();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const isStopped = live.stats().received === received;
    await live.close();
    return { widths, isStopped, state: track.readyState };
  })();
}

for (const [which, init] of [
  ["processors", undefined],
  [
    "no processors in the page",
    () => delete globalThis.MediaStreamTrackProcessor,
  ],
  [
    "no processors and no frame callbacks",
    () => {
      delete globalThis.MediaStreamTrackProcessor;
      delete HTMLVideoElement.prototype.requestVideoFrameCallback;
    },
  ],
]) {
  test(`a camera's track is pumped with ${which}, until its signal says so`, async () => {
    const { widths, isStopped, state } = await inPage(
      opened,
      attachCamera,
      undefined,
      { permissions: ["camera"], init },
    );
    assert.deepEqual(widths, [160, 160, 160, 160, 160]);
    assert.ok(isStopped);
    assert.equal(state, "live", "the track is the caller's");
  });
}

test("fast decoding of a large JPEG takes fewer pixels, and says its size and finds its points as exact does", async () => {
  const { exact, fast, distance, isSame } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, plain, largestDistance }) => {
      const picture = await createImageBitmap(new Blob([await clipFrame(10)]));
      const canvas = new OffscreenCanvas(
        ...[picture.width, picture.height].map(
          (side) => (side * 2000) / picture.width,
        ),
      );
      canvas
        .getContext("2d")
        .drawImage(picture, 0, 0, canvas.width, canvas.height);
      const large = await canvas.convertToBlob({ type: "image/jpeg" });
      const found = {};
      for (const decode of ["exact", "fast"]) {
        const live = await LiveKeypoints.create({ workers: 2, decode });
        found[decode] = plain(await live.detect(large));
        await live.close();
      }
      const { exact, fast } = found;
      return {
        ...{ exact: [exact.width, exact.height] },
        fast: [fast.width, fast.height],
        distance: largestDistance(fast, exact, "face", 3),
        isSame: JSON.stringify(fast.pose) === JSON.stringify(exact.pose),
      };
    },
  );
  assert.deepEqual(fast, exact);
  assert.equal(fast[0], 2000);
  assert.ok(!isSame, "pixels of a reduced picture give other last bits");
  assert.ok(distance < 0.01, `${distance} of the picture`);
});
