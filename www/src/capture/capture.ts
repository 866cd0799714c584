/**
 * Takes frames from what plays, by the best means that the browser has. For tracks: a processor in the page (Chromium)
 * or in a worker (where processors are for workers only), else a video element that is not shown. For video elements:
 * their frame callbacks, else a timer.
 */

import { LiveKeypointsError, messageOf } from "../errors.js";
import type { Frame } from "../frames.js";
import type { AttachOptions } from "../generated/options.js";
import { pumpElement } from "./element.js";
import { hasProcessor, pumpTrackHere } from "./track.js";
import { pumpTrackInWorker } from "./track-in-worker.js";
import { isTrack, watchTracks } from "./watch.js";

/** Where frames can be taken from. */
export type CaptureSource = HTMLVideoElement | MediaStreamTrack | MediaStream;

/** What gets the frames, and what is wrong where none come. */
export interface CaptureSink {
  /** Without `timestampMs`, the frame brings its own time. The frame is the sink's from then on. */
  frame(frame: Frame, timestampMs?: number): void;
  error(error: LiveKeypointsError): void;
  /** No more pictures come, unless the source gets another track. */
  ended(ended: SourceEnded): void;
}

/** A source of `attach` that gives no more pictures. */
export interface SourceEnded {
  /** As it was attached. */
  readonly source: CaptureSource;
}

/**
 * Pumps new pictures until the returned function is called, `signal` says so, or a track has ended; calls `over` then.
 * Throws `unsupported-frame` for what is no source.
 */
export function capture(
  source: CaptureSource,
  sink: CaptureSink,
  { signal, whenHidden = "pause" }: AttachOptions = {},
  over: () => void = () => {},
): () => void {
  requireSource(source);
  const pausing = whenHidden === "pause" ? skipWhileHidden(sink) : sink;
  const isElement = isVideoElement(source);
  let stopPump = isElement ? pumpElement(source, pausing) : (): void => {};
  const stopWatch = watchTracks(source, {
    changed(track, gone) {
      stopPump();
      stopPump = isElement
        ? pumpElement(source, pausing)
        : pumpTrack(track, pausing, gone);
    },
    ended() {
      // An element can still be given a file.
      if (!isElement) stopPump();
      sink.ended({ source });
      if (isTrack(source)) stop();
    },
  });
  const stop = (): void => {
    signal?.removeEventListener("abort", stop);
    stopWatch();
    stopPump();
    over();
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  return stop;
}

function pumpTrack(
  track: MediaStreamTrack,
  sink: CaptureSink,
  gone: () => void,
): () => void {
  if (hasProcessor()) return pumpTrackHere(track, sink, gone);
  let stop = (): void => {};
  stop = pumpTrackInWorker(track, sink, () => {
    stop = pumpHidden(new MediaStream([track]), sink);
  });
  return () => stop();
}

/** Plays a stream in an element of its own. */
function pumpHidden(stream: MediaStream, sink: CaptureSink): () => void {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  video.play().catch((error: unknown) => {
    if (!video.srcObject) return;
    const message = `the track does not play: ${messageOf(error)}`;
    sink.error(new LiveKeypointsError("unsupported-frame", message));
  });
  const stop = pumpElement(video, sink);
  return () => {
    stop();
    video.srcObject = null;
  };
}

function skipWhileHidden(sink: CaptureSink): CaptureSink {
  return {
    ...sink,
    frame(frame, timestampMs) {
      if (globalThis.document?.visibilityState !== "hidden")
        return sink.frame(frame, timestampMs);
      if ("close" in frame) frame.close();
    },
  };
}

function isVideoElement(source: CaptureSource): source is HTMLVideoElement {
  return "videoWidth" in source;
}

function requireSource(source: CaptureSource): void {
  if (typeof source === "object" && source !== null) {
    if (isVideoElement(source) || "getVideoTracks" in source) return;
    if (isTrack(source) && source.kind === "video") return;
  }
  throw new LiveKeypointsError(
    "unsupported-frame",
    "attach takes a <video>, a video track or a MediaStream",
  );
}
