// onnxruntime-web on one thread with SIMD, with this package's own model files. It has no pipeline: a frame is the models
// of a tracked frame one after the other on fixed numbers, without decoding, crops, tracking or anything else.

const PACKAGE = "/rivals/node_modules/onnxruntime-web/dist";
/** The models of a tracked frame, and how often each runs. */
const MODELS = {
  pose_landmark_full: 1,
  hand_recrop: 2,
  hand_landmark_full: 2,
  face_detection_short_range: 1,
  face_landmarks_478: 1,
};

export async function create() {
  const runtime = await import(`${PACKAGE}/ort.wasm.min.mjs`);
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmPaths = `${location.origin}${PACKAGE}/`;
  const runs = [];
  for (const [name, times] of Object.entries(MODELS)) {
    const address = `/live-keypoints/models/${name}.onnx`;
    const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
    const session = await runtime.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
    const feeds = feedsOf(runtime, session);
    for (let turn = 0; turn < times; turn += 1)
      runs.push(() => session.run(feeds));
  }
  return {
    inputs: ["models only"],
    frame: async () => {
      for (const run of runs) await run();
      return true;
    },
    close: async () => {},
  };
}

function feedsOf(runtime, session) {
  const entries = session.inputMetadata.map(({ name, shape }) => {
    const sides = shape.map((side) => (typeof side === "number" ? side : 1));
    const length = sides.reduce((product, side) => product * side, 1);
    const values = Float32Array.from({ length }, (_, at) => (at % 251) / 251);
    return [name, new runtime.Tensor("float32", values, sides)];
  });
  return Object.fromEntries(entries);
}
