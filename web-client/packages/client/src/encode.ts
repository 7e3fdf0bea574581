/** Messages from a client to frames (SPEC.md, section 5). */

import { EncodeError } from "./errors.js";
import { CLIENT_KINDS, payloadOffset, writePrelude } from "./frame.js";
import * as limits from "./limits.js";
import type * as m from "./messages.js";
import * as numbers from "./numbers.js";
import { Writer } from "./writer.js";

const NO_PAYLOAD = new Uint8Array(0);

/** The message as a frame, in a buffer of its own. Throws `EncodeError`. */
export function encodeClientMessage(message: m.ClientMessage): Uint8Array<ArrayBuffer> {
  const header = writeHeader(message);
  const payload = message.kind === "upload" ? message.bytes : NO_PAYLOAD;
  const start = payloadOffset(header.byteLength);
  const length = start + payload.byteLength;
  if (length > limits.MAX_FRAME_BYTES) {
    throw new EncodeError(
      message.kind,
      `frame of ${length} bytes; the limit is ${limits.MAX_FRAME_BYTES}`,
    );
  }
  const frame = new Uint8Array(length);
  const kind = CLIENT_KINDS[message.kind];
  writePrelude(new DataView(frame.buffer), kind, header.byteLength, payload.byteLength);
  frame.set(header, 16);
  frame.set(payload, start);
  return frame;
}

function writeHeader(message: m.ClientMessage): Uint8Array {
  const w = new Writer();
  switch (message.kind) {
    case "hello":
      hello(w, message);
      break;
    case "render":
      render(w, message);
      break;
    case "upload":
      w.hex("Upload.digest", message.digest, 32);
      w.u64("Upload.offset", message.offset, message.total);
      w.u64("Upload.total", message.total, limits.MAX_UPLOAD_BYTES);
      w.check(
        "Upload.payload",
        message.offset + message.bytes.byteLength <= message.total,
        "ends after the file",
      );
      break;
    case "cancel":
      revision(w, "Cancel", message);
      break;
    case "need":
      revision(w, "Need", message);
      w.u32("Need.scene", message.scene);
      w.list("Need.chunks", message.chunks, limits.MAX_NEED, (index) =>
        w.u32("Need.chunks", index, limits.MAX_SCENE_CHUNKS - 1),
      );
      break;
    case "credit":
      w.u32("Credit.bytes", message.bytes, limits.MAX_CREDIT);
      break;
    case "export":
      revision(w, "Export", message);
      w.u32("Export.request", message.request);
      w.open("Export.format", numbers.EXPORT_FORMATS, message.format);
      break;
    case "ping":
      w.u32("Ping.nonce", message.nonce);
      break;
    case "view":
      w.u32("View.document", message.document);
      camera(w, "View.camera", message.camera);
      break;
  }
  return w.finish();
}

function hello(w: Writer, message: m.Hello): void {
  w.check("Hello.version", message.version >= 1, "is at least 1");
  w.u32("Hello.version", message.version);
  w.option(message.token, (token) => w.text("Hello.token", token, limits.MAX_TOKEN_BYTES));
  w.list("Hello.codecs", message.codecs, limits.MAX_CODECS, (codec) =>
    w.open("Hello.codecs", numbers.CODECS, codec),
  );
  w.check("Hello.credit", message.credit >= limits.MIN_INITIAL_CREDIT, "is at least 2 MiB");
  w.u32("Hello.credit", message.credit, limits.MAX_CREDIT);
  w.list("Hello.known", message.known, limits.MAX_KNOWN_CHUNKS, (hash) =>
    w.hex("Hello.known", hash, 16),
  );
  w.text("Hello.client", message.client, limits.MAX_NAME_BYTES);
}

function render(w: Writer, message: m.Render): void {
  revision(w, "Render", message);
  w.check("Render.files", message.files.length > 0, "has the main file at least");
  w.list("Render.files", message.files, limits.MAX_FILES, ({ name, content }) => {
    w.check("Render.files.name", name.length > 0, "is not empty");
    w.text("Render.files.name", name, limits.MAX_NAME_BYTES);
    if (content.type === "inline") {
      w.u32("Render.files.content", 0);
      w.bytes("Render.files.content", content.bytes, limits.MAX_FRAME_BYTES);
    } else {
      w.u32("Render.files.content", 1);
      w.hex("Render.files.digest", content.digest, 32);
      w.u64("Render.files.length", content.length, limits.MAX_UPLOAD_BYTES);
    }
  });
  w.list("Render.overrides", message.overrides, limits.MAX_OVERRIDES, ({ name, expression }) => {
    w.text("Render.overrides.name", name, limits.MAX_NAME_BYTES);
    w.text("Render.overrides.expression", expression, limits.MAX_STRING_BYTES);
  });
  w.open("Render.detail", numbers.DETAILS, message.detail);
  w.option(message.camera, (given) => camera(w, "Render.camera", given));
}

function camera(w: Writer, field: string, { eye, target, fovDeg, heightPx }: m.Camera): void {
  for (const number of [...eye, ...target]) w.f32(field, number);
  const fits = fovDeg >= 0 && fovDeg < 180;
  w.check(`${field}.fov_deg`, fits, "is from 0 to less than 180");
  w.f32(`${field}.fov_deg`, fovDeg);
  w.u32(`${field}.height_px`, heightPx);
}

function revision(
  w: Writer,
  kind: string,
  message: { readonly document: number; readonly revision: number },
): void {
  w.u32(`${kind}.document`, message.document);
  w.u32(`${kind}.revision`, message.revision);
}
