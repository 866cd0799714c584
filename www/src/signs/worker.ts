/**
 * The recogniser in a worker of a stream, beside inference: a script of its own, which the worker loads when it is asked for
 * signs.
 */

import type { Recognizer } from "../bindings.js";
import { asLiveKeypointsError, LiveKeypointsError } from "../errors.js";
import type { Sign } from "../generated/results.js";
import { VERSION } from "../version.js";
import { makeRecognizer } from "./module.js";
import type { SignsParts } from "./module.js";

/** What the page asks for: a method of the recogniser, each of which is answered. */
export interface SignsCall {
  /** Counts up; of a frame that is pushed, its index. */
  id: number;
  method: "create" | Exclude<keyof Recognizer, "free" | "answer">;
  args: unknown[];
}

/** An error as it is posted. */
export interface PostedError {
  code: string;
  message: string;
}

/** What the worker says: the answer to a call, what is told of signs, or why the newest window has no answer. */
export type SignsReply =
  | {
      method: SignsCall["method"];
      id: number;
      value?: unknown;
      error?: PostedError;
    }
  | { told: Sign | "idle" }
  | { failed: PostedError; id: number }
  /** The worker could not load this script. */
  | { missing: string };

/** How the worker finds the script: a bundler may have taken away what it exports. */
export interface SignsScope {
  liveKeypointsServeSigns?: typeof serve;
}

(globalThis as SignsScope).liveKeypointsServeSigns = serve;

/** Answers what comes by this port, in its order. */
export function serve(port: MessagePort): void {
  let made: Promise<Recognizer> | undefined;
  let newest = 0;
  let isDue = false;
  const reply = (message: SignsReply): void => port.postMessage(message);
  const classify = (recognizer: Recognizer): void => {
    isDue = false;
    try {
      const sign = recognizer.answer();
      if (sign) reply({ told: sign });
    } catch (error) {
      reply({ failed: posted(error), id: newest });
    }
  };
  const run = async ({ id, method, args }: SignsCall): Promise<unknown> => {
    if (method === "create") {
      made = create(args[0] as SignsParts, args[1] as string);
      return (await made).needs();
    }
    const recognizer = await made!;
    const call = recognizer[method] as (...args: unknown[]) => unknown;
    const value = call.apply(recognizer, args);
    if (method !== "push") return value;
    newest = id;
    if (value) reply({ told: "idle" });
    // Frames that have come meanwhile go first: the newest window is the one to classify.
    if (!isDue) setTimeout(classify, 0, recognizer);
    isDue = true;
    return undefined;
  };
  port.onmessage = async ({ data }: MessageEvent<SignsCall>) => {
    const { method, id } = data;
    try {
      reply({ method, id, value: await run(data) });
    } catch (error) {
      reply({ method, id, error: posted(error) });
    }
  };
}

async function create(parts: SignsParts, version: string): Promise<Recognizer> {
  if (version === VERSION) return makeRecognizer(parts);
  const message = `the script of signs is of version ${VERSION}; this page has ${version}`;
  throw new LiveKeypointsError("version-mismatch", message);
}

function posted(error: unknown): PostedError {
  const { code, message } = asLiveKeypointsError(error, "internal");
  return { code, message };
}
