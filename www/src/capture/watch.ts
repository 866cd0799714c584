/** Which video track a source has, as far as it has tracks: they end, and others take their place. */

import type { CaptureSource } from "./capture.js";

/**
 * How often a stream and an element are looked at, milliseconds. Neither `addTrack` nor `removeTrack` nor an assignment to
 * `srcObject` fires an event.
 */
const LOOK_INTERVAL_MS = 250;

/** What becomes of a source's track. */
export interface TrackEvents {
  /** The source has a track that it did not have before; `gone` may be called when its frames end. */
  changed(track: MediaStreamTrack, gone: () => void): void;
  /** It has none any more. */
  ended(): void;
}

/** Watches a source until the returned function is called. A track that it has already is told at once. */
export function watchTracks(
  source: CaptureSource,
  events: TrackEvents,
): () => void {
  const over = new WeakSet<MediaStreamTrack>();
  const isLive = (track: MediaStreamTrack): boolean =>
    track.readyState !== "ended" && !over.has(track);
  let isStopped = false;
  let current: MediaStreamTrack | undefined;
  const gone = (): void => {
    if (current) over.add(current);
    look();
  };
  const look = (): void => {
    const live = isStopped ? [] : tracksOf(source).filter(isLive);
    if (current ? live.includes(current) : live.length === 0) return;
    current?.removeEventListener("ended", gone);
    current = live[0];
    current?.addEventListener("ended", gone);
    if (isStopped) return;
    if (current) events.changed(current, gone);
    else events.ended();
  };
  look();
  // Not before the caller has the function that stops it.
  if (!current && tracksOf(source).length > 0)
    queueMicrotask(() => isStopped || current || events.ended());
  const timer = isTrack(source)
    ? undefined
    : setInterval(look, LOOK_INTERVAL_MS);
  return () => {
    isStopped = true;
    clearInterval(timer);
    look();
  };
}

/** Whether a source is a track, which is never replaced. */
export function isTrack(source: CaptureSource): source is MediaStreamTrack {
  return "kind" in source;
}

function tracksOf(source: CaptureSource): MediaStreamTrack[] {
  if (isTrack(source)) return [source];
  const stream = "srcObject" in source ? source.srcObject : source;
  return stream && "getVideoTracks" in stream ? stream.getVideoTracks() : [];
}
