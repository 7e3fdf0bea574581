import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeChunk } from "../src/decode-chunk.js";
import type { Chunk, Codec, Decoders } from "../src/index.js";
import { meshoptDecoders } from "../src/meshopt.js";

/** Payloads that the server's encoder wrote: a bowl of 81 vertices and 128 triangles. */
function chunk(codec: Codec, payload = golden(codec)): Chunk {
  return {
    kind: "chunk",
    document: 0,
    revision: 1,
    scene: 0,
    index: 0,
    hash: "00".repeat(16),
    codec,
    vertexCount: 81,
    indexCount: 384,
    indexWidth: 2,
    payload,
  };
}

function golden(codec: Codec): Uint8Array<ArrayBuffer> {
  const path = new URL(`../../../../stream/golden/${codec}.bin`, import.meta.url);
  return new Uint8Array(readFileSync(path));
}

/** Each triangle beginning with its smallest index: codecs do not keep which comes first. */
function turned(indices: ArrayLike<number>): number[][] {
  return Array.from({ length: indices.length / 3 }, (_, i) => {
    const [a = 0, b = 0, c = 0] = Array.from({ length: 3 }, (_, k) => indices[3 * i + k] ?? 0);
    const least = Math.min(a, b, c);
    return least === a ? [a, b, c] : least === b ? [b, c, a] : [c, a, b];
  });
}

let decoders: Decoders;
beforeAll(async () => {
  decoders = await meshoptDecoders();
});

describe("what the server encoded", () => {
  test("comes back bit by bit from meshopt", () => {
    const raw = decodeChunk(chunk("raw"), {});
    const decoded = decodeChunk(chunk("meshopt"), decoders);
    expect(decoded.positions).toEqual(raw.positions);
    expect(turned(decoded.indices)).toEqual(turned(raw.indices));
  });

  test("comes back within half a step from meshopt-grid", () => {
    const raw = decodeChunk(chunk("raw"), {});
    const decoded = decodeChunk(chunk("meshopt-grid"), decoders);
    expect(turned(decoded.indices)).toEqual(turned(raw.indices));
    decoded.positions.forEach((x, i) => {
      expect(Math.abs(x - (raw.positions[i] ?? Number.NaN))).toBeLessThanOrEqual(2 ** -11);
    });
  });

  test("can be looked at as 32-bit indices too", () => {
    const decoded = decodeChunk({ ...chunk("meshopt"), indexWidth: 4 }, decoders);
    expect(decoded.indices).toBeInstanceOf(Uint32Array);
  });
});

describe("bytes that are no payload", () => {
  test.each(["meshopt", "meshopt-grid"] as const)("of %s end in an error", (codec) => {
    const whole = golden(codec);
    for (const length of [0, 3, 8, 23, 24, 40, whole.byteLength - 1]) {
      expect(() => decodeChunk(chunk(codec, whole.slice(0, length)), decoders)).toThrow();
    }
    const wild = whole.slice();
    new DataView(wild.buffer).setUint32(0, 0xffffffff, true);
    expect(() => decodeChunk(chunk(codec, wild), decoders)).toThrow();
  });
});
