// Makes a `.pose` file of JSON lines with the npm package: node record.mjs FPS [FACE] < keypoints.jsonl > keypoints.pose

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { PoseRecorder } from "../../www/dist/pose.js";

const session = await readFile(
  new URL("../../www/dist/wasm/session/session_bg.wasm", import.meta.url),
);
const [fps, face = 478] = process.argv.slice(2).map(Number);
const recorder = await PoseRecorder.create({ fps, face, assets: { session } });
for (const line of (await text(process.stdin)).trim().split("\n")) {
  const frame = JSON.parse(line);
  recorder.add(frame.error ? null : keypointsOf(frame));
}
process.stdout.write(Buffer.from(await recorder.toBlob().arrayBuffer()));

function keypointsOf(frame) {
  const points = (part) => part && Float32Array.from(part.flat());
  return {
    timestampMs: frame.timestamp_us / 1000,
    width: frame.width,
    height: frame.height,
    pose: points(frame.pose),
    poseWorld: points(frame.pose_world),
    leftHand: points(frame.left_hand),
    rightHand: points(frame.right_hand),
    face: points(frame.face),
  };
}
