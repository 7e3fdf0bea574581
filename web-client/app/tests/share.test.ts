// @vitest-environment node
import { describe, expect, it } from "vitest";
import { BrokenLinkError, fromFragment, type SharedDocument, toFragment } from "../src/share.js";

const DOCUMENT: SharedDocument = {
  name: "gear.scad",
  files: { "gear.scad": 'echo("ä € 𝄞");\n'.repeat(50), "lib.scad": "" },
  overrides: { teeth: "12" },
};

/** A fragment with any JSON in it. */
async function fragmentOf(json: string): Promise<string> {
  const packed = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = Buffer.from(await new Response(packed).arrayBuffer());
  return `#model=${bytes.toString("base64url")}`;
}

describe("a link", () => {
  it("brings the document back", async () => {
    expect(await fromFragment(await toFragment(DOCUMENT))).toEqual(DOCUMENT);
  });

  it("is compressed and needs no escapes", async () => {
    const fragment = await toFragment(DOCUMENT);
    expect(fragment).toMatch(/^#model=[\w-]+$/);
    expect(fragment.length).toBeLessThan(300);
  });

  it("is none when the fragment is something else", async () => {
    expect(await fromFragment("")).toBeUndefined();
    expect(await fromFragment("#section")).toBeUndefined();
  });

  it.each([
    ["that was cut", async () => (await toFragment(DOCUMENT)).slice(0, -9)],
    ["of other characters", async () => "#model=%%%"],
    ["with no document in it", () => fragmentOf('{"name": "x"}')],
    ["without a file", () => fragmentOf('{"name": "x", "files": {}, "overrides": {}}')],
    [
      "with files that are no texts",
      () => fragmentOf('{"name":"x","files":{"x":1},"overrides":{}}'),
    ],
    ["that unpacks to far too much", () => fragmentOf(`"${" ".repeat(5_000_000)}"`)],
  ])("%s is refused", async (_, make) => {
    await expect(fromFragment(await make())).rejects.toThrow(BrokenLinkError);
  });
});
