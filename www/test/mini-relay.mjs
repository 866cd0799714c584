// A small relay over real sockets: it keeps to the protocol and computes nothing.

import { WebSocketServer } from "ws";

import { binaryResult } from "./relay-results.mjs";

/**
 * Listens on a free port, or on `port`. `token` is asked for where it is given; `answer(frame)` may delay an answer by
 * the promise it returns, or keep it back with `false`.
 */
export async function miniRelay({ port = 0, token, answer = () => true } = {}) {
  const sessions = [];
  const server = new WebSocketServer({
    ...{ host: "127.0.0.1", port },
    handleProtocols: (offered) =>
      offered.has("live-keypoints.v1") && "live-keypoints.v1",
    verifyClient: ({ req }, decide) =>
      decide(isAllowed(req, token), 401, "unauthorized"),
  });
  server.on("connection", (socket) => sessions.push(serve(socket, answer)));
  await new Promise((listening) => server.on("listening", listening));
  const address = `ws://127.0.0.1:${server.address().port}/live-signs`;
  return {
    address,
    port: server.address().port,
    sessions,
    /** Ends the process, as seen from outside. */
    kill: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((closed) => server.close(closed));
    },
    /** Ends in order, as on SIGTERM. */
    drain: async () => {
      for (const client of server.clients) client.close(1001, "shutting down");
      await new Promise((closed) => server.close(closed));
    },
  };
}

function isAllowed(request, token) {
  if (token === undefined) return true;
  const offered = request.headers["sec-websocket-protocol"]?.split(/, */) ?? [];
  const bearer = `bearer.${Buffer.from(token).toString("base64url")}`;
  return offered.includes(bearer);
}

function serve(socket, answer) {
  const session = { socket, texts: [], frames: [], closeCode: undefined };
  const say = (message) => socket.send(JSON.stringify(message));
  say({
    ...{
      type: "welcome",
      protocol: "live-keypoints.v1",
      models: [],
      quality: "full",
    },
    limits: { max_message_bytes: 2 ** 21 },
  });
  let nextIndex = 0;
  let last = Promise.resolve();
  socket.on("message", (data, isBinary) => {
    if (!isBinary) {
      const message = JSON.parse(data.toString());
      session.texts.push(message);
      if (message.type === "configure")
        say({ type: "configured", next_index: nextIndex });
      if (message.type === "reset")
        say({ type: "reset", next_index: nextIndex });
      if (message.type === "bye") socket.close(1000);
      return;
    }
    nextIndex += 1;
    const frame = {
      id: data.readUInt32LE(4),
      timestampUs: Number(data.readBigInt64LE(8)),
      jpeg: data.subarray(16),
    };
    session.frames.push(frame.id);
    // In order, as a session's results are.
    last = last.then(async () => {
      if ((await answer(frame)) === false) return;
      const { id: frameId, timestampUs } = frame;
      if (socket.readyState === socket.OPEN)
        socket.send(binaryResult({ frameId, timestampUs, parts: ["pose"] }));
    });
  });
  socket.on("close", (code) => (session.closeCode = code));
  return session;
}
