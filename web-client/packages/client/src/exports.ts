/** Exported files on their way. */

import type { ExportedFile } from "./client.js";
import { DecodeError } from "./errors.js";
import type { File } from "./messages.js";
import { Outcome } from "./outcome.js";

/** A file that comes in pieces. */
export class PendingFile {
  readonly outcome = new Outcome<ExportedFile>();
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Takes the next piece; with the last one, or one out of order, the outcome is settled. */
  add(piece: File): void {
    if (piece.offset !== this.#length) {
      this.outcome.reject(new DecodeError("field", "File.offset: a piece is missing before this"));
      return;
    }
    this.#pieces.push(piece.bytes);
    this.#length += piece.bytes.byteLength;
    if (!piece.last) return;
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#pieces) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    this.outcome.resolve({ name: piece.name, bytes });
  }
}
