// Three relays behind HAProxy with the configuration of crates/relay/deploy: one is killed, one replaced, one ended.
//
// Run with the programs in HAPROXY and LIVE_KEYPOINTS_RELAY and the package built: npm run test:deploy

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after } from "node:test";

import { WebSocket } from "ws";

import { freeAddresses, Proxy, Relay } from "./processes.mjs";
import { IN_FLIGHT, OWED, StreamingClient } from "./streaming-client.mjs";
import { test } from "../limited.mjs";

const CLIENTS = 6;
const SHUTTING_DOWN = 1001;
const ABNORMAL = 1006;

const clients = [];
const processes = [];
/** Frames that relays which ended said that they had dropped. */
let droppedOnRelays = 0;
after(async () => {
  for (const client of clients) await client.close();
  for (const process of processes) {
    process.kill("SIGKILL");
    await process.exit();
  }
});

async function run(starting) {
  const process = await starting;
  processes.push(process);
  return process;
}

/** Wakes whoever waits for something to have happened. */
const news = new EventEmitter();
const changed = () => news.emit("news");

/** Resolves once the condition holds; it is looked at whenever a client has news. */
async function until(what, condition) {
  const signal = AbortSignal.timeout(30_000);
  while (!condition()) {
    await once(news, "news", { signal }).catch((cause) => {
      throw new Error(`it never came about that ${what}`, { cause });
    });
  }
}

/** Connects clients one by one and tells which relay each of them got. */
async function connectClients(proxy, relays) {
  const of = new Map(relays.map((relay) => [relay, []]));
  for (let number = 0; number < CLIENTS; number += 1) {
    const client = await StreamingClient.connect(proxy.address, changed);
    clients.push(client);
    for (const relay of relays) {
      const theirs = of.get(relay);
      if ((await relay.sessions()) > theirs.length) theirs.push(client);
    }
  }
  return of;
}

/** Whether a client has another connection than now, and answers on it. */
function onAnotherConnection() {
  const before = new Map(clients.map((client) => [client, client.connections]));
  return (client) =>
    client.connections > before.get(client) && client.answeredHere > 0;
}

/** Kills a relay that has frames to answer, which are lost. */
async function kill(relay, its) {
  // Stopped first, it cannot have answered them when it dies.
  relay.kill("SIGSTOP");
  await until("the stopped relay owes answers", () =>
    its.every(({ inFlight }) => inFlight >= OWED),
  );
  const streamsAgain = onAnotherConnection();
  relay.kill("SIGKILL");
  assert.equal(await relay.exit(), "SIGKILL");
  await until("clients of the killed relay stream again", () =>
    its.every(streamsAgain),
  );
  for (const { ends, failed } of its) {
    assert.deepEqual(
      ends.map(({ code }) => code),
      [ABNORMAL],
    );
    assert.ok(failed.length > 0, "what it had is known to be lost");
  }
}

/** Ends a relay in order, when HAProxy has taken it for down already; its clients go on elsewhere. */
async function drain(relay, proxy, name) {
  const ends = new Map(clients.map((client) => [client, client.ends.length]));
  const streamsAgain = onAnotherConnection();
  const sessions = await relay.sessions();
  assert.ok(sessions > 0);
  // Stopped, it is asked to end and answers nobody; then it goes on, to its end.
  relay.kill("SIGSTOP");
  relay.kill("SIGTERM");
  await until(`${name} is down for HAProxy`, () =>
    proxy.lines.some((line) => line.includes(`Server relays/${name} is DOWN`)),
  );
  relay.kill("SIGCONT");
  const left = () =>
    clients.filter((client) => client.ends.length > ends.get(client));
  await until("every session ends", () => left().length === sessions);
  assert.equal(await relay.exit(), 0);
  await until("clients of the ended relay stream again", () =>
    left().every(streamsAgain),
  );
  for (const client of left()) {
    const { code, stats } = client.ends[ends.get(client)];
    droppedOnRelays += stats.dropped;
    assert.equal(code, SHUTTING_DOWN);
    const { received, keypoints, errors, dropped, left_over } = stats;
    assert.equal(keypoints + errors + dropped, received);
    assert.equal(left_over, 0, "it answered what it had received");
  }
}

/** Each frame has keypoints, or was dropped with notice, or is known to be lost with its connection. */
function assertAccounted({ pushed, answered, failed, dropped, connections }) {
  const settled = new Set([...answered, ...failed.map(({ index }) => index)]);
  assert.equal(settled.size, answered.length + failed.length, "settled once");
  assert.equal(settled.size + dropped, pushed);
  assert.ok(failed.every(({ code }) => code === "connection-lost"));
  assert.ok(failed.length <= IN_FLIGHT * (connections - 1));
  assert.deepEqual(
    answered,
    answered.toSorted((a, b) => a - b),
  );
}

test(
  "relays that are killed and replaced lose no frame without a word, and every client reconnects",
  { timeout: 60_000 },
  async () => {
    const addresses = await freeAddresses(3);
    const relays = await Promise.all(
      addresses.map((address) => run(Relay.start(address))),
    );
    const proxy = await run(Proxy.start(addresses, changed));
    const of = await connectClients(proxy, relays);
    const [first, second, third] = relays;
    assert.deepEqual(
      relays.map((relay) => of.get(relay).length),
      [2, 2, 2],
      "the sessions are spread",
    );
    for (const client of clients) client.start();
    await until("every client streams", () =>
      clients.every(({ answered }) => answered.length > 2),
    );

    await kill(first, of.get(first));
    const others = [...of.get(second), ...of.get(third)];
    assert.ok(others.every(({ connections }) => connections === 1));

    await drain(second, proxy, "relay_2");
    const replacement = await run(Relay.start(second.address));
    // Nobody but the replacement is left for them then.
    await drain(third, proxy, "relay_3");
    assert.equal(await replacement.sessions(), CLIENTS);

    for (const client of clients) client.finish();
    await until("the last frame of every client is settled", () =>
      clients.every(({ isDone }) => isDone),
    );
    for (const client of clients) assertAccounted(client);
    assert.ok(droppedOnRelays > 0, "there was something to tell");
    report();
  },
);

function report() {
  const sum = (count) =>
    clients.reduce((total, client) => total + count(client), 0);
  console.log(
    `${sum(({ pushed }) => pushed)} frames:`,
    `${sum(({ answered }) => answered.length)} answered,`,
    `${sum(({ dropped }) => dropped)} dropped with notice,`,
    `${sum(({ failed }) => failed.length)} lost with`,
    `${sum(({ connections }) => connections - 1)} connections`,
  );
}

test(
  "HAProxy keeps to itself what is for those who run relays, leaves origins to them, and passes by those that are down",
  { timeout: 60_000 },
  async () => {
    const addresses = await freeAddresses(3);
    // HAProxy takes all of them for up until it has asked them.
    await run(Relay.start(addresses[2]));
    const proxy = await run(Proxy.start(addresses));
    for (const path of ["/metrics", "/healthz", "/readyz"]) {
      const response = await fetch(`http://${proxy.address}${path}`);
      assert.equal(response.status, 404, path);
    }
    const url = `ws://${proxy.address}/live-signs`;
    const own = new WebSocket(url, { origin: `http://${proxy.address}` });
    const [welcome] = await once(own, "message");
    assert.equal(JSON.parse(welcome).type, "welcome");
    own.close();
    await once(own, "close");
    const other = new WebSocket(url, { origin: "https://evil.example" });
    const [, response] = await once(other, "unexpected-response");
    assert.equal(response.statusCode, 403);
    response.destroy();
  },
);
