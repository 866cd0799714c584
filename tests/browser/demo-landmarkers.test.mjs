// The demo's graphs, irises and expressions.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { BLENDSHAPE_NAMES } from "../../www/dist/index.js";
import { openBrowser } from "./browser.mjs";
import {
  colorAt,
  demoIn,
  LAPTOP,
  overflow,
  pause,
  PHONE,
  results,
  screenshot,
} from "./demo-page.mjs";
import { test } from "../limited.mjs";

/** A face alone. */
const FACE = "/?workers=1&graph=landmarkers&parts=face";

let opened;
let onDemo;

before(async () => {
  opened = await openBrowser();
  onDemo = demoIn(opened);
});
after(() => opened.close());

const checkbox = (page, name) =>
  page.getByRole("checkbox", { name, exact: true });
const radio = (page, name) => page.getByRole("radio", { name, exact: true });
const panel = (page) => page.getByRole("region", { name: /Expressions/ });

/** The panel's text by name of expression. */
const shownScores = async (page) =>
  Object.fromEntries(
    (await panel(page).getByRole("listitem").allTextContents()).map((text) =>
      text.split(" "),
    ),
  );

function modelsAskedFor() {
  const files = opened.server.requests
    .splice(0)
    .map((path) => path.split("/").at(-1));
  return files.filter((file) => file.endsWith(".onnx")).sort();
}

test("irises are there, and without them there is the smaller model", async () => {
  await onDemo(FACE, LAPTOP, async (page) => {
    await results(page, 1);
    assert.ok(!modelsAskedFor().includes("face_landmark.onnx"));
    assert.equal(await page.evaluate(() => demo.last.face.length), 478 * 3);
    await checkbox(page, "Irises").click();
    await page.waitForFunction(() => demo.last.face.length === 468 * 3);
    assert.ok(modelsAskedFor().includes("face_landmark.onnx"));
    assert.match(page.url(), /without=irises/);
    await page.reload();
    await page.waitForFunction(() => demo.last?.face.length === 468 * 3);
    await checkbox(page, "Irises").click();
    await page.waitForFunction(() => demo.last.face.length === 478 * 3);
    assert.doesNotMatch(page.url(), /without=/);
  });
});

test("expressions are one click away, bring the irises along and go with them", async () => {
  await onDemo(`${FACE}&without=irises`, LAPTOP, async (page) => {
    await results(page, 1);
    assert.equal(await panel(page).count(), 0);
    assert.equal(await radio(page, "Expressions").count(), 0);
    await checkbox(page, "Expressions").click();
    await panel(page).waitFor();
    await page.waitForFunction(() => demo.last.blendshapes);
    assert.match(page.url(), /with=expressions/);
    assert.doesNotMatch(page.url(), /without=/);
    assert.ok(await checkbox(page, "Irises").isChecked());
    assert.equal(await page.evaluate(() => demo.last.face.length), 478 * 3);
    await radio(page, "Steps").click();
    assert.equal(await panel(page).count(), 0);
    await radio(page, "Expressions").click();
    await panel(page).waitFor();
    await checkbox(page, "Irises").click();
    await page.waitForFunction(() => !demo.last.blendshapes);
    assert.ok(!(await checkbox(page, "Expressions").isChecked()));
    assert.ok(await radio(page, "Steps").isChecked());
    assert.equal(await radio(page, "Expressions").count(), 0);
    assert.doesNotMatch(page.url(), /with=expressions/);
  });
});

test("the panel tells every expression but the neutral one, as the last result has it", async () => {
  await onDemo(`${FACE}&with=expressions`, LAPTOP, async (page) => {
    await results(page, 4);
    await pause(page);
    const scores = await page.evaluate(() => [...demo.last.blendshapes]);
    const expected = Object.fromEntries(
      BLENDSHAPE_NAMES.map((name, at) => [name, scores[at].toFixed(2)]),
    );
    delete expected._neutral;
    await page.waitForFunction(
      ([text]) => document.querySelector("li .number").textContent === text,
      [expected.browDownLeft],
    );
    assert.deepEqual(await shownScores(page), expected);
    assert.ok(scores.some((score) => score > 0.3));
    const bars = await panel(page)
      .getByRole("listitem")
      .evaluateAll((items) =>
        items.map((item) => [
          item.lastChild.textContent,
          new DOMMatrix(getComputedStyle(item, "::before").transform).a,
        ]),
      );
    for (const [text, width] of bars)
      assert.ok(Math.abs(width - Number(text)) < 1e-6, `${text}: ${width}`);
    // Above the centre of each iris; the centre itself is not drawn.
    for (const rim of [470, 475]) {
      const [red, , blue] = await colorAt(page, "face", rim, 3);
      assert.ok(blue > red + 20, `the iris's rim is bluish: ${red}, ${blue}`);
    }
  });
});

test("the panel changes ten times a second at most", async () => {
  await onDemo(`${FACE}&with=expressions`, LAPTOP, async (page) => {
    await results(page, 2);
    const { updates, shown } = await page.evaluate(async () => {
      const before = demo.results;
      let updates = 0;
      const observer = new MutationObserver(() => (updates += 1));
      observer.observe(document.getElementById("view-expressions"), {
        ...{ subtree: true, childList: true, characterData: true },
      });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return { updates, shown: demo.results - before };
    });
    assert.ok(updates >= 2 && updates <= 16, `${updates} of ${shown}`);
  });
});

test("where there is no face, the panel has no numbers", async () => {
  await onDemo(`${FACE}&with=expressions`, LAPTOP, async (page) => {
    await results(page, 2);
    await page.evaluate(async () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [64, 48];
      canvas.getContext("2d").fillRect(0, 0, 64, 48);
      const png = await new Promise((resolve) => canvas.toBlob(resolve));
      const data = new DataTransfer();
      data.items.add(new File([png], "a.png", { type: "image/png" }));
      const options = { dataTransfer: data, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new DragEvent("drop", options));
    });
    await page.waitForFunction(() => demo.last.blendshapes === null);
    await page.waitForFunction(
      () => document.querySelector("li .number").textContent === "–",
    );
    const texts = new Set(Object.values(await shownScores(page)));
    assert.deepEqual([...texts], ["–"]);
  });
});

test("hands alone need no body, neither in the picture nor to download", async () => {
  const both = "/?workers=3&autoplay=0&parts=pose,hands";
  await onDemo(both, LAPTOP, async (page) => {
    await page.waitForFunction(() => demo.state === "paused");
    assert.ok(modelsAskedFor().includes("pose_detection.onnx"));
    await checkbox(page, "Body").click();
    await page.waitForFunction(
      () =>
        demo.state === "paused" &&
        demo.live.stats().workers.some(({ steps }) => steps.includes("palm")),
    );
    assert.deepEqual(
      modelsAskedFor().filter((file) => /pose|face/.test(file)),
      [],
    );
    for (const graph of ["Holistic", "Landmarkers"])
      assert.ok(await radio(page, graph).isDisabled());
    assert.ok(await radio(page, "Landmarkers").isChecked());
    assert.ok(await checkbox(page, "Irises").isDisabled());
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() => demo.last?.hands?.length === 1);
    await pause(page);
    assert.ok(!(await page.evaluate(() => "pose" in demo.last)));
    assert.deepEqual(await colorAt(page, "leftHand", 8, 3), [0xff, 0xb0, 0x20]);
    assert.equal(await page.getByRole("cell", { name: "Palms" }).count(), 1);
    assert.equal(await page.getByRole("cell", { name: "Hand 1" }).count(), 1);
    await screenshot(page, "demo-hands");
    await checkbox(page, "Body").click();
    await page.waitForFunction(
      () =>
        demo.state === "paused" &&
        demo.live.stats().workers.some(({ steps }) => steps.includes("pose")),
    );
    assert.ok(await radio(page, "Holistic").isChecked());
    assert.doesNotMatch(page.url(), /graph=/);
  });
});

test("faces are recorded with the irises, and without them where they are switched off", async () => {
  const recorded = async (page, formats) => {
    const files = [];
    for (const format of formats) {
      await page.getByLabel("Format of recordings").selectOption(format);
      await page.getByRole("button", { name: "Record" }).click();
      const save = page.getByRole("button", { name: /Save [1-9]\d* frames/ });
      await save.waitFor();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        save.click(),
      ]);
      files.push(await readFile(await download.path()));
    }
    assert.ok(await page.locator("#error").isHidden());
    return files;
  };
  /** The names of the points, each behind its length. */
  const has = (file, point) =>
    file.includes(Buffer.from(`\x03\0${point}`, "latin1"));
  await onDemo(FACE, LAPTOP, async (page) => {
    await results(page, 1);
    const [lines, pose] = await recorded(page, ["jsonl", "pose"]);
    const [first] = lines.toString().split("\n");
    assert.equal(JSON.parse(first).face.length, 478);
    assert.ok(has(pose, 477) && !has(pose, 478));
    await checkbox(page, "Irises").click();
    await page.waitForFunction(() => demo.last.face.length === 468 * 3);
    const [mesh] = await recorded(page, ["pose"]);
    assert.ok(has(mesh, 467) && !has(mesh, 468));
  });
});

for (const [name, size] of Object.entries({ laptop: LAPTOP, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`a face with irises and expressions fits: ${name}, ${colorScheme}`, async () => {
      const options = { ...size, colorScheme };
      await onDemo(`${FACE}&with=expressions`, options, async (page) => {
        await results(page, 4);
        await pause(page);
        assert.equal(await overflow(page), 0, "nothing is wider");
        const height = await page.evaluate(
          () => document.documentElement.scrollHeight,
        );
        assert.ok(name === "phone" || height <= 800, `${height} pixels`);
        const clipped = await panel(page).evaluate((element) => [
          element.scrollWidth - element.clientWidth,
          ...[...element.querySelectorAll("li")].flatMap((item) =>
            item.lastChild.getBoundingClientRect().right >
            item.getBoundingClientRect().right
              ? [item.textContent]
              : [],
          ),
        ]);
        assert.deepEqual(clipped, [0], "no number is cut off");
        await panel(page).focus();
        await page.keyboard.press("End");
        await page.waitForFunction(
          () => document.getElementById("view-expressions").scrollTop > 0,
        );
        await page.keyboard.press("Home");
        await screenshot(page, `demo-expressions-${name}-${colorScheme}`);
      });
    });
  }
}
