/** One document: its newest revision, what is known of it, and its scenes. */

import type { RenderRequest, RenderResult } from "./client.js";
import { EncodeError } from "./errors.js";
import { MAX_UPLOAD_BYTES } from "./limits.js";
import type { Diagnostic, FileDigest, Render, SourceFile, Statistics, Upload } from "./messages.js";
import { Outcome } from "./outcome.js";
import { platform } from "./platform.js";
import type { Scene } from "./scene.js";
import type { SceneBuilder } from "./scene-builder.js";
import { sha256 } from "./sha256.js";

/** Bytes of files that go into a `Render` itself: half a frame, so that there is room for names and overrides. */
const MAX_INLINE_BYTES = 512 << 10;
/** Bytes of a piece of an upload: a frame without prelude and header. */
const UPLOAD_PIECE_BYTES = (1 << 20) - 64;
/** Times that the server may want files for one revision before it is taken for confused. */
const MAX_WANTED_ROUNDS = 3;

/** A revision that the application asked for. */
export class Revision {
  readonly outcome = new Outcome<RenderResult>();
  diagnostics: Diagnostic[] = [];
  /** What `Done` said, once it is there. */
  statistics: Statistics | undefined;
  /** The scene being put together, or the last one. */
  scene: SceneBuilder | undefined;
  /** Whether `Done` or `Failed` came, or the application gave it up: no more news of it is heard. */
  ended = false;
  /** Whether the application gave it up: a new connection does not ask for it again. */
  cancelled = false;
  #wantedRounds = 0;

  constructor(
    /** The message that asks for it. */
    public render: Render,
    private readonly uploads: ReadonlyMap<FileDigest, Uint8Array>,
  ) {}

  /** Forgets what came of it: it is asked for again. */
  restart(): void {
    this.diagnostics = [];
    this.statistics = undefined;
    this.scene = undefined;
    this.ended = false;
    this.#wantedRounds = 0;
  }

  /** The files that the server wants, in pieces; `undefined` when it has asked too often. */
  wanted(digests: readonly FileDigest[]): Upload[] | undefined {
    this.#wantedRounds += 1;
    if (this.#wantedRounds > MAX_WANTED_ROUNDS) return undefined;
    return digests.flatMap((digest) => {
      const bytes = this.uploads.get(digest);
      return bytes === undefined ? [] : uploadPieces(digest, bytes);
    });
  }
}

/** A document and its newest revision. */
export class Document {
  newest: Revision | undefined;
  /** The newest scene of which everything is there. */
  complete: Scene | undefined;
  /** Number of the newest revision. */
  #number = 0;

  constructor(readonly number: number) {}

  /** A revision for a request, not the newest yet. Throws `EncodeError` when a file is too large. */
  prepare(request: RenderRequest): Revision {
    const { files, uploads } = divideFiles(request.files);
    this.#number += 1;
    const render: Render = {
      kind: "render",
      document: this.number,
      revision: this.#number,
      files,
      overrides: request.overrides ?? [],
      detail: request.detail ?? "both",
      camera: request.camera,
    };
    return new Revision(render, uploads);
  }

  /** Gives a revision a new number, so that the server makes it afresh. */
  renew(revision: Revision): void {
    this.#number += 1;
    revision.render = { ...revision.render, revision: this.#number };
    revision.restart();
  }
}

/** Decides which files go into the message and which are uploaded: the largest, until the rest fits. */
function divideFiles(given: RenderRequest["files"]): {
  files: SourceFile[];
  uploads: Map<FileDigest, Uint8Array>;
} {
  const encoder = new platform.TextEncoder();
  const files = given.map(({ name, content }) => ({
    name,
    bytes: typeof content === "string" ? encoder.encode(content) : content,
  }));
  let inlineBytes = files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
  const apart = new Set<object>();
  const largestFirst = [...files].sort((a, b) => b.bytes.byteLength - a.bytes.byteLength);
  for (const file of largestFirst) {
    if (inlineBytes <= MAX_INLINE_BYTES) break;
    const { name, bytes } = file;
    if (bytes.byteLength > MAX_UPLOAD_BYTES) {
      throw new EncodeError(
        "Upload.total",
        `${name} has ${bytes.byteLength} bytes; the limit is ${MAX_UPLOAD_BYTES}`,
      );
    }
    apart.add(file);
    inlineBytes -= bytes.byteLength;
  }
  const uploads = new Map<FileDigest, Uint8Array>();
  return {
    files: files.map((file) => {
      const { name, bytes } = file;
      if (!apart.has(file)) return { name, content: { type: "inline", bytes } };
      const digest = digestOf(bytes);
      uploads.set(digest, bytes);
      return { name, content: { type: "uploaded", digest, length: bytes.byteLength } };
    }),
    uploads,
  };
}

/** Digests of arrays that the application gave: it mostly gives the same again at the next key. */
const DIGESTS = new WeakMap<Uint8Array, FileDigest>();

function digestOf(bytes: Uint8Array): FileDigest {
  const digest = DIGESTS.get(bytes) ?? sha256(bytes);
  DIGESTS.set(bytes, digest);
  return digest;
}

function uploadPieces(digest: FileDigest, bytes: Uint8Array): Upload[] {
  const total = bytes.byteLength;
  // An empty file is one empty piece.
  const pieces = Math.max(1, Math.ceil(total / UPLOAD_PIECE_BYTES));
  return Array.from({ length: pieces }, (_, i) => {
    const offset = i * UPLOAD_PIECE_BYTES;
    const piece = bytes.subarray(offset, offset + UPLOAD_PIECE_BYTES);
    return { kind: "upload", digest, offset, total, bytes: piece };
  });
}
