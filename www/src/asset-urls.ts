/** Where the package's files are. Without a folder, addresses are written out, so that bundlers see the files. */

import type { ModuleName } from "./assets.js";
import type { ModelName } from "./generated/words.js";
import { hasRelaxedSimd } from "./simd.js";

/** Address of a module; the quicker one where the browser can run it. */
export function moduleUrl(
  name: ModuleName,
  baseUrl: string | URL | undefined,
): URL {
  const isRelaxed = name === "inference" && hasRelaxedSimd();
  if (baseUrl !== undefined) {
    const file = isRelaxed ? "inference_relaxed_bg" : `${name}_bg`;
    return inFolder(baseUrl, `wasm/${name}/${file}.wasm`);
  }
  if (isRelaxed)
    return new URL(
      "./wasm/inference/inference_relaxed_bg.wasm",
      import.meta.url,
    );
  switch (name) {
    case "session":
      return new URL("./wasm/session/session_bg.wasm", import.meta.url);
    case "inference":
      return new URL("./wasm/inference/inference_bg.wasm", import.meta.url);
    case "relay":
      return new URL("./wasm/relay/relay_bg.wasm", import.meta.url);
  }
}

/** Address of a model file. */
export function modelUrl(
  name: ModelName,
  baseUrl: string | URL | undefined,
): URL {
  if (baseUrl !== undefined) return inFolder(baseUrl, `models/${name}.onnx`);
  switch (name) {
    case "pose_detection":
      return new URL("./models/pose_detection.onnx", import.meta.url);
    case "pose_landmark_full":
      return new URL("./models/pose_landmark_full.onnx", import.meta.url);
    case "pose_landmark_lite":
      return new URL("./models/pose_landmark_lite.onnx", import.meta.url);
    case "hand_recrop":
      return new URL("./models/hand_recrop.onnx", import.meta.url);
    case "hand_landmark_full":
      return new URL("./models/hand_landmark_full.onnx", import.meta.url);
    case "hand_landmark_lite":
      return new URL("./models/hand_landmark_lite.onnx", import.meta.url);
    case "face_detection_short_range":
      return new URL(
        "./models/face_detection_short_range.onnx",
        import.meta.url,
      );
    case "face_landmark":
      return new URL("./models/face_landmark.onnx", import.meta.url);
  }
}

function inFolder(baseUrl: string | URL, path: string): URL {
  const folder = new URL(baseUrl, baseOfPage());
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return new URL(path, folder);
}

/** What relative addresses of the caller are relative to. */
export function baseOfPage(): string {
  return globalThis.document?.baseURI ?? import.meta.url;
}
