// @ts-nocheck
/** One connection to a relay, from the socket's opening until it is closed. What is lost with it is the engine's matter. */

import {
  asLiveKeypointsError,
  isErrorCode,
  LiveKeypointsError,
  messageOf,
} from "../errors.js";
import { readMessage } from "./messages.js";
import type { RelayError, RelayMessage } from "./messages.js";
import type { AskedPart } from "./options.js";
import type { RelayKeypoints } from "./result.js";
import { SUBPROTOCOL } from "./result.js";
import type { SocketLike } from "./socket.js";

/** An answer to one frame. */
export type RelayAnswer = RelayKeypoints | (RelayError & { frameId: number });

/** Why a connection is over. */
export interface Closing {
  /**
   * `refused`: another attempt would end the same way. `ended`: the relay ended it in order, as for want of frames.
   * `lost`: everything else.
   */
  kind: "refused" | "ended" | "lost";
  error: LiveKeypointsError;
}

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** Frames can be sent. */
  ready(): void;
  /** A frame has its answer. Throws what makes the connection useless. */
  answer(answer: RelayAnswer): void;
  /** It is over, once; not told after `close`. */
  closed(closing: Closing): void;
}

/** How a connection begins. */
export interface ConnectionOptions {
  /** The address without what may be secret in it, for errors. */
  name: string;
  parts: readonly AskedPart[];
  configure: Readonly<Record<string, unknown>>;
  /** Milliseconds until it must be ready. */
  timeoutMs: number;
}

/** Close codes that say that this client is not wanted as it is: protocol error, unsupported, bad data, policy. */
const REFUSALS = [1002, 1003, 1007, 1008];
const NORMAL_CLOSURE = 1000;
/** `WebSocket.OPEN`. */
const OPEN = 1;

/** Speaks the protocol over a socket that it is given unopened. */
export class Connection {
  readonly #socket: SocketLike;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #timer: ReturnType<typeof setTimeout>;
  #state: "opening" | "welcomed" | "ready" | "over" = "opening";
  #maxMessageBytes = Infinity;
  #maxFps: number | undefined;
  /** The relay's last complaint about no frame: why it closes, where it does. */
  #complaint: string | undefined;

  constructor(
    socket: SocketLike,
    options: ConnectionOptions,
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () =>
      this.#orLose(() => this.#sendText(this.#options.configure)),
    );
    socket.addEventListener("message", ({ data }) =>
      this.#orLose(() => this.#receive(readMessage(data, options.parts))),
    );
    // A browser keeps the reason to itself; other sockets tell it, and want to be listened to.
    socket.addEventListener("error", ({ message }) => {
      this.#complaint = message || this.#complaint;
    });
    socket.addEventListener("close", ({ code, reason }) =>
      this.#handleClose(code, reason),
    );
    this.#timer = setTimeout(
      () => this.lose(`it was not ready after ${options.timeoutMs} ms`),
      options.timeoutMs,
    );
  }

  /** Whether frames can be sent: not while the relay is closing, when they would vanish. */
  get isReady(): boolean {
    return this.#state === "ready" && this.#isOpen;
  }

  /** Bytes that the browser has not sent yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Longest message that the relay takes. */
  get maxMessageBytes(): number {
    return this.#maxMessageBytes;
  }

  /** Frames a second that the relay takes; `undefined` is no limit. */
  get maxFps(): number | undefined {
    return this.#maxFps;
  }

  /** Sends the message of a frame. */
  send(message: Uint8Array<ArrayBuffer>): void {
    this.#orLose(() => this.#socket.send(message));
  }

  /** Tracking starts from scratch with the next frame. */
  reset(): void {
    this.#orLose(() => this.#sendText({ type: "reset" }));
  }

  /** Gives the connection up. */
  lose(reason: string): void {
    this.#end("lost", this.#lostError(reason));
  }

  /** Says goodbye; no event comes after it. */
  close(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    clearTimeout(this.#timer);
    try {
      if (this.#isOpen) this.#sendText({ type: "bye" });
    } catch {
      // It is closed in any case.
    }
    this.#closeSocket();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  #receive(message: RelayMessage): void {
    switch (message.kind) {
      case "welcome":
        this.#requireVersion(message.protocol);
        this.#maxMessageBytes = message.maxMessageBytes ?? Infinity;
        this.#maxFps = message.maxFps;
        if (this.#state === "opening") this.#state = "welcomed";
        return;
      case "configured":
        return this.#becomeReady();
      case "keypoints":
        return this.#events.answer(message);
      case "error": {
        const { frameId } = message;
        if (frameId !== undefined)
          return this.#events.answer({ ...message, frameId });
        return this.#takeComplaint(message);
      }
      case "reset":
      case "stats":
      case "unknown":
        return;
      default:
        message satisfies never;
    }
  }

  #becomeReady(): void {
    if (this.#state !== "welcomed") return;
    this.#state = "ready";
    clearTimeout(this.#timer);
    this.#events.ready();
  }

  /** Before the connection is ready, a complaint is about `configure`. */
  #takeComplaint({ code, message }: RelayError): void {
    this.#complaint = `${message} (${code})`;
    if (this.#state !== "welcomed") return;
    // The relay names options as they are on the wire, the caller wrote them in camelCase.
    const named = Object.keys(this.#options.configure).reduce(
      (text, name) => text.replaceAll(name, camelCase(name)),
      message,
    );
    const refusal = `The relay at ${this.#options.name} refuses these options: ${named}`;
    this.#end(
      "refused",
      new LiveKeypointsError(isErrorCode(code) ? code : "internal", refusal),
    );
  }

  #requireVersion(protocol: unknown): void {
    if (protocol === SUBPROTOCOL) return;
    const message = `The relay at ${this.#options.name} speaks ${String(protocol)}; this page speaks ${SUBPROTOCOL}`;
    this.#end("refused", new LiveKeypointsError("version-mismatch", message));
  }

  #handleClose(code: number, reason: string): void {
    const isRefusal = this.#state !== "ready" && REFUSALS.includes(code);
    const isEnd = this.#state === "ready" && code === NORMAL_CLOSURE;
    const why = reason || this.#complaint || "no reason is given";
    this.#end(
      isRefusal ? "refused" : isEnd ? "ended" : "lost",
      this.#lostError(`closed with code ${code}, ${why}`),
    );
  }

  #sendText(message: Readonly<Record<string, unknown>>): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** A peer that does not keep to the protocol, or a socket that throws, is of no use. */
  #orLose(action: () => void): void {
    if (this.#state === "over") return;
    try {
      action();
    } catch (error) {
      const isReady = this.#state === "ready";
      const { code } = asLiveKeypointsError(error, "connection-lost");
      if (isReady) this.lose(messageOf(error));
      else this.#end("refused", new LiveKeypointsError(code, messageOf(error)));
    }
  }

  #end(kind: Closing["kind"], error: LiveKeypointsError): void {
    if (this.#state === "over") return;
    this.#state = "over";
    clearTimeout(this.#timer);
    this.#closeSocket();
    this.#events.closed({ kind, error });
  }

  #closeSocket(): void {
    try {
      this.#socket.close(NORMAL_CLOSURE);
    } catch {
      // Some refuse to close what never opened.
    }
  }

  #lostError(reason: string): LiveKeypointsError {
    const place = this.#state === "ready" ? "was lost" : "could not be opened";
    return new LiveKeypointsError(
      "connection-lost",
      `The connection to ${this.#options.name} ${place}: ${reason}.`,
    );
  }
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) =>
    letter.toUpperCase(),
  );
}
