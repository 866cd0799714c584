// The legacy package @mediapipe/holistic, inference on the processor. It takes its pictures through WebGL.

import { bitmapOf } from "./clip.js";

const PACKAGE = "/rivals/node_modules/@mediapipe/holistic";

export async function create() {
  await loadScript(`${PACKAGE}/holistic.js`);
  const holistic = new globalThis.Holistic({
    locateFile: (file) => `${PACKAGE}/${file}`,
  });
  holistic.setOptions({
    modelComplexity: 1,
    smoothLandmarks: true,
    refineFaceLandmarks: false,
    enableSegmentation: false,
    useCpuInference: true,
  });
  let found = false;
  holistic.onResults(({ poseLandmarks }) => {
    found = Boolean(poseLandmarks);
  });
  await holistic.initialize();
  const send = async (image) => {
    await holistic.send({ image });
    return found;
  };
  return {
    inputs: ["pixels in", "JPEG in"],
    frame: async ({ jpeg, canvas }, input) => {
      if (input === "pixels in") return send(canvas);
      const bitmap = await bitmapOf(jpeg);
      await send(bitmap);
      bitmap.close();
      return found;
    },
    close: () => holistic.close(),
  };
}

function loadScript(source) {
  const script = document.createElement("script");
  script.src = source;
  const loaded = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot load ${source}`));
  });
  document.head.append(script);
  return loaded;
}
