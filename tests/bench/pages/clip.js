// The frames of a clip in every form that somebody takes.

/** The first `count` frames of `/clip/`, forwards and back, so that tracking never jumps: 0, 1, … n−1, n−2, … 1. */
export async function loadClip(names) {
  const frames = await Promise.all(names.map(loadFrame));
  return [...frames, ...frames.slice(1, -1).reverse()];
}

async function loadFrame(name) {
  const response = await fetch(`/clip/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  const jpeg = new Uint8Array(await response.arrayBuffer());
  const bitmap = await bitmapOf(jpeg);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  return { jpeg, canvas, pixels };
}

/** The browser's own decoding of a JPEG. */
export function bitmapOf(jpeg) {
  return createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
}
