// An application of tasks-vision, which live-keypoints/tasks runs by another import: all four landmarkers, single pictures
// first and then a video.

const LANDMARKERS = {
  FaceLandmarker: { outputFaceBlendshapes: true },
  HandLandmarker: { numHands: 2 },
  PoseLandmarker: {},
  HolisticLandmarker: { outputFaceBlendshapes: true },
};

/** What they find, in the order of pictures and frames. `bundles` has addresses of models, for the package that asks for some. */
export async function everything(
  address,
  { files, bundles = {}, pictures, frames },
) {
  const vision = await import(address);
  const fileset = await vision.FilesetResolver.forVisionTasks(files);
  const [stills, video] = await Promise.all(
    [pictures, frames].map((list) => Promise.all(list.map(pixelsOf))),
  );
  const found = {};
  for (const [name, options] of Object.entries(LANDMARKERS)) {
    const modelAssetPath = bundles[name];
    const baseOptions = {
      delegate: "CPU",
      ...(modelAssetPath && { modelAssetPath }),
    };
    const landmarker = await vision[name].createFromOptions(fileset, {
      baseOptions,
      ...options,
    });
    found[name] = { stills: [], frames: [] };
    for (const picture of stills)
      found[name].stills.push(await landmarker.detect(picture));
    await landmarker.setOptions({ runningMode: "VIDEO" });
    for (const [number, frame] of video.entries())
      found[name].frames.push(
        await landmarker.detectForVideo(frame, (number + 1) * 33),
      );
    landmarker.close();
  }
  return found;
}

/** The same pixels for everybody, whoever would decode the picture; of `null` none that show anything. */
async function pixelsOf(address) {
  if (address === null) return new ImageData(320, 240);
  const response = await fetch(address);
  const bitmap = await createImageBitmap(await response.blob());
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}
