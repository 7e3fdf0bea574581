/** Options of a client, and what holds when one is left out. */

import type { Codec } from "./numbers.js";
import type { AbortSignalLike, WebSocketClass } from "./platform.js";
import type { Mesh } from "./scene.js";

export interface ConnectOptions {
  /** Access token, if the server asks for one. */
  readonly token?: string;
  /** Name and version of the application, for the server's logs. */
  readonly name?: string;
  /**
   * Bytes of chunks and files that the server may have in flight; from 2 MiB to 1 GiB. It bounds what a slow
   * application makes anybody keep.
   */
  readonly creditBytes?: number;
  /**
   * When the server may send more: `"automatic"`, as soon as the event listeners have returned, or `"manual"`, when
   * the application calls `acknowledge` (after the upload to the graphics card, for example).
   */
  readonly acknowledge?: "automatic" | "manual";
  /** Bytes of meshes kept beyond those of the scenes in use, so that an undo costs nothing. */
  readonly storeBytes?: number;
  /** Keeps chunks beyond the life of the client, so that a page that is loaded again gets what it had. */
  readonly archive?: ChunkArchive;
  /** How to come back after a lost connection; `false`: do not. */
  readonly reconnect?: ReconnectOptions | false;
  /** Closes the client. */
  readonly signal?: AbortSignalLike;
}

/** Options for a client whose socket is on this thread. */
export interface DirectOptions extends ConnectOptions {
  /** The class to use where there is no global `WebSocket`, as in Node 20. */
  readonly webSocket?: WebSocketClass;
  /** Decoders for codecs other than `raw`. */
  readonly decoders?: Decoders;
}

/** Where chunks are kept while no client lives, as in IndexedDB. One archive serves one server. */
export interface ChunkArchive {
  /** The chunks kept; the first session waits for it. A rejection counts as nothing kept. */
  load(): Promise<readonly Mesh[]>;
  /** The chunks of the newest complete scene, which may be kept in place of earlier ones. Called after each render. */
  save(meshes: readonly Mesh[]): void;
}

/** How long to wait before trying again: `firstDelayMs · 2ⁿ`, at most `maxDelayMs`, of which a random half is left out. */
export interface ReconnectOptions {
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Tries in a row before giving up. */
  readonly maxAttempts?: number;
}

/** Turns a payload into arrays; throws when it cannot. */
export type ChunkDecoder = (
  payload: Uint8Array,
  counts: { readonly vertices: number; readonly indices: number; readonly indexWidth: 2 | 4 },
) => {
  readonly positions: Float32Array<ArrayBuffer>;
  readonly indices: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
};

export type Decoders = Partial<Record<Exclude<Codec, "raw">, ChunkDecoder>>;

export const CONNECT_DEFAULTS = {
  name: "@scadstream/client",
  creditBytes: 8 << 20,
  acknowledge: "automatic",
  storeBytes: 256 << 20,
} as const satisfies ConnectOptions;

export const RECONNECT_DEFAULTS = {
  firstDelayMs: 250,
  maxDelayMs: 15_000,
  maxAttempts: Number.POSITIVE_INFINITY,
} as const satisfies ReconnectOptions;
