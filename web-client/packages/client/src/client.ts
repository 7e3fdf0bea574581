/** The client's face: what `connect` returns. */

import type { ClientEvent, EventOf } from "./events.js";
import type { Camera, Diagnostic, Override, Statistics, Welcome } from "./messages.js";
import type { Detail, ExportFormat } from "./numbers.js";
import type { AbortSignalLike } from "./platform.js";
import type { Scene } from "./scene.js";

/** What to render. */
export interface RenderRequest {
  /** The application's number for the document; 0 when it has only one. */
  readonly document?: number;
  /**
   * The files that the model may see, the main file first; a string is written as UTF-8. An array must not be changed
   * later: it is known by its identity.
   */
  readonly files: readonly { readonly name: string; readonly content: string | Uint8Array }[];
  readonly overrides?: readonly Override[];
  /** `"both"` when left out. */
  readonly detail?: Detail;
  readonly camera?: Camera;
  /** Cancels the revision. */
  readonly signal?: AbortSignalLike;
}

/** A revision on its way. */
export interface Rendering {
  readonly document: number;
  readonly revision: number;
  /**
   * Resolves when the revision is complete. Rejects with `RenderError` when it failed, was cancelled or superseded,
   * and with `ClosedError` when the client is closed.
   */
  result(): Promise<RenderResult>;
  /** Gives the revision up. */
  cancel(): void;
}

export interface RenderResult {
  readonly scene: Scene;
  readonly statistics: Statistics;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A session with a server, kept up across lost connections. */
export interface Client {
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  /** What the server said when the session opened. */
  readonly welcome: Welcome | undefined;

  /** Calls `listener` with every event of this type; the function returned ends that. */
  on<Type extends ClientEvent["type"]>(
    type: Type,
    listener: (event: EventOf<Type>) => void,
  ): () => void;
  /** Calls `listener` with every event. */
  onAny(listener: (event: ClientEvent) => void): () => void;

  /** Renders a document. Every older revision of it is superseded. */
  render(request: RenderRequest): Rendering;
  /**
   * Tells where the viewer of a document stands now: what of its newest revision is not solved yet comes in that order.
   * A few times a second while it moves are enough. Without a connection or a revision at work nothing happens.
   */
  look(camera: Camera, document?: number): void;
  /** The newest complete scene of a document. */
  scene(document?: number): Scene | undefined;
  /** A file made from the newest revision of a document. Rejects with `ExportError`. */
  export(
    format: ExportFormat,
    options?: { readonly document?: number; readonly signal?: AbortSignalLike },
  ): Promise<ExportedFile>;
  /** Round trip to the server, in milliseconds. */
  ping(): Promise<number>;
  /** With `acknowledge: "manual"`: the application has used a chunk, and the server may send as many bytes more. */
  acknowledge(bytes: number): void;
  /** Ends the session for good. */
  close(): void;
}
