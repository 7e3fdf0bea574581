import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "../src/sha256.js";

test("the digest is that of another implementation, around every block border", () => {
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) % 256);
    expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
});

test("a part of a larger buffer is hashed as itself", () => {
  const bytes = new TextEncoder().encode("xxabcxx").subarray(2, 5);
  expect(sha256(bytes)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
