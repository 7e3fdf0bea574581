/** The worker's side of a `WorkerLink`: it owns the socket, decodes, and posts what comes, without copying meshes. */

import type { Link } from "./link.js";
import type { Decoders, DirectOptions } from "./options.js";
import type { WorkerScopeLike } from "./platform.js";
import { SocketLink } from "./socket-link.js";
import { flattenEvent, transferables, type WorkerCommand } from "./worker-protocol.js";

export interface ServeOptions extends Pick<DirectOptions, "webSocket"> {
  /** Decoders for codecs other than `raw`, there at once or soon: what the client says until then waits. */
  readonly decoders?: Decoders | Promise<Decoders>;
}

/**
 * Serves the client that holds this worker. `@scadstream/client/worker` is a script that does no more than this; write
 * your own to give decoders.
 */
export function serveWorker(scope: WorkerScopeLike, options: ServeOptions = {}): void {
  const { decoders = {} } = options;
  if (!(decoders instanceof Promise)) {
    obeyWith(scope, options.webSocket, decoders);
    return;
  }
  const waiting: { data: WorkerCommand }[] = [];
  scope.onmessage = (event: { data: WorkerCommand }) => waiting.push(event);
  const begin = (found: Decoders) => {
    const obey = obeyWith(scope, options.webSocket, found);
    for (const event of waiting) obey(event);
  };
  // Without decoders every compressed chunk is reported as faulty: better than nothing, and it says why.
  decoders.then(begin, () => begin({}));
}

function obeyWith(
  scope: WorkerScopeLike,
  webSocket: DirectOptions["webSocket"],
  decoders: Decoders,
): (event: { data: WorkerCommand }) => void {
  let link: Link | undefined;
  const obey = (event: { data: WorkerCommand }) => {
    const command = event.data;
    switch (command.type) {
      case "connect":
        link = new SocketLink(command.options, webSocket, decoders, (event) =>
          scope.postMessage(flattenEvent(event), transferables(event)),
        );
        break;
      case "send":
        link?.send(command.frame, command.connection);
        break;
      case "acknowledge":
        link?.acknowledge(command.bytes);
        break;
      case "close":
        link?.close();
        scope.close();
        break;
    }
  };
  scope.onmessage = obey;
  return obey;
}
