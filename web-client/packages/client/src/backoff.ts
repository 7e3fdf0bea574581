/** How long to wait before trying again. */

import type { ReconnectOptions } from "./options.js";

/**
 * Delay before try number `attempt` (from 1), in milliseconds: doubled each time, with a random half left out, so that
 * the clients of a server that restarts do not come all at once.
 */
export function backoffMs(attempt: number, options: Required<ReconnectOptions>): number {
  const full = Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** (attempt - 1));
  return full * (0.5 + 0.5 * Math.random());
}
