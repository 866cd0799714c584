/** Starts the recogniser of a stream. */

import { sourcesOf } from "../assets.js";
import { aborted } from "../errors.js";
import type { CREATE_OPTIONS, CreateOptions } from "../generated/options.js";
import type { SignNeeds } from "../generated/results.js";
import { invalid } from "../option-checks.js";
import type { Checked } from "../option-checks.js";
import type { WorkerLike } from "../worker-scripts.js";
import { SignsHost } from "./host.js";
import { LiveSigns } from "./live-signs.js";
import { fetchParts } from "./module.js";

/** What a stream with signs is started with. */
export interface SignsStart {
  signs: LiveSigns;
  /** The options as the signs need them, to be checked once more. */
  options: CreateOptions;
  stillThreshold: number;
  make(): WorkerLike;
}

/** Sets up the recogniser of a stream whose workers `make` makes. On any failure nothing is left running. */
export async function startSigns(
  given: CreateOptions,
  options: Checked<CreateOptions, typeof CREATE_OPTIONS>,
  make: () => WorkerLike,
): Promise<SignsStart> {
  const { assets, signal, onProgress, workers } = options;
  const parts = await fetchParts(
    options.signs!,
    assets,
    signal,
    onProgress ?? undefined,
  );
  const host = new SignsHost(parts, sourcesOf(assets).baseUrl, make);
  const abort = () => host.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const { stillThreshold, ...needs } = await host.start(workers);
    return {
      ...{ signs: new LiveSigns(host), stillThreshold },
      options: withNeeds(given, needs),
      make: () => host.make(),
    };
  } catch (error) {
    host.close();
    throw signal?.aborted ? aborted() : error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Options that were left out as the signs need them. Throws `invalid-option` where one that was given says otherwise. */
export function withNeeds(
  given: CreateOptions,
  { parts, ...needs }: Omit<SignNeeds, "stillThreshold">,
): CreateOptions {
  const must = { ...needs, mirrored: false } as CreateOptions;
  for (const [name, needed] of Object.entries(must)) {
    const value = given[name as keyof CreateOptions];
    if (value !== undefined && value !== needed)
      throw invalid(
        `option signs needs ${name} to be ${String(needed)}, not ${String(value)}`,
      );
  }
  const lacking = parts.find((part) => given.parts?.includes(part) === false);
  if (lacking)
    throw invalid(
      `option signs needs "${lacking}" among parts, not ${String(given.parts)}`,
    );
  const { skipStill = true } = given;
  return { ...given, ...must, parts: given.parts ?? parts, skipStill };
}
