/**
 * What travels: every message of the protocol as a TypeScript type, in the order of its fields on the wire.
 *
 * Lengths are in model units, Z is up, triangles are counter-clockwise seen from outside. Lines and columns count
 * from 1, columns in Unicode code points. Chunk hashes and file digests are lower-case hex.
 */

import type {
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

/** x, y, z. */
export type Vec3 = readonly [x: number, y: number, z: number];
/** Red, green, blue, opacity, each from 0 to 255; sRGB, not premultiplied. */
export type Rgba = readonly [r: number, g: number, b: number, a: number];
/** Content hash of a chunk: 32 hex digits. */
export type ChunkHash = string;
/** SHA-256 of a file: 64 hex digits. */
export type FileDigest = string;

/** A box with sides along the axes. */
export interface Bounds {
  readonly min: Vec3;
  readonly max: Vec3;
}

/** A stretch of a source file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

// Client to server

export interface Hello {
  readonly kind: "hello";
  readonly version: number;
  readonly token: string | undefined;
  readonly codecs: readonly Codec[];
  /** Bytes that the server may have in flight at first. */
  readonly credit: number;
  readonly known: readonly ChunkHash[];
  readonly client: string;
}

export interface Render {
  readonly kind: "render";
  readonly document: number;
  readonly revision: number;
  /** The main file first. */
  readonly files: readonly SourceFile[];
  readonly overrides: readonly Override[];
  readonly detail: Detail;
  readonly camera: Camera | undefined;
}

export interface SourceFile {
  readonly name: string;
  readonly content: FileContent;
}

export type FileContent =
  | { readonly type: "inline"; readonly bytes: Uint8Array }
  | { readonly type: "uploaded"; readonly digest: FileDigest; readonly length: number };

/** A top-level assignment that wins over the main file's, as by OpenSCAD's `-D`. */
export interface Override {
  readonly name: string;
  /** An OpenSCAD expression, such as `12.5` or `"text"`. */
  readonly expression: string;
}

/** Where the viewer stands: what it sees best is solved and sent first. */
export interface Camera {
  readonly eye: Vec3;
  readonly target: Vec3;
  /** Vertical field of view in degrees; 0 is a parallel projection. */
  readonly fovDeg: number;
  readonly heightPx: number;
}

export interface Upload {
  readonly kind: "upload";
  readonly digest: FileDigest;
  readonly offset: number;
  readonly total: number;
  readonly bytes: Uint8Array;
}

export interface Cancel {
  readonly kind: "cancel";
  readonly document: number;
  readonly revision: number;
}

export interface Need {
  readonly kind: "need";
  readonly document: number;
  readonly revision: number;
  readonly scene: number;
  readonly chunks: readonly number[];
}

export interface Credit {
  readonly kind: "credit";
  readonly bytes: number;
}

export interface Export {
  readonly kind: "export";
  readonly document: number;
  readonly revision: number;
  readonly request: number;
  readonly format: ExportFormat;
}

export interface Ping {
  readonly kind: "ping";
  readonly nonce: number;
}

/** The viewer of a document moved. */
export interface View {
  readonly kind: "view";
  readonly document: number;
  readonly camera: Camera;
}

export type ClientMessage = Hello | Render | Upload | Cancel | Need | Credit | Export | Ping | View;

// Server to client

export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly session: string;
  readonly server: string;
  readonly codecs: readonly Codec[];
  readonly limits: ServerLimits;
}

/** What the server allows. */
export interface ServerLimits {
  readonly frameBytes: number;
  readonly documents: number;
  readonly files: number;
  readonly documentBytes: number;
  readonly uploadBytes: number;
  readonly knownChunks: number;
  /** 0: no fixed limit. */
  readonly jobMemoryBytes: number;
  /** 0: no fixed limit. */
  readonly jobTimeMs: number;
}

export interface Queued {
  readonly kind: "queued";
  readonly document: number;
  readonly revision: number;
  /** Jobs ahead. */
  readonly position: number;
}

export interface Forecast {
  readonly kind: "forecast";
  readonly document: number;
  readonly revision: number;
  readonly neededBytes: number;
  readonly limitBytes: number;
}

export interface Progress {
  readonly kind: "progress";
  readonly document: number;
  readonly revision: number;
  readonly stage: Stage;
  /** From 0 to 1, where it is known. */
  readonly fraction: number | undefined;
  readonly place: Place | undefined;
  readonly memoryBytes: number;
}

export interface Diagnostics {
  readonly kind: "diagnostics";
  readonly document: number;
  readonly revision: number;
  readonly list: readonly Diagnostic[];
}

/** One message about the model. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  readonly place: Place | undefined;
  readonly hints: readonly string[];
}

export interface Parameters {
  readonly kind: "parameters";
  readonly document: number;
  readonly revision: number;
  readonly list: readonly Parameter[];
}

/** A top-level assignment that the customizer shows. */
export interface Parameter {
  readonly name: string;
  readonly caption: string;
  readonly group: string;
  readonly initial: ParameterValue;
  readonly widget: Widget;
}

export type ParameterValue = number | boolean | string | readonly number[];

/** The control that edits a parameter; for a vector, one for each of its numbers. */
export type Widget =
  | { readonly type: "spin-box"; readonly step: number | undefined }
  | {
      readonly type: "slider";
      readonly min: number;
      readonly max: number;
      readonly step: number | undefined;
    }
  | { readonly type: "check-box" }
  | { readonly type: "text-box"; readonly maxLength: number | undefined }
  | { readonly type: "drop-down"; readonly choices: readonly Choice[] };

export interface Choice {
  readonly value: ParameterValue;
  readonly label: string;
}

export interface Manifest {
  readonly kind: "manifest";
  readonly document: number;
  readonly revision: number;
  readonly scene: number;
  readonly level: Level;
  readonly firstPart: number;
  readonly parts: readonly Part[];
  readonly firstChunk: number;
  readonly chunks: readonly ChunkEntry[];
  readonly last: boolean;
  readonly triangles: number;
  readonly vertices: number;
  readonly bytes: number;
}

/** What belongs together in the picture: one colour, one role. */
export interface Part {
  readonly kind: PartKind;
  /** `undefined`: the viewer's own colour for this kind. */
  readonly color: Rgba | undefined;
  readonly name: string;
}

/** A chunk as the manifest lists it. */
export interface ChunkEntry {
  readonly hash: ChunkHash;
  /** Index into the scene's parts. */
  readonly part: number;
  /** Colour of these triangles where it is not the part's. */
  readonly color: Rgba | undefined;
  readonly bounds: Bounds;
  readonly vertices: number;
  readonly triangles: number;
  readonly bytes: number;
  readonly codec: Codec;
  /** Whether the server will send it of its own accord. */
  readonly delivery: "push" | "known";
}

export interface Chunk {
  readonly kind: "chunk";
  readonly document: number;
  readonly revision: number;
  readonly scene: number;
  readonly index: number;
  readonly hash: ChunkHash;
  readonly codec: Codec;
  readonly vertexCount: number;
  readonly indexCount: number;
  /** Bytes of an index once decoded. */
  readonly indexWidth: 2 | 4;
  /** A view into the received frame. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface Done {
  readonly kind: "done";
  readonly document: number;
  readonly revision: number;
  readonly level: Level;
  readonly statistics: Statistics;
}

/** Facts of a result and of the work for it. */
export interface Statistics {
  readonly volume: number;
  readonly area: number;
  /** `undefined` when the result is empty. */
  readonly bounds: Bounds | undefined;
  readonly genus: number | undefined;
  readonly triangles: number;
  readonly vertices: number;
  readonly times: readonly { readonly stage: Stage; readonly seconds: number }[];
  readonly peakMemoryBytes: number;
  readonly bytesSent: number;
  readonly messagesSuppressed: number;
  /** Cells of space that the model was solved by; 0 when it was solved as a whole. */
  readonly cells: number;
  /** Of those, cells that were known from before. */
  readonly cellsCached: number;
}

export interface Failed {
  readonly kind: "failed";
  readonly subject: Subject;
  readonly code: FailureCode;
  readonly message: string;
  readonly place: Place | undefined;
  readonly details: readonly { readonly key: string; readonly value: string }[];
}

export type Subject =
  | { readonly type: "session" }
  | { readonly type: "render"; readonly document: number; readonly revision: number }
  | { readonly type: "export"; readonly request: number }
  | { readonly type: "upload"; readonly digest: FileDigest }
  | {
      readonly type: "need";
      readonly document: number;
      readonly revision: number;
      readonly scene: number;
    };

export interface Pressure {
  readonly kind: "pressure";
  readonly level: PressureLevel;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface File {
  readonly kind: "file";
  readonly request: number;
  readonly name: string;
  readonly offset: number;
  readonly last: boolean;
  /** A view into the received frame. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Pong {
  readonly kind: "pong";
  readonly nonce: number;
}

export interface Wanted {
  readonly kind: "wanted";
  readonly document: number;
  readonly revision: number;
  readonly digests: readonly FileDigest[];
}

export type ServerMessage =
  | Welcome
  | Queued
  | Forecast
  | Progress
  | Diagnostics
  | Parameters
  | Manifest
  | Chunk
  | Done
  | Failed
  | Pressure
  | File
  | Pong
  | Wanted;
