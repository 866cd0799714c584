// The demo page: starts by itself, draws what it found, and can be used by mouse, keyboard and address.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";

import { openBrowser } from "./browser.mjs";
import {
  colorAt,
  demoIn,
  isLoaded,
  LAPTOP,
  overflow,
  pause,
  PHONE,
  results,
  screenshot,
} from "./demo-page.mjs";
import { test } from "../limited.mjs";

let opened;
let onDemo;

before(async () => {
  opened = await openBrowser();
  onDemo = demoIn(opened);
});
afterEach(() => opened.server.answers.clear());
after(() => opened.close());

for (const [name, size] of Object.entries({ laptop: LAPTOP, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`it starts by itself and draws body, hand and face: ${name}, ${colorScheme}`, async () => {
      await onDemo("/", { ...size, colorScheme }, async (page) => {
        await results(page, 12);
        await pause(page);
        // The colours of `live-keypoints/draw`, at the middle of a fingertip and of a shoulder.
        assert.deepEqual(
          await colorAt(page, "leftHand", 8, 3),
          [0xff, 0xb0, 0x20],
        );
        assert.deepEqual(
          await colorAt(page, "pose", 11, 4),
          [0xf4, 0xf4, 0xf5],
        );
        const lips = await colorAt(page, "face", 61, 3);
        assert.ok(
          lips[2] > lips[0] + 20,
          `the corner of the mouth is bluish: ${lips}`,
        );
        const fps = Number(await page.locator("#fps").textContent());
        assert.ok(fps > 0.2 && fps < 20, `${fps} frames a second`);
        assert.ok(Number(await page.locator("#latency").textContent()) > 0);
        assert.equal(await overflow(page), 0, "nothing is wider");
        await screenshot(page, `demo-${name}-${colorScheme}`);
      });
    });
  }
}

test("on a laptop nothing needs scrolling", async () => {
  await onDemo("/?workers=4", LAPTOP, async (page) => {
    await results(page, 1);
    const height = await page.evaluate(
      () => document.documentElement.scrollHeight,
    );
    assert.ok(height <= 800, `${height} pixels`);
  });
});

test("the address chooses workers, parts and models, and can keep it from starting", async () => {
  await onDemo(
    "/?workers=2&parts=pose,hands&quality=lite&autoplay=0",
    LAPTOP,
    async (page) => {
      await isLoaded(page);
      assert.equal(await page.evaluate(() => demo.state), "paused");
      // The second set of the hands' models comes after the start.
      await page.waitForFunction(() =>
        demo.live.stats().workers[0].steps.includes("leftHand"),
      );
      const steps = await page.evaluate(() =>
        demo.live.stats().workers.map((worker) => worker.steps),
      );
      assert.deepEqual(steps, [["decode", "pose", "leftHand"], ["rightHand"]]);
      assert.ok(
        opened.server.requests.some((path) =>
          path.endsWith("pose_landmark_lite.onnx"),
        ),
      );
      await page.waitForTimeout(300);
      assert.equal(await page.evaluate(() => demo.results), 0);
      await page.getByRole("button", { name: "Play" }).click();
      await results(page, 2);
      assert.ok(await page.evaluate(() => !("face" in demo.last)));
    },
  );
});

test("workers, parts and models can be chosen while it runs, and the address follows", async () => {
  await onDemo("/?workers=1&parts=pose&quality=lite", LAPTOP, async (page) => {
    await results(page, 1);
    const choose = async (role, name, expected) => {
      await page.getByRole(role, { name, exact: true }).click();
      await page.waitForFunction(
        (expected) =>
          demo.state === "running" &&
          demo.live.stats().workers.length === expected,
        expected,
      );
    };
    await choose("checkbox", "Hands", 1);
    await choose("radio", "3", 3);
    await choose("checkbox", "Body", 3);
    assert.match(page.url(), /workers=3&parts=hands&quality=lite/);
    const before = await page.evaluate(() => demo.results);
    await results(page, before + 2);
    // Two have a hand each, the third the palms, and all of them decode.
    assert.equal(await page.getByRole("row").count(), 1 + 6);
    // The last part stays: a stream without parts would have nothing to say.
    await page.getByRole("checkbox", { name: "Hands" }).click();
    assert.ok(await page.getByRole("checkbox", { name: "Hands" }).isChecked());
  });
});

test("pausing stops the pictures, and the keyboard reaches every control in order", async () => {
  await onDemo("/?workers=1&parts=pose&quality=lite", LAPTOP, async (page) => {
    await results(page, 1);
    const reached = [];
    for (let stop = 0; stop < 13; stop += 1) {
      await page.keyboard.press("Tab");
      reached.push(
        await page.evaluate(() => {
          const { activeElement } = document;
          return (
            activeElement.id || `${activeElement.name}=${activeElement.value}`
          );
        }),
      );
    }
    assert.deepEqual(reached, [
      "format",
      "record",
      "pause",
      "source=clip",
      "engine=page",
      "workers=1",
      "graph=holistic",
      "parts=pose",
      "parts=hands",
      "parts=face",
      "quality=lite",
      "face=contours",
      "view=steps",
    ]);
    await page.locator("#pause").focus();
    await page.keyboard.press("Space");
    assert.equal(await page.locator("#pause").textContent(), "Play");
    await page.waitForFunction(
      () => demo.live.stats().buffered + demo.live.stats().inFlight === 0,
    );
    const { received } = await page.evaluate(() => demo.live.stats());
    await page.waitForTimeout(300);
    assert.equal(
      (await page.evaluate(() => demo.live.stats())).received,
      received,
    );
    await page.keyboard.press("Space");
    await results(page, (await page.evaluate(() => demo.results)) + 1);
  });
});

test("the camera can be chosen and left again", async () => {
  await onDemo(
    "/?workers=1&parts=pose&quality=lite",
    { ...LAPTOP, permissions: ["camera"] },
    async (page) => {
      await results(page, 1);
      await page.getByRole("radio", { name: "Camera" }).click();
      await page.waitForFunction(() => demo.last?.width === 640);
      assert.ok(
        await page.locator("canvas.mirrored").count(),
        "the camera's picture is mirrored",
      );
      await page.getByRole("radio", { name: "Clip" }).click();
      await page.waitForFunction(() => demo.last?.width === 320);
      assert.equal(await page.locator("canvas.mirrored").count(), 0);
      assert.ok(await page.locator("#error").isHidden());
    },
  );
});

test("a camera that is refused is told, and the clip goes on", async () => {
  await onDemo("/?workers=1&parts=pose&quality=lite", LAPTOP, async (page) => {
    await results(page, 1);
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(
          new DOMException("Permission denied", "NotAllowedError"),
        );
    });
    await page.getByRole("radio", { name: "Camera" }).click();
    await page.getByRole("alert").waitFor();
    assert.match(
      await page.getByRole("alert").textContent(),
      /camera.*NotAllowedError/,
    );
    assert.ok(await page.getByRole("radio", { name: "Clip" }).isChecked());
    await results(page, (await page.evaluate(() => demo.results)) + 2);
  });
});

test("a model that is not there is told in a sentence with its code", async () => {
  opened.server.answers.set("/live-keypoints/models/face_landmarks_478.onnx", {
    status: 404,
    type: "text/plain",
    body: "",
  });
  await onDemo(
    "/",
    { ...LAPTOP, expected: [/Failed to load resource/] },
    async (page) => {
      await page.getByRole("alert").waitFor();
      assert.match(
        await page.getByRole("alert").textContent(),
        /face_landmarks_478.*404.*asset-unreachable/,
      );
      assert.ok(await page.locator("#loading").isHidden());
      await screenshot(page, "demo-failed");
    },
  );
});

test("every control has a name", async () => {
  await onDemo("/?autoplay=0&workers=1&parts=pose", LAPTOP, async (page) => {
    await isLoaded(page);
    for (const name of [
      ...["Clip", "Camera", "This page", "Relay"],
      ...["Holistic", "Landmarkers"],
      ...["1", "2", "3", "4", "Full", "Lite", "File", "Contours", "Points"],
      ...["Steps", "Chart", "3D"],
    ]) {
      assert.equal(
        await page.getByRole("radio", { name, exact: true }).count(),
        1,
        name,
      );
    }
    for (const name of ["Body", "Hands", "Face", "Irises", "Expressions"])
      assert.equal(await page.getByRole("checkbox", { name }).count(), 1, name);
    for (const name of [
      ...["Source", "Engine", "Workers", "Graph", "Parts", "Models"],
      ...["Face as", "Face with", "View"],
    ])
      assert.equal(await page.getByRole("group", { name }).count(), 1, name);
    assert.equal(await page.getByRole("img", { name: /video/ }).count(), 1);
    assert.equal(await page.getByRole("table", { name: /worker/ }).count(), 1);
  });
});
