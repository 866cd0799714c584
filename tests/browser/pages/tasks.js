// An application of tasks-vision, which live-keypoints/tasks runs by another import: all four landmarkers, single pictures
// and clips.

const LANDMARKERS = {
  FaceLandmarker: { outputFaceBlendshapes: true },
  HandLandmarker: { numHands: 2 },
  PoseLandmarker: {},
  HolisticLandmarker: { outputFaceBlendshapes: true },
};

/**
 * What each finds in each picture. Every one of the `sequences`, `{ runningMode, pictures }`, is shown to a landmarker of its
 * own, which remembers none of the others; those of `hands` to HandLandmarker alone. `bundles` has addresses of models, for the
 * package that asks for some.
 */
export async function everything(
  address,
  { files, bundles = {}, sequences, hands },
) {
  const vision = await import(address);
  const fileset = await vision.FilesetResolver.forVisionTasks(files);
  const found = {};
  for (const [name, more] of Object.entries(LANDMARKERS)) {
    found[name] = {};
    const modelAssetPath = bundles[name];
    const baseOptions = {
      delegate: "CPU",
      ...(modelAssetPath && { modelAssetPath }),
    };
    const shown = name === "HandLandmarker" ? hands : [];
    for (const { runningMode, pictures } of [...sequences, ...shown]) {
      const options = { baseOptions, runningMode, ...more };
      const landmarker = await vision[name].createFromOptions(fileset, options);
      for (const [number, picture] of pictures.entries()) {
        const pixels = await pixelsOf(picture);
        const result =
          runningMode === "IMAGE"
            ? await landmarker.detect(pixels)
            : await landmarker.detectForVideo(pixels, (number + 1) * 33);
        const { width, height } = pixels;
        found[name][picture] = { size: [width, height], result };
      }
      landmarker.close();
    }
  }
  return found;
}

/**
 * The same pixels for everybody, whoever would decode the picture: black ones for "nobody", and with `#mirrored` the picture
 * above its mirror image.
 */
async function pixelsOf(address) {
  if (address === "nobody") return new ImageData(320, 240);
  const response = await fetch(address);
  const bitmap = await createImageBitmap(await response.blob());
  const { width, height } = bitmap;
  const pictures = address.endsWith("#mirrored") ? 2 : 1;
  const context = new OffscreenCanvas(width, height * pictures).getContext(
    "2d",
  );
  context.drawImage(bitmap, 0, 0);
  context.setTransform(-1, 0, 0, 1, width, height);
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height * pictures);
}
