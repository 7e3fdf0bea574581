import { describe, expect, test } from "vitest";
import { Document } from "../src/document.js";
import { encodeClientMessage } from "../src/encode.js";
import { EncodeError } from "../src/index.js";

/** Names of the files of a request and how each goes to the server. */
function ways(...sizes: number[]): string[] {
  const files = sizes.map((size, i) => ({ name: `${i}`, content: new Uint8Array(size) }));
  const { render } = new Document(0).prepare({ files });
  // Whatever the division, the message fits a frame.
  encodeClientMessage(render);
  return render.files.map(({ content }) => content.type);
}

describe("files go with the render if they are small, or the main file, and fit a frame", () => {
  test("small ones do", () => expect(ways(10, 20)).toEqual(["inline", "inline"]));
  test("others are uploaded, since they mostly stay as they are", () =>
    expect(ways(1 << 18, (1 << 16) - 1, 1 << 16)).toEqual(["inline", "inline", "uploaded"]));
  test("of small ones the largest are uploaded, until the rest fits", () => {
    const sizes = Array.from({ length: 10 }, (_, i) => 60_000 - i);
    expect(ways(10_000, ...sizes)).toEqual([
      "inline",
      ...Array(2).fill("uploaded"),
      ...Array(8).fill("inline"),
    ]);
  });
  test("a large main file is uploaded like any other", () =>
    expect(ways(2_000_000, 10)).toEqual(["uploaded", "inline"]));
});

test("text goes as UTF-8", () => {
  const { render } = new Document(0).prepare({ files: [{ name: "a.scad", content: "ü" }] });
  expect(render.files[0]?.content).toEqual({ type: "inline", bytes: Uint8Array.of(0xc3, 0xbc) });
});

test("text that stays the same is neither encoded nor hashed again", () => {
  const document = new Document(0);
  const prepare = (main: string, part: string) =>
    document.prepare({
      files: [
        { name: "a.scad", content: main },
        { name: "part.off", content: part },
      ],
    });
  const part = "x".repeat(100_000);
  const [first, second, third] = [
    prepare("import(1);", part),
    prepare("import(2);", part),
    prepare("import(2);", `${part}y`),
  ].map((revision) => revision.uploads(new Set()));
  expect(second?.[0]?.bytes.buffer).toBe(first?.[0]?.bytes.buffer);
  expect(third?.[0]?.digest).not.toBe(first?.[0]?.digest);
});

test("a file above the limit of uploads is refused", () => {
  const content = new Uint8Array((256 << 20) + 1);
  const prepare = () => new Document(0).prepare({ files: [{ name: "huge.stl", content }] });
  expect(prepare).toThrow(EncodeError);
});

test("pieces are those of the files that are wanted, and cover them", () => {
  const content = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 256);
  const revision = new Document(0).prepare({ files: [{ name: "part.stl", content }] });
  const [file] = revision.render.files;
  if (file?.content.type !== "uploaded") throw new Error("a large file is uploaded");
  const pieces = revision.wanted([file.content.digest, "00".repeat(32)]) ?? [];
  expect(pieces.flatMap(({ offset, bytes }) => [offset, bytes.byteLength])).toEqual([
    0, 1_048_512, 1_048_512, 1_048_512, 2_097_024, 402_976,
  ]);
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(content)).toBe(true);
});
