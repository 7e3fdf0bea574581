/** The worker that holds the socket and decodes. */

import { serveWorker, type WorkerScopeLike } from "@scadstream/client";
import { meshoptDecoders } from "@scadstream/client/meshopt";

serveWorker(globalThis as unknown as WorkerScopeLike, { decoders: meshoptDecoders() });
