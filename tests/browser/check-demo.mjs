// `node check-demo.mjs SITE ADDRESS`: serves the assembled demo with the relay, opens it in a headless browser, waits
// until keypoints of pose, hand and face have been drawn, and prints frames a second.

import { launch } from "./browser.mjs";
import { serve } from "./relay-server.mjs";

/** The most that anything here may take, milliseconds: a slow machine loads the page in a tenth of it. */
const PATIENCE = 60_000;
/** For how long frames are counted, milliseconds. */
const COUNTED = 3000;

const [site, address] = process.argv.slice(2);
const relay = await serve(["--listen", address, "--www", site]);
let browser;
try {
  browser = await launch();
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`http://${relay.host}/`);
  const seen = await page.evaluate(waitForParts, PATIENCE).catch((error) => {
    throw new Error([error.message, ...complaints].join("\n"));
  });
  if (complaints.length) throw new Error(complaints.join("\n"));
  const rate = await page.evaluate(countFrames, COUNTED);
  console.log(
    `The demo on http://${relay.host}/ found ${seen.join(", ")}: ${rate.toFixed(1)} frames a second.`,
  );
} finally {
  await browser?.close();
  await relay.stop();
}

/** In the page: settles when each part has been found in some frame. */
async function waitForParts(patience) {
  const missing = new Set(["pose", "hand", "face"]);
  const end = performance.now() + patience;
  while (missing.size) {
    const found = globalThis.demo?.last;
    if (found?.pose) missing.delete("pose");
    if (found?.leftHand ?? found?.rightHand) missing.delete("hand");
    if (found?.face) missing.delete("face");
    if (performance.now() > end)
      throw new Error(
        `no ${[...missing].join(", no ")} after ${patience / 1000} s; the page says: ${document.body.innerText.slice(0, 500)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return ["pose", "hand", "face"];
}

/** In the page: results a second. */
async function countFrames(duration) {
  const [from, begin] = [demo.results, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, duration));
  const count = demo.results - from;
  if (count === 0) throw new Error("the demo has stopped drawing");
  return (count / (performance.now() - begin)) * 1000;
}
