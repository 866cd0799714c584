// What else the demo can: files of the visitor's, recording, chart and space.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { POSE_BYTES_PER_FRAME } from "../../www/dist/pose.js";
import { openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

const LAPTOP = { viewport: { width: 1280, height: 800 } };
const ADDRESS = "/?workers=1&parts=pose&quality=lite";
const PICTURE = fileURLToPath(
  new URL("../fixtures/images/astronaut.png", import.meta.url),
);

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

async function onDemo(address, use) {
  const { page, close, unexpected } = await openPage(opened, address, LAPTOP);
  try {
    await page.waitForFunction(() => demo.results >= 1);
    await use(page);
    assert.deepEqual(unexpected(), []);
  } finally {
    await close();
  }
}

const radio = (page, name) => page.getByRole("radio", { name, exact: true });
const lastWidth = (page, width) =>
  page.waitForFunction((width) => demo.last?.width === width, width);

/** A short video as bytes, recorded by the browser itself. */
function recordVideo(page) {
  return page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [200, 150];
    const context = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(20), {
      mimeType: "video/webm",
    });
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.start();
    for (let turn = 0; turn < 15; turn += 1) {
      context.fillStyle = `hsl(${turn * 20} 60% 50%)`;
      context.fillRect(0, 0, 200, 150);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    recorder.stop();
    await new Promise((resolve) => recorder.addEventListener("stop", resolve));
    return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
  });
}

/** Drops bytes as a file onto the page. */
function drop(page, file) {
  return page.evaluate(({ name, type, bytes }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name, { type }));
    for (const kind of ["dragover", "drop"])
      document.body.dispatchEvent(
        new DragEvent(kind, {
          dataTransfer: data,
          bubbles: true,
          cancelable: true,
        }),
      );
  }, file);
}

test("a picture can be chosen as the source, and the clip again", async () => {
  await onDemo(ADDRESS, async (page) => {
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      radio(page, "File").click(),
    ]);
    await chooser.setFiles(PICTURE);
    await lastWidth(page, 512);
    assert.ok(await radio(page, "File").isChecked());
    await radio(page, "Lite").press("ArrowLeft");
    await page.waitForFunction(() => demo.state === "running");
    await lastWidth(page, 512);
    await radio(page, "Clip").click();
    await lastWidth(page, 320);
    assert.ok(await radio(page, "Clip").isChecked());
  });
});

test("a video that is dropped is played again and again", async () => {
  await onDemo(ADDRESS, async (page) => {
    const bytes = await recordVideo(page);
    await drop(page, { name: "a.webm", type: "video/webm", bytes });
    await lastWidth(page, 200);
    assert.ok(await radio(page, "File").isChecked());
    const { received } = await page.evaluate(() => demo.live.stats());
    // Longer than the video is.
    await page.waitForFunction(
      (received) => demo.live.stats().received > received + 30,
      received,
    );
    assert.equal(await page.evaluate(() => demo.last.width), 200);
    await page.getByRole("button", { name: "Pause" }).click();
    const paused = await page.evaluate(() => demo.live.stats().received);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => demo.live.stats().received), paused);
  });
});

test("a file that is neither is told, and the clip goes on", async () => {
  await onDemo(ADDRESS, async (page) => {
    for (const type of ["video/webm", "text/plain"]) {
      await drop(page, { name: "a", type, bytes: [1, 2, 3] });
      await page.getByRole("alert").waitFor();
      assert.match(
        await page.getByRole("alert").textContent(),
        /file cannot be used.*clip goes on/,
      );
      assert.ok(await radio(page, "Clip").isChecked());
    }
    const before = await page.evaluate(() => demo.results);
    await page.waitForFunction((before) => demo.results > before, before);
  });
});

test("a recording is saved as JSON lines that read back as the very results", async () => {
  await onDemo("/?workers=1&quality=lite", async (page) => {
    await page.evaluate(() => {
      globalThis.seen = [];
      demo.live.on("keypoints", (keypoints) => seen.push(keypoints));
    });
    await page.getByRole("button", { name: "Record" }).click();
    const save = page.getByRole("button", { name: /Save [3-9] frames/ });
    await save.waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      save.click(),
    ]);
    assert.equal(download.suggestedFilename(), "keypoints.jsonl");
    const text = await readFile(await download.path(), "utf8");
    assert.ok(text.endsWith("}\n"));
    const frames = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(frames.length >= 3 && frames.length < 12);
    const seen = await page.evaluate(
      (indices) =>
        seen
          .filter(({ index }) => indices.includes(index))
          .map((keypoints) => ({
            ...keypoints,
            pose: [...keypoints.pose],
            face: [...keypoints.face],
            rightHand: keypoints.rightHand && [...keypoints.rightHand],
          })),
      frames.map(({ index }) => index),
    );
    frames.forEach((frame, at) => {
      const of = seen[at];
      assert.deepEqual(frame.pose.flat().map(Math.fround), of.pose);
      assert.deepEqual(frame.face.flat().map(Math.fround), of.face);
      assert.equal(frame.right_hand === null, of.rightHand === null);
      assert.equal(frame.timestamp_us, Math.round(of.timestampMs * 1000));
      assert.equal(Math.fround(frame.scores.pose), of.scores.pose);
      assert.deepEqual(Object.keys(frame), [
        ...["index", "timestamp_us", "width", "height", "pose", "pose_world"],
        ...["left_hand", "right_hand", "face", "scores"],
      ]);
    });
    // As short as the relay writes them: no 32-bit number needs more than nine digits.
    const digits = Math.max(
      ...[...text.matchAll(/0\.0*(\d+)/g)].map(([, digits]) => digits.length),
    );
    assert.ok(digits <= 9, `${digits} digits`);
    await page.getByRole("button", { name: "Record" }).waitFor();
    assert.match(
      await page.locator("#recorded").textContent(),
      /saved as keypoints\.jsonl/,
    );
  });
});

test("a recording is saved as .pose, in the order of its frames", async () => {
  await onDemo("/?workers=1&parts=pose,hands&quality=lite", async (page) => {
    await page.evaluate(() => {
      globalThis.seen = [];
      demo.live.on("keypoints", (keypoints) => seen.push(keypoints));
    });
    await page.getByLabel("Format of recordings").selectOption(".pose");
    await page.getByRole("button", { name: "Record" }).click();
    const save = page.getByRole("button", { name: /Save [3-9] frames/ });
    await save.waitFor();
    assert.ok(await page.getByLabel("Format of recordings").isDisabled());
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      save.click(),
    ]);
    assert.equal(download.suggestedFilename(), "keypoints.pose");
    const file = await readFile(await download.path());
    const noses = await page.evaluate(() =>
      seen.map(({ pose, width }) => Math.fround(pose[0] * width)),
    );
    const said = await page.locator("#recorded").textContent();
    const frames = Number(
      /^(\d+) frames were saved as keypoints\.pose/.exec(said)[1],
    );
    const start = file.length - frames * POSE_BYTES_PER_FRAME;
    assert.deepEqual([file.readUInt16LE(4), file.readUInt16LE(6)], [320, 240]);
    assert.equal(file.readUInt32LE(start - 6), frames);
    const fps = file.readFloatLE(start - 10);
    assert.ok(fps > 0.2 && fps < 120, `${fps} frames a second`);
    const recorded = Array.from({ length: frames }, (_, frame) =>
      file.readFloatLE(start + frame * 586 * 12),
    );
    const first = noses.indexOf(recorded[0]);
    assert.deepEqual(recorded, noses.slice(first, first + frames));
  });
});

/** Pixels of a canvas that are not empty, and a sum that tells pictures apart. */
function inked(page, id) {
  return page.evaluate((id) => {
    const canvas = document.getElementById(id);
    const { data } = canvas
      .getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) {
      if (data[at] > 0) count += 1;
      sum = (sum * 31 + data[at]) % 1_000_003;
    }
    return { count, sum };
  }, id);
}

test("the chart draws the last seconds and says them in words", async () => {
  await onDemo(ADDRESS, async (page) => {
    await radio(page, "Chart").click();
    assert.ok(await page.getByRole("table").isHidden());
    await page.waitForFunction(() => demo.results > 5);
    const chart = page.getByRole("img", {
      name: /last ten seconds. Now: latency \d+, .*Body \d+/,
    });
    await chart.waitFor();
    assert.ok((await inked(page, "chart")).count > 500);
    await radio(page, "Steps").click();
    assert.ok(await chart.isHidden());
    assert.ok(await page.getByRole("table").isVisible());
  });
});

test("the body in space is turned by the arrow keys and by dragging", async () => {
  await onDemo(ADDRESS, async (page) => {
    await radio(page, "3D").click();
    await page.waitForFunction(() => demo.last?.poseWorld);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.waitForFunction(
      () => demo.live.stats().buffered + demo.live.stats().inFlight === 0,
    );
    const before = await inked(page, "world");
    assert.ok(before.count > 500);
    await page.getByRole("img", { name: /space/ }).focus();
    await page.keyboard.press("ArrowRight");
    const turned = await inked(page, "world");
    assert.notEqual(turned.sum, before.sum);
    await page.keyboard.press("ArrowLeft");
    assert.equal((await inked(page, "world")).sum, before.sum);
    const box = await page.locator("#world").boundingBox();
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 160, box.y + 80);
    await page.mouse.up();
    assert.notEqual((await inked(page, "world")).sum, before.sum);
  });
});

test("the face can be drawn as its points, without a new start", async () => {
  await onDemo("/?workers=1&quality=lite", async (page) => {
    const live = await page.evaluate(() => {
      globalThis.before = demo.live;
      return demo.results;
    });
    await radio(page, "Points").click();
    assert.match(page.url(), /face=points/);
    await page.waitForFunction((results) => demo.results > results + 1, live);
    assert.ok(await page.evaluate(() => demo.live === before));
  });
});

test("from the second visit on it needs no network", async () => {
  const { page, close } = await openPage(opened, ADDRESS, LAPTOP);
  try {
    const visit = async () => {
      await page.waitForFunction(() => demo.results >= 2);
      await page.evaluate(() => navigator.serviceWorker.ready);
    };
    await visit();
    await page.reload();
    await visit();
    await page.waitForFunction(async () => {
      const models = await caches.open("live-keypoints-models");
      return (await models.keys()).length === 2;
    });
    opened.server.requests.length = 0;
    await page.context().setOffline(true);
    await page.reload();
    await visit();
    // The browser asks whether there is a newer one, offline mode or not.
    const asked = opened.server.requests.filter(
      (path) => path !== "/service-worker.js",
    );
    assert.deepEqual(asked, []);
    assert.ok(await page.evaluate(() => demo.last.pose !== null));
  } finally {
    await close();
  }
});
