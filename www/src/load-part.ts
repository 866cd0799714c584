/** Parts of the package that only some pages load. */

import { LiveKeypointsError, messageOf } from "./errors.js";

/** The part that `load` imports; `asset-unreachable` where that cannot be had. */
export async function loadPart<T>(
  name: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const message = `${name} could not be fetched: ${messageOf(error)}`;
    throw new LiveKeypointsError("asset-unreachable", message, {
      cause: error,
    });
  }
}
