/** A file of the visitor's: a video, which is played again and again, or a picture. It is read here and sent nowhere. */

import { nextPicture } from "./camera.js";
import type { Shot, Source } from "./source.js";

/** How often a picture is shown again, so that a change of settings shows on it. */
const PICTURE_INTERVAL_MS = 250;

/** Opens a video or a picture. Rejects what the browser cannot read. */
export async function openFile(file: File): Promise<Source> {
  return file.type.startsWith("video/") ? openVideo(file) : openPicture(file);
}

async function openPicture(file: File): Promise<Source> {
  const bitmap = await createImageBitmap(file);
  let timer: number | undefined;
  const show = (onShot: (shot: Shot) => void): void =>
    onShot({
      frame: bitmap,
      options: { transfer: false },
      ...{ bitmap, isOwned: false },
    });
  return {
    isMirrored: false,
    play(onShot) {
      clearInterval(timer);
      timer = setInterval(() => show(onShot), PICTURE_INTERVAL_MS);
    },
    pause: () => clearInterval(timer),
    close: () => clearInterval(timer),
  };
}

async function openVideo(file: File): Promise<Source> {
  const video = document.createElement("video");
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.src = URL.createObjectURL(file);
  try {
    await video.play();
    video.pause();
  } catch (error) {
    URL.revokeObjectURL(video.src);
    throw error;
  }
  let run = 0;
  const pump = async (onShot: (shot: Shot) => void): Promise<void> => {
    run += 1;
    const own = run;
    await video.play();
    while (run === own) {
      const timestampMs = await nextPicture(video);
      const bitmap = await createImageBitmap(video);
      if (run === own)
        onShot({
          frame: bitmap,
          options: { timestampMs, transfer: false },
          ...{ bitmap, isOwned: true },
        });
      else bitmap.close();
    }
  };
  const pause = (): void => {
    run += 1;
    video.pause();
  };
  return {
    isMirrored: false,
    play: (onShot) => void pump(onShot).catch(pause),
    pause,
    close() {
      pause();
      URL.revokeObjectURL(video.src);
      video.removeAttribute("src");
    },
  };
}
