/** Entry point of a Web Worker that owns the socket of one client: see `connectInWorker`. */

import type { WorkerScopeLike } from "./platform.js";
import { serveWorker } from "./serve-worker.js";

serveWorker(globalThis as unknown as WorkerScopeLike);
