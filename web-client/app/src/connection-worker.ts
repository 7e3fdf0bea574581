/** The Web Worker that holds the socket and decodes frames. */

import { serveWorker, type WorkerScopeLike } from "@scadstream/client";
import { meshoptDecoders } from "@scadstream/client/meshopt";

serveWorker(globalThis as unknown as WorkerScopeLike, { decoders: meshoptDecoders() });
