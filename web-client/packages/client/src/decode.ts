/** Frames from a server to messages (SPEC.md, section 5). */

import { DecodeError } from "./errors.js";
import { CLIENT_KINDS, checkFrame, readFrame, SERVER_KINDS } from "./frame.js";
import * as limits from "./limits.js";
import type * as m from "./messages.js";
import * as numbers from "./numbers.js";
import { Reader } from "./reader.js";

/** Reads the header of one kind; `payload` lies behind it. */
type Decode = (r: Reader, payload: Uint8Array<ArrayBuffer>) => m.ServerMessage;

/**
 * The message in a frame, or `undefined` when a later version's server sent a kind that this version does not know.
 *
 * Bytes of chunks and files are views into `bytes`. Throws `DecodeError`.
 */
export function decodeServerMessage(bytes: Uint8Array<ArrayBuffer>): m.ServerMessage | undefined {
  const frame = readFrame(bytes);
  const name = NAMES.get(frame.kind);
  if (name === undefined) {
    if (!FROM_CLIENT.has(frame.kind)) return undefined;
    throw new DecodeError("direction", "a client's message came from the server");
  }
  checkFrame(frame, name);
  const reader = new Reader(name, frame.header);
  const message = DECODERS[name](reader, frame.payload);
  reader.end();
  return message;
}

type Name = keyof typeof SERVER_KINDS;

const NAMES: ReadonlyMap<number, Name> = new Map(
  (Object.keys(SERVER_KINDS) as Name[]).map((name) => [SERVER_KINDS[name], name]),
);

const FROM_CLIENT: ReadonlySet<number> = new Set(Object.values(CLIENT_KINDS));

const DECODERS: Record<Name, Decode> = {
  welcome: (r): m.Welcome => ({
    kind: "welcome",
    version: r.u32(),
    session: r.name(),
    server: r.name(),
    codecs: r.list(limits.MAX_CODECS, () => r.open(numbers.CODECS)),
    limits: {
      frameBytes: r.u32(),
      documents: r.u32(),
      files: r.u32(),
      documentBytes: r.u64(),
      uploadBytes: r.u64(),
      knownChunks: r.u32(),
      jobMemoryBytes: r.u64(),
      jobTimeMs: r.u32(),
    },
  }),

  queued: (r): m.Queued => ({ kind: "queued", ...revision(r), position: r.u32() }),

  progress: (r): m.Progress => ({
    kind: "progress",
    ...revision(r),
    stage: r.open(numbers.STAGES),
    fraction: r.option(() => r.f32()),
    place: r.option(() => r.place()),
    memoryBytes: r.u64(),
  }),

  diagnostics: (r): m.Diagnostics => ({
    kind: "diagnostics",
    ...revision(r),
    list: r.list(limits.MAX_DIAGNOSTICS, () => ({
      severity: r.open(numbers.SEVERITIES),
      message: r.text(),
      place: r.option(() => r.place()),
      hints: r.list(limits.MAX_HINTS, () => r.text()),
    })),
  }),

  parameters: (r): m.Parameters => ({
    kind: "parameters",
    ...revision(r),
    list: r.list(limits.MAX_PARAMETERS, () => ({
      name: r.name(),
      caption: r.text(),
      group: r.name(),
      initial: parameterValue(r),
      widget: widget(r),
    })),
  }),

  manifest: (r): m.Manifest => ({
    kind: "manifest",
    ...revision(r),
    scene: r.u32(),
    level: r.open(numbers.LEVELS),
    firstPart: r.u32(),
    parts: r.list(limits.MAX_PARTS, () => ({
      kind: r.open(numbers.PART_KINDS),
      color: r.option(() => r.rgba()),
      name: r.name(),
    })),
    firstChunk: atMost(r, "first_chunk", r.u32(), limits.MAX_SCENE_CHUNKS),
    chunks: r.list(limits.MAX_MANIFEST_CHUNKS, () => chunkEntry(r)),
    last: r.bool(),
    triangles: r.u64(),
    vertices: r.u64(),
    bytes: r.u64(),
  }),

  chunk: (r, payload): m.Chunk => {
    const chunk: m.Chunk = {
      kind: "chunk",
      ...revision(r),
      scene: r.u32(),
      index: atMost(r, "index", r.u32(), limits.MAX_SCENE_CHUNKS - 1),
      hash: r.hex(16),
      codec: r.open(numbers.CODECS),
      vertexCount: atMost(r, "vertex_count", r.u32(), limits.MAX_CHUNK_VERTICES),
      indexCount: atMost(r, "index_count", r.u32(), limits.MAX_CHUNK_TRIANGLES * 3),
      indexWidth: indexWidth(r),
      payload,
    };
    r.require(chunk, chunk.indexCount % 3 === 0, "index_count is not a multiple of three");
    const rawBytes = chunk.vertexCount * 12 + chunk.indexCount * chunk.indexWidth;
    const fits = chunk.codec !== "raw" || payload.byteLength === rawBytes;
    return r.require(chunk, fits, "the payload has not the length that the counts say");
  },

  done: (r): m.Done => ({
    kind: "done",
    ...revision(r),
    level: r.open(numbers.LEVELS),
    statistics: {
      volume: r.f64(),
      area: r.f64(),
      bounds: r.option(() => ({ min: r.vec3f64(), max: r.vec3f64() })),
      genus: r.option(() => r.i32()),
      triangles: r.u64(),
      vertices: r.u64(),
      times: r.list(limits.MAX_STAGE_TIMES, () => ({
        stage: r.open(numbers.STAGES),
        seconds: r.f64(),
      })),
      peakMemoryBytes: r.u64(),
      bytesSent: r.u64(),
      messagesSuppressed: r.u32(),
      cells: r.u32(),
      cellsCached: r.u32(),
    },
  }),

  failed: (r): m.Failed => ({
    kind: "failed",
    subject: subject(r),
    code: r.open(numbers.FAILURE_CODES),
    message: r.text(),
    place: r.option(() => r.place()),
    details: r.list(limits.MAX_DETAILS, () => ({ key: r.name(), value: r.text() })),
  }),

  forecast: (r): m.Forecast => ({
    kind: "forecast",
    ...revision(r),
    neededBytes: r.u64(),
    limitBytes: r.u64(),
  }),

  pressure: (r): m.Pressure => ({
    kind: "pressure",
    level: r.open(numbers.PRESSURE_LEVELS),
    usedBytes: r.u64(),
    limitBytes: r.u64(),
  }),

  file: (r, payload): m.File => ({
    kind: "file",
    request: r.u32(),
    name: r.name(),
    offset: r.u64(),
    last: r.bool(),
    bytes: payload,
  }),

  pong: (r): m.Pong => ({ kind: "pong", nonce: r.u32() }),

  wanted: (r): m.Wanted => ({
    kind: "wanted",
    ...revision(r),
    digests: r.list(limits.MAX_FILES, () => r.hex(32)),
  }),
};

function revision(r: Reader): { readonly document: number; readonly revision: number } {
  return { document: r.u32(), revision: r.u32() };
}

function chunkEntry(r: Reader): m.ChunkEntry {
  return {
    hash: r.hex(16),
    part: r.u32(),
    color: r.option(() => r.rgba()),
    bounds: { min: r.vec3f32(), max: r.vec3f32() },
    vertices: atMost(r, "vertices", r.u32(), limits.MAX_CHUNK_VERTICES),
    triangles: atMost(r, "triangles", r.u32(), limits.MAX_CHUNK_TRIANGLES),
    bytes: atMost(r, "bytes", r.u32(), limits.MAX_FRAME_BYTES),
    codec: r.open(numbers.CODECS),
    delivery: r.variant([() => "push" as const, () => "known" as const]),
  };
}

function parameterValue(r: Reader): m.ParameterValue {
  return r.variant<m.ParameterValue>([
    () => r.f64(),
    () => r.bool(),
    () => r.text(),
    () => r.list(limits.MAX_VECTOR, () => r.f64()),
  ]);
}

function widget(r: Reader): m.Widget {
  const step = () => r.option(() => r.f64());
  return r.variant<m.Widget>([
    () => ({ type: "spin-box", step: step() }),
    () => ({ type: "slider", min: r.f64(), max: r.f64(), step: step() }),
    () => ({ type: "check-box" }),
    () => ({ type: "text-box", maxLength: r.option(() => r.u32()) }),
    () => ({
      type: "drop-down",
      choices: r.list(limits.MAX_CHOICES, () => ({ value: parameterValue(r), label: r.text() })),
    }),
  ]);
}

function subject(r: Reader): m.Subject {
  return r.variant<m.Subject>([
    () => ({ type: "session" }),
    () => ({ type: "render", ...revision(r) }),
    () => ({ type: "export", request: r.u32() }),
    () => ({ type: "upload", digest: r.hex(32) }),
    () => ({ type: "need", ...revision(r), scene: r.u32() }),
  ]);
}

function indexWidth(r: Reader): 2 | 4 {
  const width = r.u32();
  if (width === 2 || width === 4) return width;
  return r.require(2, false, `${width} is not a variant`);
}

function atMost(r: Reader, field: string, value: number, limit: number): number {
  return r.require(value, value <= limit, `${field} is ${value}; the limit is ${limit}`);
}
