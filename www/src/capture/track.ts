/** Takes the frames of a track by a processor. Runs in the page and in a worker, wherever the browser has processors. */

import { LiveKeypointsError, messageOf } from "../errors.js";

/** Of Chromium in pages and workers, of Safari in workers only; TypeScript does not know it. */
declare const MediaStreamTrackProcessor: new (init: {
  track: MediaStreamTrack;
}) => { readonly readable: ReadableStream<VideoFrame> };

/** What gets the frames of a track, which bring their own time. */
export interface TrackSink {
  frame(frame: VideoFrame): void;
  error(error: LiveKeypointsError): void;
}

/** Whether there are processors here. */
export function hasProcessor(): boolean {
  return "MediaStreamTrackProcessor" in globalThis;
}

/** Pumps the frames of a track until the returned function is called or it has ended; the track itself goes on. */
export function pumpTrackHere(
  track: MediaStreamTrack,
  sink: TrackSink,
  ended: () => void = () => {},
): () => void {
  let reader: ReadableStreamDefaultReader<VideoFrame> | undefined;
  let isStopped = false;
  const read = async (): Promise<void> => {
    const processor = new MediaStreamTrackProcessor({ track });
    reader = processor.readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return isStopped ? undefined : ended();
      if (isStopped) value.close();
      else sink.frame(value);
    }
  };
  read().catch((error: unknown) => {
    if (isStopped) return;
    const message = `the track gives no frames: ${messageOf(error)}`;
    sink.error(new LiveKeypointsError("unsupported-frame", message));
  });
  return () => {
    isStopped = true;
    void reader?.cancel().catch(() => {});
  };
}
