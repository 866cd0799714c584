// MediaPipe tasks-vision: HolisticLandmarker on the processor, on the page's own thread, where it has to run.

import { bitmapOf } from "./clip.js";

const PACKAGE = "/rivals/node_modules/@mediapipe/tasks-vision";

export async function create() {
  const { FilesetResolver, HolisticLandmarker } = await import(
    `${PACKAGE}/vision_bundle.mjs`
  );
  const files = await FilesetResolver.forVisionTasks(`${PACKAGE}/wasm`);
  const landmarker = await HolisticLandmarker.createFromOptions(files, {
    baseOptions: {
      modelAssetPath: "/rivals/bundles/holistic_landmarker.task",
      delegate: "CPU",
    },
    runningMode: "VIDEO",
  });
  const detect = (picture, timestampMs) =>
    landmarker.detectForVideo(picture, timestampMs).poseLandmarks.length > 0;
  return {
    inputs: ["pixels in", "JPEG in"],
    frame: async ({ jpeg, canvas }, input, timestampMs) => {
      if (input === "pixels in") return detect(canvas, timestampMs);
      const bitmap = await bitmapOf(jpeg);
      const found = detect(bitmap, timestampMs);
      bitmap.close();
      return found;
    },
    close: async () => landmarker.close(),
  };
}
