/** Takes the frames of a track in a worker, for browsers that have processors only there. */

import type { LiveKeypointsError } from "../errors.js";
import { createCaptureWorker } from "../worker-scripts.js";
import type { TrackSink } from "./track.js";

/** What the worker says. */
export type CaptureWorkerMessage =
  | { type: "frame"; frame: VideoFrame }
  /** It can take no frames of this track. */
  | { type: "unable" };

/** What the page says: once the track, then `taken` for each frame. */
export type CapturePageMessage =
  { type: "track"; track: MediaStreamTrack } | { type: "taken" };

/** Pumps the frames of a track until the returned function is called. Where that cannot be, calls `unable` once. */
export function pumpTrackInWorker(
  track: MediaStreamTrack,
  sink: TrackSink & { error(error: LiveKeypointsError): void },
  unable: () => void,
): () => void {
  let worker: Worker | undefined;
  let copy: MediaStreamTrack | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    worker?.terminate();
    copy?.stop();
  };
  const giveUp = (): void => {
    if (isOver) return;
    end();
    unable();
  };
  // Not before the caller has the function that stops it.
  queueMicrotask(() => {
    if (isOver) return;
    try {
      worker = createCaptureWorker();
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        giveUp();
      });
      worker.addEventListener(
        "message",
        ({ data }: MessageEvent<CaptureWorkerMessage>) => {
          if (data.type === "unable") return giveUp();
          if (isOver) return data.frame.close();
          sink.frame(data.frame);
          worker?.postMessage({ type: "taken" } satisfies CapturePageMessage);
        },
      );
      // The worker's is another one: a track that is handed over is the page's no more.
      copy = track.clone();
      const message: CapturePageMessage = { type: "track", track: copy };
      worker.postMessage(message, [copy as unknown as Transferable]);
    } catch {
      giveUp();
    }
  });
  return end;
}
