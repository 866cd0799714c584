// Recordings of the page as `.pose` files, against what the native program writes of the same frames.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { inPage, openBrowser } from "./browser.mjs";
import { test } from "../limited.mjs";

const CLIP = fileURLToPath(
  new URL("../fixtures/clips/fingers/", import.meta.url),
);
const FRAMES = 6;
/** One that breaks off. */
const BROKEN = 3;

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

/** What `extract --format pose` writes of these frames, 25 a second, faces of so many points. */
async function extracted(face) {
  const folder = await mkdtemp(join(tmpdir(), "live-keypoints-pose-"));
  try {
    const inputs = [];
    for (let number = 0; number < FRAMES; number += 1) {
      const name = `${String(number).padStart(3, "0")}.jpg`;
      const bytes = await readFile(join(CLIP, name));
      inputs.push(join(folder, name));
      const end = number === BROKEN ? 100 : bytes.length;
      await writeFile(inputs[number], bytes.subarray(0, end));
    }
    const output = join(folder, "out.pose");
    const options = ["--format", "pose", "--fps", "25", "--quality", "lite"];
    const run = promisify(execFile)(process.env.LIVE_KEYPOINTS_RELAY, [
      ...["extract", ...options, "--face", face, "-o", output, ...inputs],
    ]);
    // For the picture that cannot be decoded.
    await assert.rejects(run, { code: 1 });
    return await readFile(output);
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const face of [478, 468])
  test(`a recording has the bytes that the native program writes: ${face} points of the face`, async (t) => {
    if (!process.env.LIVE_KEYPOINTS_RELAY && !process.env.CI)
      return t.skip("LIVE_KEYPOINTS_RELAY is not set");
    const bytes = await inPage(
      opened,
      async ({ LiveKeypoints, clipFrames }, { face, count, broken }) => {
        const { PoseRecorder } = await import("/live-keypoints/pose.js");
        const [live, recorder] = await Promise.all([
          LiveKeypoints.create({ workers: 2, quality: "lite", face }),
          PoseRecorder.create({ fps: 25, face }),
        ]);
        live.on("keypoints", (keypoints) => recorder.add(keypoints));
        live.on("error", () => recorder.add(null));
        const frames = await clipFrames(count);
        frames[broken] = frames[broken].slice(0, 100);
        frames.forEach((frame, number) =>
          live.push(frame, { timestampMs: (number + 1) * 40 }),
        );
        while (recorder.frames < count)
          await new Promise((resolve) => setTimeout(resolve, 10));
        await live.close();
        return [...new Uint8Array(await recorder.toBlob().arrayBuffer())];
      },
      { face, count: FRAMES, broken: BROKEN },
    );
    assert.ok(Buffer.from(bytes).equals(await extracted(String(face))));
  });

test("a recorder asks for the page's own module, and where a stream has it, for nothing", async () => {
  const ask = async (body) => {
    opened.server.requests.length = 0;
    assert.equal(await inPage(opened, body), 1);
    return opened.server.requests.filter((path) =>
      /session_bg\.wasm$|inference.*wasm$|onnx$/.test(path),
    );
  };
  const alone = await ask(async () => {
    const { PoseRecorder } = await import("/live-keypoints/pose.js");
    const recorder = await PoseRecorder.create();
    recorder.add(null);
    return recorder.frames;
  });
  assert.deepEqual(alone, ["/live-keypoints/wasm/session/session_bg.wasm"]);
  const beside = await ask(async ({ LiveKeypoints, clipFrame }) => {
    const { PoseRecorder } = await import("/live-keypoints/pose.js");
    const live = await LiveKeypoints.create({ workers: 1, parts: ["pose"] });
    const recorder = await PoseRecorder.create();
    recorder.add(await live.detect(await clipFrame(0)));
    await live.close();
    return recorder.frames;
  });
  const own = beside.filter((path) => path.includes("session"));
  assert.deepEqual(own, alone);
});
