/** Takes frames from a playing video or a camera track. */

import { LiveKeypointsError, messageOf } from "./errors.js";

/** Where frames can be taken from. */
export type CaptureSource = HTMLVideoElement | MediaStreamTrack | MediaStream;

/** Called for every new picture of the video, with its time in milliseconds. */
export type CaptureFrame = (
  video: HTMLVideoElement,
  timestampMs: number,
) => void;

/** How often the fallback looks for a new picture, milliseconds. */
const FALLBACK_INTERVAL_MS = 1000 / 30;

/** Pumps new pictures until the returned function is called. A track plays in a video element that is not shown. */
export function capture(
  source: CaptureSource,
  onFrame: CaptureFrame,
  onError: (error: LiveKeypointsError) => void,
): () => void {
  if (isVideoElement(source)) return pump(source, onFrame);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = "getTracks" in source ? source : new MediaStream([source]);
  video.play().catch((error: unknown) => {
    if (video.srcObject)
      onError(
        new LiveKeypointsError(
          "unsupported-frame",
          `the track does not play: ${messageOf(error)}`,
        ),
      );
  });
  const stop = pump(video, onFrame);
  return () => {
    stop();
    video.srcObject = null;
  };
}

function isVideoElement(source: CaptureSource): source is HTMLVideoElement {
  return "videoWidth" in source;
}

function pump(video: HTMLVideoElement, onFrame: CaptureFrame): () => void {
  return "requestVideoFrameCallback" in video
    ? pumpByCallback(video, onFrame)
    : pumpByTimer(video, onFrame);
}

function pumpByCallback(
  video: HTMLVideoElement,
  onFrame: CaptureFrame,
): () => void {
  let handle = video.requestVideoFrameCallback(
    function callback(now, metadata) {
      handle = video.requestVideoFrameCallback(callback);
      const timestampMs =
        metadata.captureTime ??
        (video.srcObject ? now : metadata.mediaTime * 1000);
      if (hasPicture(video)) onFrame(video, timestampMs);
    },
  );
  return () => video.cancelVideoFrameCallback(handle);
}

/** Without callbacks, the video's clock tells whether the picture is a new one. */
function pumpByTimer(
  video: HTMLVideoElement,
  onFrame: CaptureFrame,
): () => void {
  let lastTime = -1;
  const timer = setInterval(() => {
    if (video.currentTime === lastTime || !hasPicture(video)) return;
    lastTime = video.currentTime;
    onFrame(
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
