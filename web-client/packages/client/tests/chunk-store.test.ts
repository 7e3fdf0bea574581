import { expect, test } from "vitest";
import { ChunkStore } from "../src/chunk-store.js";
import type { Mesh } from "../src/index.js";

/** A mesh of 100 bytes. */
const mesh = (hash: string): Mesh => ({
  hash,
  positions: new Float32Array(22),
  indices: new Uint16Array(6),
});

function storeOf(maxSpareBytes: number, ...hashes: string[]): ChunkStore {
  const store = new ChunkStore(maxSpareBytes);
  for (const hash of hashes) store.add(mesh(hash));
  return store;
}

test("there is one mesh for a hash", () => {
  const store = new ChunkStore(1000);
  const first = store.add(mesh("a"));
  expect(store.add(mesh("a"))).toBe(first);
  expect(store.get("a")).toBe(first);
});

test("the longest unused go first, those in use never", () => {
  const store = storeOf(200, "a", "b", "c", "d", "e");
  store.get("b");
  store.trim(new Set(["a"]));
  expect(store.hashes(10)).toEqual(["a", "e", "b"]);
});

test("meshes in use do not count against the limit", () => {
  const store = storeOf(100, "a", "b", "c");
  store.trim(new Set(["a", "b"]));
  expect(store.hashes(10)).toEqual(["a", "b", "c"]);
});

test("the hashes given are the newest", () => {
  expect(storeOf(1000, "a", "b", "c").hashes(2)).toEqual(["b", "c"]);
});
