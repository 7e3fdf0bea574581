/**
 * Client of the scadstream.v1 protocol: renders OpenSCAD documents on a server and receives meshes as typed arrays.
 *
 * `connect` keeps the socket on the calling thread; `connectInWorker` talks to a Web Worker that runs
 * `@scadstream/client/worker`, where frames are received and decoded off the main thread. Both return a `Client`.
 */

export type * from "./client.js";
export { connect, connectInWorker } from "./connect.js";
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
  ChunkArchive,
  ChunkDecoder,
  ConnectOptions,
  Decoders,
  DirectOptions,
  ReconnectOptions,
} from "./options.js";
export type {
  AbortSignalLike,
  WebSocketClass,
  WebSocketLike,
  WorkerLike,
  WorkerScopeLike,
} from "./platform.js";
export type { LoadedChunk, Mesh, Scene, SceneChunk } from "./scene.js";
export { type ServeOptions, serveWorker } from "./serve-worker.js";
