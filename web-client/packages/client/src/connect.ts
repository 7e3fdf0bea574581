/** Opens sessions. */

import type { Client } from "./client.js";
import { EncodeError } from "./errors.js";
import { MAX_CREDIT, MIN_INITIAL_CREDIT } from "./limits.js";
import type { LinkOptions } from "./link.js";
import type { Codec } from "./numbers.js";
import {
  CONNECT_DEFAULTS,
  type ConnectOptions,
  type DirectOptions,
  RECONNECT_DEFAULTS,
} from "./options.js";
import type { WorkerLike } from "./platform.js";
import { Session } from "./session.js";
import { SocketLink } from "./socket-link.js";
import { WorkerLink } from "./worker-link.js";

/**
 * Opens a session with the server at `url` (`ws://` or `wss://`), with the socket on this thread.
 *
 * Returns at once; the session opens by itself, and again after each lost connection. What is asked for in between is
 * sent when it is open. Throws `EncodeError` for options against the protocol's limits, and `ScadstreamError` where
 * there is no `WebSocket`.
 */
export function connect(url: string, options: DirectOptions = {}): Client {
  const decoders = options.decoders ?? {};
  const codecs: Codec[] = [...(Object.keys(decoders) as Codec[]), "raw"];
  const linkOptions = toLinkOptions(url, options);
  return new Session(
    (emit) => new SocketLink(linkOptions, options.webSocket, decoders, emit),
    codecs,
    options,
  );
}

/**
 * Opens a session through a worker that runs `@scadstream/client/worker`, or a script of your own that calls
 * `serveWorker`: frames are received and decoded there, and the arrays come over without a copy.
 *
 * The worker serves this client only, and ends with it. `codecs` are what it decodes besides `raw`, best first.
 */
export function connectInWorker(
  worker: WorkerLike,
  url: string,
  options: ConnectOptions & { readonly codecs?: readonly Codec[] } = {},
): Client {
  const codecs: Codec[] = [...(options.codecs ?? []), "raw"];
  const linkOptions = toLinkOptions(url, options);
  return new Session((emit) => new WorkerLink(worker, linkOptions, emit), codecs, options);
}

function toLinkOptions(url: string, options: ConnectOptions): LinkOptions {
  const creditBytes = options.creditBytes ?? CONNECT_DEFAULTS.creditBytes;
  if (!(creditBytes >= MIN_INITIAL_CREDIT && creditBytes <= MAX_CREDIT)) {
    throw new EncodeError("creditBytes", `is ${creditBytes}; it must be from 2 MiB to 1 GiB`);
  }
  const { reconnect } = options;
  return {
    url,
    creditBytes,
    reconnect: reconnect === false ? false : { ...RECONNECT_DEFAULTS, ...reconnect },
  };
}
