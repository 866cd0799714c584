/** The embedded clip: JPEG files, played there and back so that the person never jumps. */

import type { Shot, Source } from "./source.js";

const FRAMES = 43;
const FRAMES_PER_SECOND = 15;

interface ClipFrame {
  jpeg: Uint8Array<ArrayBuffer>;
  bitmap: ImageBitmap;
}

/** Loads the clip; it is played as JPEG bytes, as a server or a file would give them. */
export async function openClip(): Promise<
  Source & { readonly poster: ImageBitmap }
> {
  const frames = await Promise.all(
    Array.from({ length: FRAMES }, (_, number) => loadFrame(number)),
  );
  let timer: number | undefined;
  let tick = 0;
  return {
    poster: frames[0]!.bitmap,
    isMirrored: false,
    play(onShot: (shot: Shot) => void): void {
      clearInterval(timer);
      timer = setInterval(() => {
        const { jpeg, bitmap } = frames[thereAndBack(tick)]!;
        tick += 1;
        onShot({ frame: jpeg, options: {}, bitmap, isOwned: false });
      }, 1000 / FRAMES_PER_SECOND);
    },
    pause: () => clearInterval(timer),
    close: () => clearInterval(timer),
  };
}

async function loadFrame(number: number): Promise<ClipFrame> {
  const address = `clips/fingers/${String(number).padStart(3, "0")}.jpg`;
  const response = await fetch(address);
  if (!response.ok)
    throw new Error(`${address} answered with status ${response.status}`);
  const blob = await response.blob();
  return {
    jpeg: new Uint8Array(await blob.arrayBuffer()),
    bitmap: await createImageBitmap(blob),
  };
}

function thereAndBack(tick: number): number {
  const turn = tick % (2 * FRAMES - 2);
  return turn < FRAMES ? turn : 2 * FRAMES - 2 - turn;
}
