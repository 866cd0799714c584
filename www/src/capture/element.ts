/** Takes the pictures that a video element shows. */

import type { CaptureSink } from "./capture.js";

/** How often the fallback looks for a new picture, milliseconds. */
const FALLBACK_INTERVAL_MS = 1000 / 30;

/** Pumps the pictures of a playing element until the returned function is called. */
export function pumpElement(
  video: HTMLVideoElement,
  sink: CaptureSink,
): () => void {
  return "requestVideoFrameCallback" in video
    ? pumpByCallback(video, sink)
    : pumpByTimer(video, sink);
}

function pumpByCallback(
  video: HTMLVideoElement,
  sink: CaptureSink,
): () => void {
  let handle = video.requestVideoFrameCallback(
    function callback(now, metadata) {
      handle = video.requestVideoFrameCallback(callback);
      const timestampMs =
        metadata.captureTime ??
        (video.srcObject ? now : metadata.mediaTime * 1000);
      if (hasPicture(video)) sink.frame(video, timestampMs);
    },
  );
  return () => video.cancelVideoFrameCallback(handle);
}

/** Without callbacks, the video's clock tells whether the picture is a new one. */
function pumpByTimer(video: HTMLVideoElement, sink: CaptureSink): () => void {
  let lastTime = -1;
  const timer = setInterval(() => {
    if (video.currentTime === lastTime || !hasPicture(video)) return;
    lastTime = video.currentTime;
    sink.frame(
      video,
      video.srcObject ? performance.now() : video.currentTime * 1000,
    );
  }, FALLBACK_INTERVAL_MS);
  return () => clearInterval(timer);
}

function hasPicture(video: HTMLVideoElement): boolean {
  return (
    video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA &&
    video.videoWidth > 0
  );
}
