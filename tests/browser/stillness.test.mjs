// Option `skipStill`: frames without motion repeat keypoints, in the page and on a relay.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inPage, openBrowser } from "./browser.mjs";
import { PAGE, startRelay } from "./relay-server.mjs";
import { test } from "../limited.mjs";

/** Frames of a still scene that are computed: the first, and six until smoothing has come to rest. */
const COMPUTED = 7;

let opened;
let relay;

before(async () => {
  opened = await openBrowser();
  relay = await startRelay(opened.server, ["--workers", "2"]);
});
after(async () => {
  await relay?.stop();
  await opened.close();
});

/** Ten times the clip's first frame, then another, then the first as a stateless picture. */
const play = (options, url) =>
  inPage(
    opened,
    async ({ LiveKeypoints, clipFrame, run, plain }, [options, url]) => {
      const live = await (url
        ? LiveKeypoints.connect(url, options)
        : LiveKeypoints.create(options));
      const [first, other] = [await clipFrame(0), await clipFrame(20)];
      const frames = [...Array(10).fill(first), other].map((jpeg) => jpeg.slice());
      const played = await run(live, frames);
      const still = live.stats().still;
      const stateless = plain(await live.detect(first.slice()));
      await live.close();
      return { ...played, still, stateless };
    },
    [options, url],
    { path: url ? PAGE : undefined },
  );

/** What is repeated. */
const found = ({
  index: _index,
  timestampMs: _timestampMs,
  timings: _timings,
  still: _still,
  ...rest
}) => rest;

function assertRepeats({ results, errors, still, stateless }) {
  assert.deepEqual(errors, []);
  assert.deepEqual(
    results.map(({ still }) => still),
    results.map((_, at) => at >= COMPUTED && at < 10),
  );
  const computed = results[COMPUTED - 1];
  assert.equal(computed.pose.length, 33 * 4);
  for (const [at, result] of results.slice(COMPUTED, 10).entries()) {
    assert.equal(result.index, COMPUTED + at);
    assert.deepEqual(found(result), found(computed));
  }
  assert.notDeepEqual(results[10].pose, computed.pose);
  assert.equal(still, 3);
  assert.equal(stateless.still, false);
}

test("a still scene is repeated, whatever the number of workers", async () => {
  const options = { skipStill: true, handWorld: true };
  const alone = await play({ ...options, workers: 1 });
  assertRepeats(alone);
  for (const { timings } of alone.results.slice(COMPUTED, 10)) {
    assert.ok(timings.decode > 0 && timings.total >= timings.decode);
    assert.deepEqual([timings.pose, timings.leftHand, timings.face], [0, 0, 0]);
  }
  for (const workers of [2, 4]) {
    const together = await play({ ...options, workers });
    const lasting = ({ timings: _timings, ...rest }) => rest;
    assert.deepEqual(together.results.map(lasting), alone.results.map(lasting));
  }
});

test("a relay repeats it, and says so in either format", async () => {
  for (const format of ["json", "binary"])
    assertRepeats(
      await play({ skipStill: true, bufferSize: 20, format }, relay.url),
    );
});

test("without the option every frame is computed", async () => {
  const { results, still } = await play({ workers: 2, parts: ["face"] });
  assert.ok(results.every((result) => result.still === false));
  assert.ok(results.every(({ timings }) => timings.face > 0));
  assert.equal(still, 0);
});
