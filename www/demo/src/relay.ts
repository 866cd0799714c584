/** The relay that serves this site. */

import { LiveKeypoints } from "live-keypoints";
import type { LiveKeypointsError, StreamOptions } from "live-keypoints";

export const RELAY = "live-signs";

/** Whether the package can ask a relay for these options. It checks them before it looks at the signal; nothing is connected. */
export async function relayTakes(options: StreamOptions): Promise<boolean> {
  const signal = AbortSignal.abort();
  try {
    await LiveKeypoints.connect(RELAY, { ...options, signal });
    return true;
  } catch (error) {
    return (error as LiveKeypointsError).code !== "invalid-option";
  }
}
