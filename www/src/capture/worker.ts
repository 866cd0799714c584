/** The script of the worker that takes a track's frames. The page gets no more than it takes. */

import { hasProcessor, pumpTrackHere } from "./track.js";
import type {
  CapturePageMessage,
  CaptureWorkerMessage,
} from "./track-in-worker.js";

/** Frames that may be under way to the page; while it is busy, newer ones are skipped, as a camera has few buffers. */
const MAX_FRAMES_UNDER_WAY = 2;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: CaptureWorkerMessage, transfer?: Transferable[]): void;
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<CapturePageMessage>) => void,
  ): void;
}

const scope = globalThis as unknown as WorkerScope;
let underWay = 0;

scope.addEventListener("message", ({ data }) => {
  if (data.type === "taken") {
    underWay -= 1;
    return;
  }
  if (!hasProcessor()) return scope.postMessage({ type: "unable" });
  pumpTrackHere(data.track, {
    frame: post,
    error: () => scope.postMessage({ type: "unable" }),
  });
});

function post(frame: VideoFrame): void {
  if (underWay >= MAX_FRAMES_UNDER_WAY) return frame.close();
  underWay += 1;
  scope.postMessage({ type: "frame", frame }, [frame]);
}
