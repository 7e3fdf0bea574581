/** The worker's side of a `WorkerLink`: it owns the socket, decodes, and posts what comes, without copying meshes. */

import type { Link } from "./link.js";
import type { DirectOptions } from "./options.js";
import type { WorkerScopeLike } from "./platform.js";
import { SocketLink } from "./socket-link.js";
import { flattenEvent, transferables, type WorkerCommand } from "./worker-protocol.js";

/**
 * Serves the client that holds this worker. `@scadstream/client/worker` is a script that does no more than this; write
 * your own to give decoders.
 */
export function serveWorker(
  scope: WorkerScopeLike,
  options: Pick<DirectOptions, "webSocket" | "decoders"> = {},
): void {
  let link: Link | undefined;
  scope.onmessage = (event: { data: WorkerCommand }) => {
    const command = event.data;
    switch (command.type) {
      case "connect":
        link = new SocketLink(command.options, options.webSocket, options.decoders ?? {}, (event) =>
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
}
