// Streams that a relay computes: what a real browser makes of frames that are no JPEG.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

test("every kind of frame reaches the relay as the JPEG of its picture, and JPEG bytes as they are", async () => {
  const { sent, errors, clip, isClosed } = await inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, RelaySocket }) => {
      const sockets = [];
      const live = await LiveKeypoints.connect("wss://relay.example/", {
        maxFramesInFlight: 64,
        createSocket: () => {
          sockets.push(new RelaySocket());
          return sockets[0];
        },
      });
      const errors = [];
      live.on("error", ({ code }) => errors.push(code));
      const canvas = new OffscreenCanvas(32, 16);
      const context = canvas.getContext("2d");
      context.fillStyle = "rgb(200, 40, 20)";
      context.fillRect(0, 0, 32, 16);
      const onPage = document.createElement("canvas");
      [onPage.width, onPage.height] = [32, 16];
      onPage.getContext("2d").drawImage(canvas, 0, 0);
      const image = new Image();
      image.src = URL.createObjectURL(await canvas.convertToBlob());
      await image.decode();
      const clip = await clipFrame(0);
      const bitmap = await createImageBitmap(canvas);
      const video = new VideoFrame(canvas, { timestamp: 5_000_000 });
      const frames = [
        ...[context.getImageData(0, 0, 32, 16), canvas, onPage, image],
        ...[bitmap, video, clip, clip.slice().buffer, new Blob([clip])],
      ];
      for (const frame of frames) live.push(frame);
      await sockets[0].gets(frames.length);
      const sent = [];
      for (const { jpeg, timestampMs } of sockets[0].frames) {
        const picture = await createImageBitmap(new Blob([jpeg]));
        context.drawImage(picture, 0, 0, 32, 16);
        sent.push({
          size: [picture.width, picture.height],
          color: [...context.getImageData(9, 9, 1, 1).data.slice(0, 3)],
          isSame:
            jpeg.length === clip.length && jpeg.every((b, i) => b === clip[i]),
          timestampMs,
        });
      }
      const isClosed = [bitmap.width === 0, video.format === null];
      await live.close();
      return { sent, errors, clip: clip.length, isClosed };
    },
  );
  assert.deepEqual(errors, []);
  assert.ok(clip > 1000);
  assert.equal(sent.length, 9);
  for (const { size, color } of sent.slice(0, 6)) {
    assert.deepEqual(size, [32, 16]);
    color.forEach((value, channel) =>
      assert.ok(Math.abs(value - [200, 40, 20][channel]) < 8, `${color}`),
    );
  }
  assert.equal(sent[5].timestampMs, 5000);
  assert.deepEqual(
    sent.map(({ isSame }) => isSame),
    [...Array(6).fill(false), true, true, true],
  );
  assert.deepEqual(isClosed, [true, true]);
});

test("a picture over the limit is told, and a video that plays is sent", async () => {
  const { codes, sizes } = await inPage(
    opened,
    async ({ LiveKeypoints, RelaySocket, playingVideo }) => {
      const socket = new RelaySocket();
      const live = await LiveKeypoints.connect("wss://relay.example/", {
        ...{ maxPixels: 100, createSocket: () => socket },
      });
      const codes = [];
      live.on("error", ({ code }) => codes.push(code));
      live.push(new ImageData(20, 20));
      const video = await playingVideo(10, 8);
      live.attach(video);
      await socket.gets(3);
      await live.close();
      video.srcObject.getTracks()[0].stop();
      const sizes = [];
      for (const { jpeg } of socket.frames) {
        const { width, height } = await createImageBitmap(new Blob([jpeg]));
        sizes.push([width, height]);
      }
      return { codes, sizes };
    },
  );
  assert.deepEqual(codes, ["too-many-pixels"]);
  for (const size of sizes) assert.deepEqual(size, [10, 8]);
});
