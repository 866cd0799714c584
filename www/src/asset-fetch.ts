/** Fetching assets, in the page and in its workers, and saying plainly when they are not what they should be. */

import { aborted, LiveKeypointsError, messageOf } from "./errors.js";

/** Told for every piece that arrives: bytes so far, and all of them where the server tells. */
export type OnPiece = (
  loadedBytes: number,
  totalBytes: number | undefined,
) => void;

/**
 * The answer to the request for an asset, when it may be the asset. Rejects with `asset-unreachable`,
 * `asset-wrong-type` or `aborted`.
 */
export async function answerOf(
  name: string,
  source: string | URL | Response,
  request: RequestInit = {},
): Promise<Response> {
  let response: Response;
  if (source instanceof Response) {
    response = source;
  } else {
    try {
      response = await fetch(source, request);
    } catch (error) {
      if (request.signal?.aborted) throw aborted();
      const message = `${name} could not be fetched from ${String(source)}: ${messageOf(error)}`;
      throw new LiveKeypointsError("asset-unreachable", message, {
        cause: error,
      });
    }
  }
  if (!response.ok) {
    void response.body?.cancel().catch(() => {});
    const status = `${response.status} ${response.statusText}`.trim();
    throw new LiveKeypointsError(
      "asset-unreachable",
      `${name} could not be fetched: ${response.url} answered with status ${status}`,
    );
  }
  if (contentType(response) === "text/html") {
    void response.body?.cancel().catch(() => {});
    throw wrongType(name, response, "an HTML page");
  }
  return response;
}

/** Reads an answer to its end, a piece at a time. */
export async function readPieces(
  response: Response,
  take: OnPiece,
): Promise<void> {
  const length = Number(response.headers.get("content-length"));
  const isPlain = length > 0 && !response.headers.has("content-encoding");
  const reader = response.body?.getReader();
  let loadedBytes = 0;
  for (
    let piece = await reader?.read();
    piece && !piece.done;
    piece = await reader?.read()
  ) {
    loadedBytes += piece.value.length;
    take(loadedBytes, isPlain ? length : undefined);
  }
}

/** Of an answer, without parameters; empty where there is none. */
export function contentType(response: Response): string {
  return (response.headers.get("content-type") ?? "")
    .split(";", 1)[0]!
    .trim()
    .toLowerCase();
}

/** The error of an answer that is not the asset. */
export function wrongType(
  name: string,
  response: Response,
  found: string,
): LiveKeypointsError {
  const type = contentType(response) || "no content type";
  return new LiveKeypointsError(
    "asset-wrong-type",
    `${name}: ${response.url} answered with status ${response.status} (${type}), but not with ${name}: ${found}`,
  );
}
