/**
 * The package's own worker scripts. Their addresses are written out, so that bundlers see the scripts and take them
 * along; and here, because they are relative to `dist/`, where the bundled package is.
 */

/** A worker that decodes and runs models. */
export function createInferenceWorker(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name: "live-keypoints",
  });
}

/** A worker that takes the frames of a track. */
export function createCaptureWorker(): Worker {
  return new Worker(new URL("./capture/worker.js", import.meta.url), {
    type: "module",
    name: "live-keypoints capture",
  });
}
