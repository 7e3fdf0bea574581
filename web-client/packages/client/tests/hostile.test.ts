import { describe, expect, test } from "vitest";
import { decodeServerMessage } from "../src/decode.js";
import { decodeChunk } from "../src/decode-chunk.js";
import { encodeClientMessage } from "../src/encode.js";
import { DecodeError, EncodeError } from "../src/errors.js";
import type { Chunk, ClientMessage, DecodeProblem } from "../src/index.js";
import { golden } from "./support/golden.js";
import { CLIENT_MESSAGES, SERVER_MESSAGES } from "./support/messages.js";

function refused(bytes: Uint8Array<ArrayBuffer>, problem: DecodeProblem, message: string): void {
  try {
    decodeServerMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    expect([(error as DecodeError).problem, (error as DecodeError).message]).toEqual([
      problem,
      message,
    ]);
    return;
  }
  expect.fail(`taken for a message, not for ${problem}`);
}

/** A golden frame with bytes changed. */
function changed(name: string, at: number, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  const frame = golden(name);
  frame.set(bytes, at);
  return frame;
}

describe("frames that nobody honest sends", () => {
  test.each(Object.keys(SERVER_MESSAGES))("%s cut anywhere is incomplete", (name) => {
    const frame = golden(name);
    for (let length = 0; length < frame.byteLength; length++) {
      expect(() => decodeServerMessage(frame.slice(0, length))).toThrow(/^incomplete frame/);
    }
  });

  test.each(Object.keys(SERVER_MESSAGES))(
    "%s with its header cut anywhere is malformed",
    (name) => {
      const frame = golden(name);
      const headerBytes = new DataView(frame.buffer).getUint32(8, true);
      for (let length = 0; length < headerBytes; length++) {
        const cut = new Uint8Array(Math.ceil((16 + length) / 8) * 8);
        cut.set(frame.subarray(0, 16 + length));
        const view = new DataView(cut.buffer);
        view.setUint32(8, length, true);
        view.setUint32(12, 0, true);
        expect(() => decodeServerMessage(cut)).toThrow(/header, byte \d+: /);
      }
    },
  );

  test("a faulty prelude is named by its field", () => {
    refused(new TextEncoder().encode("HTTP/1.1 200 OK\r\n"), "magic", "not a scadstream frame");
    refused(
      changed("pong", 4, 2),
      "version",
      "protocol version 2 is not supported; this is version 1",
    );
    refused(changed("pong", 7, 0x80), "flags", "unknown flags 0x8000");
    refused(
      changed("pong", 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      "frame-too-large",
      "frame of 8589934607 bytes; the limit is 1048576",
    );
    refused(changed("pong", 12, 8), "incomplete", "incomplete frame: 24 bytes of at least 32");
    refused(golden("ping"), "direction", "a client's message came from the server");
  });

  test("a frame is as long as it says, and padded with zeros", () => {
    refused(
      Uint8Array.from([...golden("pong"), 0]),
      "extra-bytes",
      "1 bytes after the end of the pong frame",
    );
    refused(changed("pong", 23, 1), "padding", "pong frame: padding after the header is not zero");
    const frame = Uint8Array.from([...golden("pong"), 1, 2, 3, 4, 5, 6, 7, 8]);
    frame[12] = 8;
    refused(frame, "unexpected-payload", "pong frame has a payload; its kind has none");
  });

  test("claimed lengths are not believed", () => {
    for (const length of [
      [0x01, 0x10, 0, 0, 0, 0, 0, 0],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]) {
      refused(
        changed("wanted", 24, ...length),
        "header",
        "wanted header, byte 16: a list or string is longer than its limit",
      );
    }
  });

  test("numbers that JavaScript cannot hold are refused", () => {
    refused(
      changed("pressure", 20, 0, 0, 0, 0, 0, 0, 0x20, 0),
      "header",
      "pressure header, byte 12: a number is above 2^53 - 1",
    );
    refused(
      changed("done", 28, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f),
      "header",
      "done header, byte 20: a number is not finite",
    );
  });

  test("a chunk's counts are those of its payload", () => {
    const message = "the payload has not the length that the counts say";
    refused(changed("chunk", 52, 5), "header", `chunk header, byte 48: ${message}`);
    refused(
      changed("chunk", 56, 5),
      "header",
      "chunk header, byte 48: index_count is not a multiple of three",
    );
    refused(
      changed("chunk", 52, 1, 0, 1),
      "header",
      "chunk header, byte 40: vertex_count is 65537; the limit is 65536",
    );
    refused(changed("chunk", 60, 3), "header", "chunk header, byte 48: 3 is not a variant");
  });

  test("an index that names no vertex is refused", () => {
    const chunk = decodeServerMessage(changed("chunk", 112, 4)) as Chunk;
    expect(() => decodeChunk(chunk, {})).toThrow("Chunk.payload: index 4 of 4 vertices");
  });

  test("a codec without a decoder is refused, and what a decoder gives is measured", () => {
    const chunk = { ...(decodeServerMessage(golden("chunk")) as Chunk), codec: "meshopt" as const };
    expect(() => decodeChunk(chunk, {})).toThrow("there is no decoder for meshopt");
    const short = () => ({ positions: new Float32Array(3), indices: new Uint16Array(6) });
    expect(() => decodeChunk(chunk, { meshopt: short })).toThrow("arrays of another length");
    const right = () => ({ positions: new Float32Array(12), indices: new Uint16Array(6) });
    expect(decodeChunk(chunk, { meshopt: right }).positions).toHaveLength(12);
  });

  test("any change of a few bytes gives a message or a DecodeError", () => {
    const random = generator(1);
    const names = Object.keys(SERVER_MESSAGES);
    for (let round = 0; round < 5000; round++) {
      const frame = golden(names[round % names.length] ?? "pong");
      for (let n = 0; n < 3; n++) frame[random(frame.byteLength)] = random(256);
      try {
        decodeServerMessage(frame);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("what a later version may send", () => {
  test("a frame of an unknown kind is skipped, whatever is in it", () => {
    expect(decodeServerMessage(changed("pong", 5, 0xfe))).toBeUndefined();
    expect(decodeServerMessage(changed("pong", 5, 0x7f))).toBeUndefined();
  });

  test("flags of the lower byte do no harm", () => {
    expect(decodeServerMessage(changed("pong", 6, 0xff))).toEqual(SERVER_MESSAGES["pong"]);
  });
});

describe("messages against the rules are not written", () => {
  const cases: [string, Partial<ClientMessage>, string][] = [
    ["hello", { token: "x".repeat(5000) }, "Hello.token: is 5000; the limit is 4096"],
    ["hello", { credit: 1 }, "Hello.credit: is at least 2 MiB"],
    ["hello", { known: ["10"] }, "Hello.known: is not 16 bytes in lower-case hex"],
    ["credit", { bytes: 2 ** 31 }, "Credit.bytes: is 2147483648; the limit is 1073741824"],
    ["credit", { bytes: 1.5 }, "Credit.bytes: 1.5 is not a whole number"],
    ["render", { files: [] }, "Render.files: has the main file at least"],
    ["need", { chunks: [2 ** 20] }, "Need.chunks: is 1048576; the limit is 1048575"],
    ["upload", { total: 1_000_005 }, "Upload.payload: ends after the file"],
  ];
  test.each(cases)("%s with %o", (name, change, message) => {
    const faulty = { ...CLIENT_MESSAGES[name], ...change } as ClientMessage;
    expect(() => encodeClientMessage(faulty)).toThrow(new EncodeErrorLike(message));
  });

  test("a frame too long is refused, one as long as allowed is not", () => {
    const upload = (bytes: number) =>
      encodeClientMessage({
        kind: "upload",
        digest: "00".repeat(32),
        offset: 0,
        total: 2 ** 21,
        bytes: new Uint8Array(bytes),
      });
    expect(upload(2 ** 20 - 64).byteLength).toBe(2 ** 20);
    expect(() => upload(2 ** 20 - 63)).toThrow("frame of 1048577 bytes");
  });
});

/** Compares by message and class. */
class EncodeErrorLike extends EncodeError {
  constructor(message: string) {
    const [field = "", ...rest] = message.split(": ");
    super(field, rest.join(": "));
  }
}

/** Numbers from 0 to below `limit`, the same at each run (mulberry32). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}
