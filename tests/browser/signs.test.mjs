// Option `signs` of `connect()`: a relay that recognises signs tells them to the page.

import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";

const MODEL = "presence.onnx";
/** Whether there is a left hand, told anew whenever that changes. Three frames without motion are idleness. */
const MANIFEST = {
  ...{ version: 1, model: MODEL, softmax: true, graph: "holistic" },
  labels: [{ gloss: "hand" }, "nobody"],
  features: {
    parts: [
      {
        ...{ part: "left_hand", points: ["wrist"] },
        ...{ values: ["x", "y"], missing: -1 },
      },
    ],
  },
  parts: ["pose", "hands"],
  window: { least: 1, most: 3, padding: "none" },
  acceptance: { history: 1, agreement: 1 },
  idle: { frames: 3 },
};

let opened;
let folder;
let relay;

before(async () => {
  opened = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), "signs-"));
  const model = new URL(`../fixtures/signs/${MODEL}`, import.meta.url);
  await copyFile(model, join(folder, MODEL));
  await writeFile(join(folder, "signs.json"), JSON.stringify(MANIFEST));
  relay = await startRelay(opened.server, [
    "--workers",
    "2",
    "--signs",
    folder,
  ]);
});
after(async () => {
  await relay?.stop();
  await opened.close();
  if (folder) await rm(folder, { recursive: true });
});

/** Twelve times the clip's first frame. */
const play = (options) =>
  inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, run }, [options, url]) => {
      const live = await LiveKeypoints.connect(url, options);
      const [signs, idle] = [[], []];
      live.on("sign", (sign) => signs.push(sign));
      live.on("idle", (nothing) => idle.push(nothing === undefined));
      const first = await clipFrame(0);
      const frames = Array.from({ length: 12 }, () => first.slice());
      const { results, errors } = await run(live, frames);
      await live.close();
      return {
        ...{ signs, idle, errors },
        still: results.filter(({ still }) => still).length,
        times: results.map(({ timestampMs }) => timestampMs),
      };
    },
    [options, relay.url],
    { path: PAGE },
  );

test("a page that asks for signs is told each with its label and the times of its frames, and that nothing moves", async () => {
  const { signs, idle, errors, still, times } = await play({
    signs: true,
    parts: ["pose", "hands"],
  });
  assert.deepEqual(errors, []);
  assert.equal(signs.length, 1);
  const [sign] = signs;
  assert.deepEqual(sign.label, { gloss: "hand" });
  assert.ok(sign.confidence > 0.8 && sign.confidence <= 1, sign.confidence);
  assert.deepEqual(sign.top[0], {
    label: sign.label,
    confidence: sign.confidence,
  });
  assert.equal(sign.top[1].label, "nobody");
  assert.ok(times.includes(sign.startMs), `${sign.startMs} of ${times}`);
  assert.ok(sign.endMs >= sign.startMs && times.includes(sign.endMs));
  assert.deepEqual(idle, [true]);
  assert.ok(still >= 3, still);
});

test("who does not ask for signs is told none", async () => {
  const { signs, idle, errors, still } = await play({});
  assert.deepEqual([signs, idle, errors, still], [[], [], [], 0]);
});

test("options that contradict the signs are refused by name, and so are signs where the relay has none", async () => {
  const refusal = (url, options) =>
    inPage(
      opened,
      async ({ LiveKeypoints }, [url, options]) => {
        try {
          await (await LiveKeypoints.connect(url, options)).close();
          return undefined;
        } catch ({ code, message }) {
          return { code, message };
        }
      },
      [url, options],
      { path: PAGE },
    );
  const contradiction = await refusal(relay.url, {
    signs: true,
    graph: "landmarkers",
  });
  assert.equal(contradiction?.code, "invalid-option");
  assert.match(contradiction.message, /graph/);
  assert.match(contradiction.message, /signs/);
  const without = await startRelay(opened.server, ["--workers", "1"]);
  try {
    const refused = await refusal(without.url, { signs: true });
    assert.equal(refused?.code, "invalid-option");
    assert.match(refused.message, /signs/);
  } finally {
    await without.stop();
  }
});
