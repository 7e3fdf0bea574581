/**
 * What lies between a client and its server: frames go in, decoded messages come out, lost connections come back.
 *
 * A link knows neither sessions nor documents. There are two: a `WebSocket` on this thread, and a worker that has one.
 */

import type { ConnectionError, ScadstreamError } from "./errors.js";
import type { Chunk, ServerMessage } from "./messages.js";
import type { ReconnectOptions } from "./options.js";
import type { Mesh } from "./scene.js";

export interface Link {
  /**
   * Sends a frame, in a buffer of its own that the link may take. When `connection` is not the one that there is now,
   * it is dropped: with a worker between, the sender may not know yet that another has taken its place, and in a new
   * session nothing may come before `Hello`.
   */
  send(frame: Uint8Array<ArrayBuffer>, connection: number): void;
  /** Bytes of a received chunk or file are used: the server may send as many more. */
  acknowledge(bytes: number): void;
  /** Ends the link for good; nothing comes out of it any more. */
  close(): void;
}

/** A chunk with its payload decoded. */
export interface ReceivedChunk extends Omit<Chunk, "payload"> {
  readonly mesh: Mesh;
}

export type LinkEvent =
  /** There is a connection, for the first time or again: the session can be opened. Numbered from 1. */
  | { readonly type: "connected"; readonly connection: number }
  | {
      readonly type: "message";
      readonly message: Exclude<ServerMessage, Chunk> | ReceivedChunk;
      /** Credit that the message's frame used. */
      readonly credit: number;
    }
  /** A frame that is not a message. The link has acknowledged it. */
  | { readonly type: "fault"; readonly error: ScadstreamError }
  /** The connection is lost; the link tries again. */
  | {
      readonly type: "lost";
      readonly error: ConnectionError;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** The link is closed for good, not by `close`. */
  | { readonly type: "ended"; readonly error: ScadstreamError };

export interface LinkOptions {
  readonly url: string;
  /** What `Hello.credit` will give the server. */
  readonly creditBytes: number;
  readonly reconnect: Required<ReconnectOptions> | false;
}
