// The demo's switch between the page and the relay. The relay here is one that only says where everybody's nose is.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { openBrowser, openPage } from "./browser.mjs";
import { test } from "../limited.mjs";

const LAPTOP = { viewport: { width: 1280, height: 800 } };
const ADDRESS = "/?workers=1&parts=pose&quality=lite";

let opened;

before(async () => {
  opened = await openBrowser();
});
after(() => opened.close());

/** Stands for the page's WebSocket; `relay.refuses` and `relay.sockets` are for the tests. */
function fakeRelay() {
  globalThis.relay = { refuses: false, sockets: [], said: [] };
  globalThis.WebSocket = class {
    bufferedAmount = 0;
    readyState = 1;
    listeners = {};
    frames = 0;

    constructor(url, protocols) {
      Object.assign(this, { url, protocols });
      relay.sockets.push(this);
      setTimeout(() =>
        relay.refuses ? this.end(1006) : this.tell("open", {}),
      );
    }

    addEventListener(type, listener) {
      this.listeners[type] = listener;
    }

    tell(type, event) {
      this.listeners[type]?.(event);
    }

    say(message) {
      this.tell("message", { data: JSON.stringify(message) });
    }

    send(data) {
      if (typeof data === "string") {
        relay.said.push(JSON.parse(data));
        if (JSON.parse(data).type !== "configure") return;
        this.say({ type: "welcome", protocol: "live-keypoints.v1" });
        this.say({ type: "configured", next_index: 0 });
        return;
      }
      const header = new DataView(data.buffer);
      const frameId = header.getUint32(4, true);
      const timestampUs = Number(header.getBigUint64(8, true));
      const index = this.frames++;
      setTimeout(() => this.answer(index, frameId, timestampUs), 20);
    }

    answer(index, frameId, timestampUs) {
      const pose = Array(33).fill([0.5, 0.5, 0, 1]);
      this.say({
        ...{ type: "keypoints", index, timestamp_us: timestampUs },
        ...{ width: 320, height: 240, pose, pose_world: pose },
        ...{ scores: { pose: 1 }, frame_id: frameId, dropped: 0 },
        timings_us: { queue: 0, decode: 1000, pose: 7000, total: 8000 },
        missing: {},
      });
    }

    close() {}

    end(code) {
      this.tell("close", { code, reason: "" });
    }
  };
}

async function onDemo(address, use, expected = []) {
  const { page, close, unexpected } = await openPage(opened, address, {
    ...{ ...LAPTOP, expected },
    init: fakeRelay,
  });
  try {
    await use(page);
    assert.deepEqual(unexpected(), []);
  } finally {
    await close();
  }
}

const results = (page, count) =>
  page.waitForFunction((count) => demo.results >= count, count);
const engineIs = (page, engine) =>
  page.waitForFunction(
    (engine) => demo.state === "running" && demo.live.engine === engine,
    engine,
  );
const where = (page) => page.locator("#where").textContent();

test("page and relay can be changed while it runs, and the page says where the pictures go", async () => {
  await onDemo(ADDRESS, async (page) => {
    await results(page, 1);
    assert.match(await where(page), /no picture leaves/);
    await page.getByRole("radio", { name: "Relay" }).click();
    await engineIs(page, "relay");
    assert.match(await where(page), /pictures are sent/);
    assert.match(page.url(), /engine=relay/);
    await results(page, (await page.evaluate(() => demo.results)) + 5);
    assert.equal(await page.evaluate(() => demo.last.pose[0]), 0.5);
    assert.equal(page.workers().length, 0, "the page computes no more");
    const { url, protocols } = await page.evaluate(() => ({
      url: relay.sockets[0].url,
      protocols: relay.sockets[0].protocols,
    }));
    assert.equal(
      url,
      `${opened.server.address.replace("http", "ws")}/live-signs`,
    );
    assert.deepEqual(protocols, ["live-keypoints.v1"]);
    assert.equal(
      await page.getByRole("rowheader", { name: "Relay" }).count(),
      1,
    );
    assert.ok(await page.getByRole("radio", { name: "4" }).isDisabled());
    await page.getByRole("radio", { name: "This page" }).click();
    await engineIs(page, "page");
    assert.match(await where(page), /no picture leaves/);
    assert.doesNotMatch(page.url(), /engine/);
    await results(page, (await page.evaluate(() => demo.results)) + 1);
    assert.notEqual(await page.evaluate(() => demo.last.pose[0]), 0.5);
  });
});

test("a relay is asked for graph, irises and expressions", async () => {
  const address =
    "/?workers=1&graph=landmarkers&parts=pose,face&with=expressions&autoplay=0";
  await onDemo(address, async (page) => {
    await page.waitForFunction(() => demo.state === "paused");
    await page.getByRole("radio", { name: "Relay" }).click();
    await page.waitForFunction(
      () => demo.state === "paused" && demo.live.engine === "relay",
    );
    const said = await page.evaluate(() => relay.said);
    const [{ graph, face, blendshapes }] = said.filter(
      ({ type }) => type === "configure",
    );
    assert.deepEqual([graph, face, blendshapes], ["landmarkers", 478, true]);
    const expressions = page.getByRole("region", { name: /Expressions/ });
    await expressions.waitFor();
  });
});

test("a relay that is not there is told, and the page goes on", async () => {
  await onDemo(ADDRESS, async (page) => {
    await results(page, 1);
    await page.evaluate(() => (relay.refuses = true));
    await page.getByRole("radio", { name: "Relay" }).click();
    await page.getByRole("alert").waitFor();
    assert.match(
      await page.getByRole("alert").textContent(),
      /relay cannot compute.*live-signs.*page goes on.*connection-lost/,
    );
    assert.ok(await page.getByRole("radio", { name: "This page" }).isChecked());
    assert.doesNotMatch(page.url(), /engine/);
    await results(page, (await page.evaluate(() => demo.results)) + 1);
  });
});

test("a connection that is lost is told until there is another one", async () => {
  await onDemo(`${ADDRESS}&engine=relay`, async (page) => {
    await results(page, 3);
    await page.evaluate(() => {
      relay.refuses = true;
      relay.sockets[0].end(1006);
    });
    await page.getByRole("alert").waitFor();
    assert.match(
      await page.getByRole("alert").textContent(),
      /connection.*lost.*Next attempt/,
    );
    await page.evaluate(() => (relay.refuses = false));
    await page.getByRole("alert").waitFor({ state: "hidden" });
    const before = await page.evaluate(() => demo.results);
    await results(page, before + 3);
    assert.ok(
      await page.evaluate(() => demo.live.stats().connection.lost >= 1),
    );
  });
});

test("results of a relay are recorded as .pose, and where that cannot be it is told", async () => {
  const module = "/live-keypoints/wasm/session/session_bg.wasm";
  const { answers } = opened.server;
  answers.set(module, { status: 503, type: "text/plain", body: "" });
  await onDemo(
    `${ADDRESS}&engine=relay`,
    async (page) => {
      await results(page, 1);
      const format = page.getByLabel("Format of recordings");
      await format.selectOption(".pose");
      await page.getByRole("button", { name: "Record" }).click();
      await page.getByRole("alert").waitFor();
      assert.match(
        await page.getByRole("alert").textContent(),
        /cannot be recorded.*503.*asset-unreachable/,
      );
      assert.ok(await format.isEnabled());
      answers.delete(module);
      await page.getByRole("button", { name: "Record" }).click();
      const save = page.getByRole("button", { name: /Save [1-9]\d* frames/ });
      await save.waitFor();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        save.click(),
      ]);
      assert.equal(download.suggestedFilename(), "keypoints.pose");
      assert.ok(await page.getByRole("button", { name: "Record" }).isEnabled());
    },
    [/status of 503/],
  ).finally(() => answers.delete(module));
});
