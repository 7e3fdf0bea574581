/** Frames: the 16-byte prelude, and where header and payload lie (SPEC.md, section 2). */

import { DecodeError } from "./errors.js";
import { MAX_FRAME_BYTES } from "./limits.js";

export const PROTOCOL_VERSION = 1;
export const SUBPROTOCOL = "scadstream.v1";
export const PRELUDE_BYTES = 16;
/** "SCAD", read as a little-endian number. */
export const MAGIC = 0x44414353;
/** Flags that a receiver may not ignore. */
const CRITICAL_FLAGS = 0xff00;

export const CLIENT_KINDS = {
  hello: 0x01,
  render: 0x02,
  upload: 0x03,
  cancel: 0x04,
  need: 0x05,
  credit: 0x06,
  export: 0x07,
  ping: 0x08,
  view: 0x09,
} as const;

export const SERVER_KINDS = {
  welcome: 0x81,
  queued: 0x82,
  progress: 0x83,
  diagnostics: 0x84,
  parameters: 0x85,
  manifest: 0x86,
  chunk: 0x87,
  done: 0x88,
  failed: 0x89,
  pressure: 0x8a,
  file: 0x8b,
  pong: 0x8c,
  wanted: 0x8d,
  forecast: 0x8e,
} as const;

/** A frame taken apart: views into its bytes. */
export interface Frame {
  readonly kind: number;
  readonly header: Uint8Array<ArrayBuffer>;
  readonly padding: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Bytes after the end of the frame: a fault, if the kind is known. */
  readonly extraBytes: number;
}

/** Offset of the payload behind a header of `headerBytes` bytes. */
export function payloadOffset(headerBytes: number): number {
  return Math.ceil((PRELUDE_BYTES + headerBytes) / 8) * 8;
}

/** Whether a server's frame of this kind may have a payload; exactly these use credit. */
export function hasPayload(kind: number | undefined): boolean {
  return kind === SERVER_KINDS.chunk || kind === SERVER_KINDS.file;
}

/** Takes a frame apart. Throws `DecodeError`. */
export function readFrame(bytes: Uint8Array<ArrayBuffer>): Frame {
  if (bytes.byteLength < PRELUDE_BYTES) {
    throw new DecodeError(
      "incomplete",
      `incomplete frame: ${bytes.byteLength} bytes of at least ${PRELUDE_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new DecodeError("magic", "not a scadstream frame");
  }
  const version = view.getUint8(4);
  if (version !== PROTOCOL_VERSION) {
    throw new DecodeError(
      "version",
      `protocol version ${version} is not supported; this is version ${PROTOCOL_VERSION}`,
    );
  }
  const kind = view.getUint8(5);
  const flags = view.getUint16(6, true);
  if ((flags & CRITICAL_FLAGS) !== 0) {
    throw new DecodeError("flags", `unknown flags 0x${flags.toString(16)}`);
  }
  const headerBytes = view.getUint32(8, true);
  const start = payloadOffset(headerBytes);
  const length = start + view.getUint32(12, true);
  if (length > MAX_FRAME_BYTES) {
    throw new DecodeError(
      "frame-too-large",
      `frame of ${length} bytes; the limit is ${MAX_FRAME_BYTES}`,
    );
  }
  if (bytes.byteLength < length) {
    throw new DecodeError(
      "incomplete",
      `incomplete frame: ${bytes.byteLength} bytes of at least ${length}`,
    );
  }
  const headerEnd = PRELUDE_BYTES + headerBytes;
  return {
    kind,
    header: bytes.subarray(PRELUDE_BYTES, headerEnd),
    padding: bytes.subarray(headerEnd, start),
    payload: bytes.subarray(start, length),
    extraBytes: bytes.byteLength - length,
  };
}

/** The rules that hold for the frames of all known kinds. Throws `DecodeError`. */
export function checkFrame(frame: Frame, name: string): void {
  if (frame.extraBytes > 0) {
    throw new DecodeError(
      "extra-bytes",
      `${frame.extraBytes} bytes after the end of the ${name} frame`,
    );
  }
  if (frame.padding.some((byte) => byte !== 0)) {
    throw new DecodeError("padding", `${name} frame: padding after the header is not zero`);
  }
  if (frame.payload.byteLength > 0 && !hasPayload(frame.kind)) {
    throw new DecodeError("unexpected-payload", `${name} frame has a payload; its kind has none`);
  }
}

/** Writes the prelude at the start of `frame`. */
export function writePrelude(
  frame: DataView,
  kind: number,
  headerBytes: number,
  payloadBytes: number,
): void {
  frame.setUint32(0, MAGIC, true);
  frame.setUint8(4, PROTOCOL_VERSION);
  frame.setUint8(5, kind);
  frame.setUint16(6, 0, true);
  frame.setUint32(8, headerBytes, true);
  frame.setUint32(12, payloadBytes, true);
}
