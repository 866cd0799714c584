// A landmarker of MediaPipe's tasks-vision, on the processor and the page's own thread, where it has to run, or the one of
// the same name in live-keypoints/tasks.

import { bitmapOf } from "./clip.js";

const RIVALS = "/rivals/node_modules/@mediapipe/tasks-vision";
const PACKAGES = {
  "tasks-vision": {
    module: `${RIVALS}/vision_bundle.mjs`,
    files: `${RIVALS}/wasm`,
    bundles: "/rivals/bundles",
    form: "canvas",
  },
  "live-keypoints": {
    module: "/live-keypoints/tasks.js",
    form: "pixels",
    own: { workers: 1 },
  },
};
const BUNDLES = {
  FaceLandmarker: "face_landmarker",
  HandLandmarker: "hand_landmarker",
  PoseLandmarker: "pose_landmarker_full",
  HolisticLandmarker: "holistic_landmarker",
};

/** `inputs` says what is measured; JPEGs are decoded by the browser. */
export async function create({ of, landmarker: name, inputs, options }) {
  const { module, files, bundles, form, own } = PACKAGES[of];
  const vision = await import(module);
  const fileset = await vision.FilesetResolver.forVisionTasks(files);
  const modelAssetPath = bundles && `${bundles}/${BUNDLES[name]}.task`;
  const landmarker = await vision[name].createFromOptions(fileset, {
    baseOptions: { delegate: "CPU", ...(bundles && { modelAssetPath }) },
    runningMode: "VIDEO",
    ...own,
    ...options,
  });
  const detect = async (picture, timestampMs) => {
    const result = await landmarker.detectForVideo(picture, timestampMs);
    const lists =
      result.poseLandmarks ?? result.faceLandmarks ?? result.landmarks;
    return lists.length > 0;
  };
  return {
    inputs,
    frame: async (picture, input, timestampMs) => {
      if (input === "pixels in") return detect(picture[form], timestampMs);
      const bitmap = await bitmapOf(picture.jpeg);
      const found = await detect(bitmap, timestampMs);
      bitmap.close();
      return found;
    },
    close: async () => landmarker.close(),
  };
}
