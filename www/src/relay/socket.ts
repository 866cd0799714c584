/** The socket to a relay: its address, and what is used of it. */

import { LiveKeypointsError } from "../errors.js";
import { invalid, shown } from "../option-checks.js";

/** What is used of a `WebSocket`. */
export interface SocketLike {
  /** Set to `arraybuffer` before anything is received. */
  binaryType: string;
  /** 1 while it is open, as of `WebSocket`. */
  readonly readyState: number;
  /** Bytes that were given to `send` and are not on their way yet. */
  readonly bufferedAmount: number;
  /** Sends one message, as text or binary. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Begins the closing handshake. */
  close(code?: number): void;
  /** It is open. */
  addEventListener(type: "open", listener: () => void): void;
  /** It failed; `close` follows. */
  addEventListener(
    type: "error",
    listener: (event: { readonly message?: string }) => void,
  ): void;
  /** A message: a string, or an `ArrayBuffer`. */
  addEventListener(
    type: "message",
    listener: (event: { readonly data: unknown }) => void,
  ): void;
  /** It is closed, with the code and reason of RFC 6455. */
  addEventListener(
    type: "close",
    listener: (event: {
      readonly code: number;
      readonly reason: string;
    }) => void,
  ): void;
}

/** Where a relay is. */
export interface RelayAddress {
  /** As the socket takes it. */
  url: string;
  /** Without query, which may hold a secret, for errors. */
  name: string;
}

/** Reads an address of scheme wss, ws, https or http, or a path of this site. Throws `invalid-option`. */
export function relayAddress(address: string | URL): RelayAddress {
  let url: URL | undefined;
  const isText = typeof address === "string" && address !== "";
  try {
    if (isText || address instanceof URL)
      url = new URL(address, globalThis.document?.baseURI);
  } catch {
    // It is told below.
  }
  if (url?.protocol === "https:") url.protocol = "wss:";
  if (url?.protocol === "http:") url.protocol = "ws:";
  if (url?.protocol !== "wss:" && url?.protocol !== "ws:") {
    // A query or a password may be a secret.
    const name = shown(address).replace(/[?#].*|(?<=\/\/)[^/]*@/gs, "");
    throw invalid(
      `Not a valid relay URL: '${name}'. Expected ws:// or wss://.`,
    );
  }
  url.hash = "";
  return { url: url.href, name: `${url.protocol}//${url.host}${url.pathname}` };
}

/** The browser's own socket. */
export function createSocket(url: string, protocols: string[]): SocketLike {
  if (typeof WebSocket !== "function") {
    throw new LiveKeypointsError(
      "connection-lost",
      "there is no WebSocket here; option createSocket can make one",
    );
  }
  return new WebSocket(url, protocols);
}
