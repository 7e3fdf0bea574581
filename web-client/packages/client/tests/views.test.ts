import { expect, test } from "vitest";
import { decodeServerMessage } from "../src/decode.js";
import { decodeChunk } from "../src/decode-chunk.js";
import type { Chunk, File } from "../src/index.js";
import { golden } from "./support/golden.js";

test.each([
  ["chunk", Uint16Array],
  ["chunk-u32", Uint32Array],
] as const)("the arrays of %s are views into the received frame", (name, indexArray) => {
  const frame = golden(name);
  const { positions, indices } = decodeChunk(decodeServerMessage(frame) as Chunk, {});
  expect(positions.buffer).toBe(frame.buffer);
  expect(positions.byteOffset).toBe(64);
  expect([...positions]).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]);
  expect(indices).toBeInstanceOf(indexArray);
  expect(indices.buffer).toBe(frame.buffer);
  expect([...indices]).toEqual([0, 1, 2, 0, 2, 3]);
});

test("the bytes of a file are a view into the received frame", () => {
  const frame = golden("file");
  expect((decodeServerMessage(frame) as File).bytes.buffer).toBe(frame.buffer);
});

test.each(["chunk", "chunk-u32"])("%s at an odd address is copied, and right", (name) => {
  const bytes = golden(name);
  const shifted = new Uint8Array(bytes.byteLength + 1).subarray(1);
  shifted.set(bytes);
  const { positions, indices } = decodeChunk(decodeServerMessage(shifted) as Chunk, {});
  expect(positions.buffer).not.toBe(shifted.buffer);
  expect([...positions]).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]);
  expect([...indices]).toEqual([0, 1, 2, 0, 2, 3]);
});
