/**
 * Client of the scadstream.v1 protocol: renders OpenSCAD documents on a server and receives meshes as typed arrays.
 *
 * `connect` keeps the socket on the calling thread; `connectInWorker` talks to a Web Worker that runs
 * `@scadstream/client/worker`, where frames are received and decoded off the main thread. Both return a `Client`.
 */

import type { Client } from "./client.js";
import type { ConnectOptions, DirectOptions } from "./options.js";
import type { WorkerLike } from "./platform.js";

export type * from "./client.js";
export * from "./errors.js";
export type * from "./events.js";
export type * from "./messages.js";
export type {
  Codec,
  Detail,
  ExportFormat,
  FailureCode,
  Level,
  PartKind,
  PressureLevel,
  Severity,
  Stage,
} from "./numbers.js";
export type {
  ChunkDecoder,
  ConnectOptions,
  Decoders,
  DirectOptions,
  ReconnectOptions,
} from "./options.js";
export type { AbortSignalLike, WebSocketClass, WebSocketLike, WorkerLike } from "./platform.js";
export type { Mesh, Scene, SceneChunk } from "./scene.js";

/** Opens a session with the server at `url` (`ws://` or `wss://`), with the socket on this thread. */
export declare function connect(url: string, options?: DirectOptions): Client;

/**
 * Opens a session through a worker that runs `@scadstream/client/worker`. The worker serves one client and ends with it.
 */
export declare function connectInWorker(
  worker: WorkerLike,
  url: string,
  options?: ConnectOptions,
): Client;
