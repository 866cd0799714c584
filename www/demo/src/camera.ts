/** The visitor's camera. */

import type { Shot, Source } from "./source.js";

/** Asks for the camera and starts it. Rejects where there is none or the visitor says no. */
export async function openCamera(): Promise<Source> {
  if (!navigator.mediaDevices)
    throw new DOMException(
      "cameras need a secure page (https)",
      "NotSupportedError",
    );
  const stream = await navigator.mediaDevices.getUserMedia({
    video: {
      width: { ideal: 640 },
      height: { ideal: 480 },
      facingMode: "user",
    },
  });
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  let run = 0;
  return {
    isMirrored:
      stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment",
    play(onShot: (shot: Shot) => void): void {
      run += 1;
      void pump(video, onShot, run, () => run);
    },
    pause(): void {
      run += 1;
    },
    close(): void {
      run += 1;
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}

async function pump(
  video: HTMLVideoElement,
  onShot: (shot: Shot) => void,
  own: number,
  current: () => number,
): Promise<void> {
  while (current() === own) {
    const timestampMs = await nextPicture(video);
    const bitmap = await createImageBitmap(video);
    if (current() === own)
      onShot({
        frame: bitmap,
        options: { timestampMs, transfer: false },
        bitmap,
        isOwned: true,
      });
    else bitmap.close();
  }
}

/** Waits for a new picture and gives its capture time in milliseconds, of a file its time in the video. */
export function nextPicture(video: HTMLVideoElement): Promise<number> {
  const timeOf = (now: number, mediaTime = video.currentTime): number =>
    video.srcObject ? now : mediaTime * 1000;
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback((now, { captureTime, mediaTime }) =>
        resolve(captureTime ?? timeOf(now, mediaTime)),
      );
    } else {
      requestAnimationFrame((now) => resolve(timeOf(now)));
    }
  });
}
