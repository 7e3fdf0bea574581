/** What the golden frames say; the same values as in the Rust tests. */

import type { Camera, ClientMessage, Place, ServerMessage } from "../../src/index.js";

const HASH_1 = "101112131415161718191a1b1c1d1e1f";
const HASH_2 = "202122232425262728292a2b2c2d2e2f";
const DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const REVISION = { document: 1, revision: 7 };
const PLACE: Place = { file: "main.scad", line: 3, column: 5, endLine: 3, endColumn: 12 };
const CAMERA: Camera = {
  eye: [10, -20, 15.5],
  target: [0, 0, 1],
  fovDeg: 22.5,
  heightPx: 1080,
};
const utf8 = (text: string) => new TextEncoder().encode(text);

export const CLIENT_MESSAGES: Record<string, ClientMessage> = {
  hello: {
    kind: "hello",
    version: 1,
    token: "secret",
    codecs: ["meshopt", "raw"],
    credit: 8 << 20,
    known: [HASH_1, HASH_2],
    client: "golden/1",
  },
  render: {
    kind: "render",
    ...REVISION,
    files: [
      { name: "main.scad", content: { type: "inline", bytes: utf8("cube(size);\n") } },
      { name: "parts/gear.stl", content: { type: "uploaded", digest: DIGEST, length: 3_000_000 } },
    ],
    overrides: [{ name: "size", expression: "[1, 2.5, 3]" }],
    detail: "both",
    camera: CAMERA,
  },
  upload: {
    kind: "upload",
    digest: DIGEST,
    offset: 1_000_000,
    total: 3_000_000,
    bytes: utf8("solid gear"),
  },
  cancel: { kind: "cancel", ...REVISION },
  need: { kind: "need", ...REVISION, scene: 1, chunks: [0, 2, 300] },
  credit: { kind: "credit", bytes: 65_536 },
  export: { kind: "export", ...REVISION, request: 3, format: "3mf" },
  ping: { kind: "ping", nonce: 0xdeadbeef },
  view: { kind: "view", document: 1, camera: CAMERA },
};

const ENTRY = {
  bounds: { min: [0, 0, 0], max: [1, 1, 0] },
  vertices: 4,
  triangles: 2,
  bytes: 60,
  codec: "raw",
} as const;

const CHUNK = {
  kind: "chunk",
  ...REVISION,
  scene: 1,
  index: 0,
  hash: HASH_1,
  codec: "raw",
  vertexCount: 4,
  indexCount: 6,
} as const;
const POSITIONS = Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0);

/** Built with typed arrays, which are little-endian on every machine that runs these tests. */
function payload(indices: Uint16Array | Uint32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...new Uint8Array(POSITIONS.buffer),
    ...new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength),
  ]);
}

export const SERVER_MESSAGES: Record<string, ServerMessage> = {
  welcome: {
    kind: "welcome",
    version: 1,
    session: "s-42",
    server: "scadstream/0.1.0",
    codecs: ["raw"],
    limits: {
      frameBytes: 1 << 20,
      documents: 8,
      files: 256,
      documentBytes: 64 << 20,
      uploadBytes: 128 << 20,
      knownChunks: 16_384,
      jobMemoryBytes: 6 * 2 ** 30,
      jobTimeMs: 120_000,
    },
  },
  queued: { kind: "queued", ...REVISION, position: 2 },
  progress: {
    kind: "progress",
    ...REVISION,
    stage: "solve",
    fraction: 0.25,
    place: PLACE,
    memoryBytes: 5_000_000_000,
  },
  diagnostics: {
    kind: "diagnostics",
    ...REVISION,
    list: [
      {
        severity: "warning",
        message: "Ignoring unknown module 'cubee'",
        place: PLACE,
        hints: ["did you mean 'cube'?"],
      },
      { severity: "echo", message: '"größe ⌀ 🙂"', place: undefined, hints: [] },
    ],
  },
  parameters: {
    kind: "parameters",
    ...REVISION,
    list: [
      parameter("count", 4, { type: "slider", min: 1, max: 10, step: 1 }),
      parameter("hollow", true, { type: "check-box" }),
      parameter("label", "hé", { type: "text-box", maxLength: 8 }),
      parameter("size", [1, 2, 3.5], { type: "spin-box", step: undefined }),
      parameter("style", "round", {
        type: "drop-down",
        choices: [
          { value: "round", label: "round" },
          { value: "square", label: "square" },
        ],
      }),
    ],
  },
  manifest: {
    kind: "manifest",
    ...REVISION,
    scene: 1,
    level: "exact",
    firstPart: 0,
    parts: [
      { kind: "solid", color: undefined, name: "body" },
      { kind: "background", color: [255, 128, 0, 64], name: "" },
    ],
    firstChunk: 0,
    chunks: [
      { hash: HASH_1, part: 0, color: undefined, ...ENTRY, delivery: "push" },
      { hash: HASH_2, part: 1, color: [1, 2, 3, 4], ...ENTRY, delivery: "known" },
    ],
    last: true,
    triangles: 4,
    vertices: 8,
    bytes: 120,
  },
  chunk: { ...CHUNK, indexWidth: 2, payload: payload(Uint16Array.of(0, 1, 2, 0, 2, 3)) },
  "chunk-u32": { ...CHUNK, indexWidth: 4, payload: payload(Uint32Array.of(0, 1, 2, 0, 2, 3)) },
  done: {
    kind: "done",
    ...REVISION,
    level: "exact",
    statistics: {
      volume: 1000.5,
      area: 600.25,
      bounds: { min: [0, 0, -0.5], max: [10, 10, 10] },
      genus: -1,
      triangles: 2_000_000,
      vertices: 1_000_002,
      times: [
        { stage: "parse", seconds: 0.001 },
        { stage: "solve", seconds: 1.5 },
      ],
      peakMemoryBytes: 433_000_000,
      bytesSent: 36_000_000,
      messagesSuppressed: 12,
      cells: 111,
      cellsCached: 110,
    },
  },
  failed: {
    kind: "failed",
    subject: { type: "render", ...REVISION },
    code: "memory-limit",
    message: "minkowski() needs more memory than allowed",
    place: PLACE,
    details: [
      { key: "needed_bytes", value: "3100000000" },
      { key: "limit_bytes", value: "2000000000" },
    ],
  },
  "failed-session": {
    kind: "failed",
    subject: { type: "session" },
    code: "unknown-4000",
    message: "a code of a later server",
    place: undefined,
    details: [],
  },
  pressure: {
    kind: "pressure",
    level: "high",
    usedBytes: 6_000_000_000,
    limitBytes: 8_000_000_000,
  },
  forecast: {
    kind: "forecast",
    document: 1,
    revision: 7,
    neededBytes: 3_100_000_000,
    limitBytes: 2_000_000_000,
  },
  file: {
    kind: "file",
    request: 3,
    name: "main.3mf",
    offset: 1_000_000,
    last: true,
    bytes: utf8("PK\x03\x04 the end"),
  },
  pong: { kind: "pong", nonce: 0xdeadbeef },
  wanted: { kind: "wanted", ...REVISION, digests: [DIGEST] },
};

function parameter(
  name: string,
  initial: number | boolean | string | readonly number[],
  widget: import("../../src/index.js").Widget,
) {
  return { name, caption: `the ${name}`, group: "Size", initial, widget };
}
