/** What a client tells its application: one discriminated union, by `type`. */

import type { ConnectionError, ScadstreamError, ServerError } from "./errors.js";
import type {
  Diagnostics,
  Done,
  Forecast,
  Parameters,
  Pressure,
  Progress,
  Queued,
  Welcome,
} from "./messages.js";
import type { LoadedChunk, Scene } from "./scene.js";

export type ClientEvent =
  /** The session is open, for the first time or again. */
  | { readonly type: "open"; readonly welcome: Welcome }
  /** The connection is lost; the client tries again after `delayMs`. */
  | {
      readonly type: "reconnecting";
      readonly error: ConnectionError;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** The client is closed for good; `error` is `undefined` after `close()`. */
  | { readonly type: "closed"; readonly error: ScadstreamError | undefined }
  | ({ readonly type: "queued" } & Body<Queued>)
  /** The revision needs more memory than it may have: its picture may stay one of reduced detail. */
  | ({ readonly type: "forecast" } & Body<Forecast>)
  | ({ readonly type: "progress" } & Body<Progress>)
  /** Further messages about the revision. */
  | ({ readonly type: "diagnostics" } & Body<Diagnostics>)
  | ({ readonly type: "parameters" } & Body<Parameters>)
  /** The first piece of a scene's manifest is there. The scene before it stays valid until `scene-complete`. */
  | { readonly type: "scene-start"; readonly scene: Scene }
  /** Further parts and chunks of the scene are announced. */
  | { readonly type: "scene-extended"; readonly scene: Scene }
  /**
   * A chunk of the scene being assembled is there, received now or kept from before. `credit` is what to
   * `acknowledge` once it is used; 0 for a chunk that cost none.
   */
  | {
      readonly type: "chunk";
      readonly scene: Scene;
      readonly chunk: LoadedChunk;
      readonly credit: number;
    }
  /** All chunks are there: the scene replaces the one before. */
  | { readonly type: "scene-complete"; readonly scene: Scene }
  /** The revision is complete. */
  | ({ readonly type: "done" } & Body<Done>)
  /** The revision failed; the last complete scene stays valid. */
  | {
      readonly type: "failed";
      readonly document: number;
      readonly revision: number;
      readonly error: ServerError;
    }
  | ({ readonly type: "pressure" } & Body<Pressure>)
  /** Something is wrong that belongs to no document: a faulty frame, a complaint of the server. */
  | { readonly type: "error"; readonly error: ScadstreamError };

type Body<Message> = Omit<Message, "kind">;

/** The event with this `type`. */
export type EventOf<Type extends ClientEvent["type"]> = Extract<ClientEvent, { type: Type }>;
