/**
 * Takes frames from what plays, by the best means that the browser has. For tracks: a processor in the page (Chromium)
 * or in a worker (where processors are for workers only), else a video element that is not shown. For video elements:
 * their frame callbacks, else a timer.
 */

import { LiveKeypointsError, messageOf } from "../errors.js";
import type { Frame } from "../frames.js";
import { pumpElement } from "./element.js";
import { hasProcessor, pumpTrackHere } from "./track.js";
import { pumpTrackInWorker } from "./track-in-worker.js";

/** Where frames can be taken from. */
export type CaptureSource = HTMLVideoElement | MediaStreamTrack | MediaStream;

/** How frames are taken. */
export interface AttachOptions {
  /** Ends it, as the returned function does. */
  signal?: AbortSignal | undefined;
  /**
   * What happens while the page is hidden: `pause` skips frames, the stream stays as it is; `continue` takes them where
   * they come from a track (a `<video>` stops with its page). Default `pause`.
   */
  whenHidden?: "pause" | "continue" | undefined;
}

/** What gets the frames, and what is wrong where none come. */
export interface CaptureSink {
  /** Without `timestampMs`, the frame brings its own time. The frame is the sink's from then on. */
  frame(frame: Frame, timestampMs?: number): void;
  error(error: LiveKeypointsError): void;
}

/** Pumps new pictures until the returned function is called. Throws `unsupported-frame` for what is no source. */
export function capture(
  source: CaptureSource,
  sink: CaptureSink,
  { signal, whenHidden = "pause" }: AttachOptions = {},
): () => void {
  const pausing = whenHidden === "pause" ? skipWhileHidden(sink) : sink;
  const stopPump = start(source, pausing);
  const stop = (): void => {
    signal?.removeEventListener("abort", stop);
    stopPump();
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  return stop;
}

function start(source: CaptureSource, sink: CaptureSink): () => void {
  if (isVideoElement(source)) return pumpElement(source, sink);
  const track = trackOf(source);
  // Of a stream that has no picture yet, an element takes the one that comes.
  if (!track) return pumpHidden(source as MediaStream, sink);
  if (hasProcessor()) return pumpTrackHere(track, sink);
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
    frame(frame, timestampMs) {
      if (globalThis.document?.visibilityState !== "hidden")
        return sink.frame(frame, timestampMs);
      if ("close" in frame) frame.close();
    },
    error: (error) => sink.error(error),
  };
}

function isVideoElement(source: CaptureSource): source is HTMLVideoElement {
  return "videoWidth" in source;
}

function trackOf(
  source: MediaStreamTrack | MediaStream,
): MediaStreamTrack | undefined {
  if ("getVideoTracks" in source) return source.getVideoTracks()[0];
  if ("kind" in source && source.kind === "video") return source;
  throw new LiveKeypointsError(
    "unsupported-frame",
    "attach takes a <video>, a video track or a stream with one",
  );
}
