/** Frames that a server would send. Only what the tests need; golden frames stand for the rest. */

import { payloadOffset, SERVER_KINDS, writePrelude } from "../../src/frame.js";
import type { FailureCode } from "../../src/index.js";
import { FAILURE_CODES, numberOf } from "../../src/numbers.js";
import { Writer } from "../../src/writer.js";

type Kind = keyof typeof SERVER_KINDS;

export function serverFrame(
  kind: Kind,
  header: (w: Writer) => void,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  header(writer);
  const bytes = writer.finish();
  const start = payloadOffset(bytes.byteLength);
  const frame = new Uint8Array(start + payload.byteLength);
  const view = new DataView(frame.buffer);
  writePrelude(view, SERVER_KINDS[kind], bytes.byteLength, payload.byteLength);
  frame.set(bytes, 16);
  frame.set(payload, start);
  return frame;
}

/** Several `u32` fields. */
const u32s = (w: Writer, ...values: number[]) => {
  for (const value of values) w.u32("", value);
};
const text = (w: Writer, value: string) => w.text("", value, 1 << 16);
const u64 = (w: Writer, value: number) => w.u64("", value, Number.MAX_SAFE_INTEGER);

export const welcome = () =>
  serverFrame("welcome", (w) => {
    u32s(w, 1);
    text(w, "s-1");
    text(w, "test server");
    u64(w, 0);
    u32s(w, 1 << 20, 8, 256);
    u64(w, 1 << 26);
    u64(w, 1 << 26);
    u32s(w, 1000);
    u64(w, 0);
    u32s(w, 0);
  });

export const pong = (nonce: number) => serverFrame("pong", (w) => u32s(w, nonce));

/** A chunk of a test scene: a triangle whose hash and size come from one number. */
export interface TestChunk {
  readonly id: number;
  readonly known?: boolean;
}

export const hashOf = (id: number) => id.toString(16).padStart(2, "0").repeat(16);

export function manifest(options: {
  readonly revision: number;
  readonly document?: number;
  readonly scene?: number;
  readonly first?: number;
  readonly last?: boolean;
  readonly chunks: readonly TestChunk[];
}): Uint8Array<ArrayBuffer> {
  const { revision, document = 0, scene = 0, first = 0, last = true, chunks } = options;
  return serverFrame("manifest", (w) => {
    u32s(w, document, revision, scene, 1, first === 0 ? 0 : 1);
    w.list("", first === 0 ? ["part"] : [], 1, (name) => {
      u32s(w, 0);
      w.u8(0);
      text(w, name);
    });
    u32s(w, first);
    w.list("", chunks, 100, ({ id, known = false }) => {
      w.hex("", hashOf(id), 16);
      u32s(w, 0);
      w.u8(0);
      for (const x of [0, 0, 0, 1, 1, 1]) w.f32("", x);
      u32s(w, 3, 1, 42, 0, known ? 1 : 0);
    });
    w.u8(last ? 1 : 0);
    u64(w, first + chunks.length);
    u64(w, 3 * (first + chunks.length));
    u64(w, 42 * (first + chunks.length));
  });
}

/** Bytes of a test chunk's frame. */
export const CHUNK_FRAME_BYTES = 64 + 42;

export function chunk(options: {
  readonly id: number;
  readonly index: number;
  readonly revision: number;
  readonly document?: number;
  readonly scene?: number;
}): Uint8Array<ArrayBuffer> {
  const { id, index, revision, document = 0, scene = 0 } = options;
  const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, id);
  const payload = new Uint8Array(42);
  payload.set(new Uint8Array(positions.buffer));
  payload.set(new Uint8Array(Uint16Array.of(0, 1, 2).buffer), 36);
  return serverFrame(
    "chunk",
    (w) => {
      u32s(w, document, revision, scene, index);
      w.hex("", hashOf(id), 16);
      u32s(w, 0, 3, 3, 2);
    },
    payload,
  );
}

export const done = (revision: number, document = 0) =>
  serverFrame("done", (w) => {
    u32s(w, document, revision, 1);
    // volume, area; no bounds, no genus; triangles, vertices; no times; memory, bytes; suppressed; cells
    u64(w, 0);
    u64(w, 0);
    w.u8(0);
    w.u8(0);
    for (let i = 0; i < 5; i++) u64(w, 0);
    u32s(w, 0, 0, 0);
  });

export type TestSubject =
  | { readonly type: "session" }
  | { readonly type: "render" | "need"; readonly revision: number }
  | { readonly type: "export"; readonly request: number };

export const failed = (subject: TestSubject, code: FailureCode, message = "it failed") =>
  serverFrame("failed", (w) => {
    switch (subject.type) {
      case "session":
        u32s(w, 0);
        break;
      case "render":
        u32s(w, 1, 0, subject.revision);
        break;
      case "export":
        u32s(w, 2, subject.request);
        break;
      case "need":
        u32s(w, 4, 0, subject.revision, 0);
        break;
    }
    u32s(w, numberOf(FAILURE_CODES, code) ?? 0);
    text(w, message);
    w.u8(0);
    u64(w, 0);
  });

export const file = (request: number, offset: number, last: boolean, bytes: Uint8Array) =>
  serverFrame(
    "file",
    (w) => {
      u32s(w, request);
      text(w, "model.stl");
      u64(w, offset);
      w.u8(last ? 1 : 0);
    },
    bytes,
  );

export const wanted = (revision: number, digests: readonly string[]) =>
  serverFrame("wanted", (w) => {
    u32s(w, 0, revision);
    w.list("", digests, 10, (digest) => w.hex("", digest, 32));
  });

export const warning = (revision: number, message: string) =>
  serverFrame("diagnostics", (w) => {
    u32s(w, 0, revision);
    w.list("", [message], 1, (it) => {
      u32s(w, 1);
      text(w, it);
      w.u8(0);
      u64(w, 0);
    });
  });
