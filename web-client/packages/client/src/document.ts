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
/** Files beside the main one are uploaded from this size on: most are the same at the next key. */
const MIN_UPLOAD_BYTES = 64 << 10;
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
    private readonly files: ReadonlyMap<FileDigest, Uint8Array>,
  ) {}

  /** Forgets what came of it: it is asked for again. */
  restart(): void {
    this.diagnostics = [];
    this.statistics = undefined;
    this.scene = undefined;
    this.ended = false;
    this.#wantedRounds = 0;
  }

  /** The files that it names by digest but for those in `uploaded`, to which they are added; in pieces. */
  uploads(uploaded: Set<FileDigest>): Upload[] {
    const added = [...this.files.keys()].filter((digest) => !uploaded.has(digest));
    for (const digest of added) uploaded.add(digest);
    return this.#pieces(added);
  }

  /** The files that the server wants, in pieces; `undefined` when it has asked too often. */
  wanted(digests: readonly FileDigest[]): Upload[] | undefined {
    this.#wantedRounds += 1;
    return this.#wantedRounds > MAX_WANTED_ROUNDS ? undefined : this.#pieces(digests);
  }

  #pieces(digests: readonly FileDigest[]): Upload[] {
    return digests.flatMap((digest) => {
      const bytes = this.files.get(digest);
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
  /** Files that the newest request gave as text, by name: what is the same is neither encoded nor hashed again. */
  #texts = new Map<string, { readonly text: string; readonly bytes: Uint8Array }>();

  constructor(readonly number: number) {}

  /** A revision for a request, not the newest yet. Throws `EncodeError` when a file is too large. */
  prepare(request: RenderRequest): Revision {
    const { files, uploads } = divideFiles(this.#encoded(request.files));
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

  #encoded(given: RenderRequest["files"]): EncodedFile[] {
    const encoder = new platform.TextEncoder();
    const before = this.#texts;
    this.#texts = new Map();
    return given.map(({ name, content }) => {
      if (typeof content !== "string") return { name, bytes: content };
      const known = before.get(name);
      const file =
        known?.text === content ? known : { text: content, bytes: encoder.encode(content) };
      this.#texts.set(name, file);
      return { name, bytes: file.bytes };
    });
  }

  /** Gives a revision a new number, so that the server makes it afresh. */
  renew(revision: Revision): void {
    this.#number += 1;
    revision.render = { ...revision.render, revision: this.#number };
    revision.restart();
  }
}

interface EncodedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Decides which files go into the message and which are uploaded: those beside the main file that are not small, then the
 * largest, until the rest fits.
 */
function divideFiles(given: readonly EncodedFile[]): {
  files: SourceFile[];
  uploads: Map<FileDigest, Uint8Array>;
} {
  const isLarge = ({ bytes }: EncodedFile) => bytes.byteLength >= MIN_UPLOAD_BYTES;
  const apart = new Set(given.slice(1).filter(isLarge));
  const rest = given.filter((file) => !apart.has(file));
  let inlineBytes = rest.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  for (const file of rest.sort((a, b) => b.bytes.byteLength - a.bytes.byteLength)) {
    if (inlineBytes <= MAX_INLINE_BYTES) break;
    apart.add(file);
    inlineBytes -= file.bytes.byteLength;
  }
  const uploads = new Map<FileDigest, Uint8Array>();
  const files = given.map((file): SourceFile => {
    const { name, bytes } = file;
    if (!apart.has(file)) return { name, content: { type: "inline", bytes } };
    if (bytes.byteLength > MAX_UPLOAD_BYTES) {
      throw new EncodeError(
        "Upload.total",
        `${name} has ${bytes.byteLength} bytes; the limit is ${MAX_UPLOAD_BYTES}`,
      );
    }
    const digest = digestOf(bytes);
    uploads.set(digest, bytes);
    return { name, content: { type: "uploaded", digest, length: bytes.byteLength } };
  });
  return { files, uploads };
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
