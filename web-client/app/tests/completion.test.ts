import { describe, expect, it } from "vitest";
import { ownNames } from "../src/editor/completion.js";

describe("ownNames", () => {
  it("finds what the document defines, with its parameters", () => {
    const source =
      "module wheel(r,\n  h = 2) {}\nfunction half(x) = x / 2;\nwidth = 3;\n$fn = 8;\n";
    const found = ownNames(source).map(({ label, type, detail }) => [label, type, detail]);
    expect(found).toEqual([
      ["wheel", "class", "(r, h = 2)"],
      ["half", "function", "(x)"],
      ["width", "variable", ""],
      ["$fn", "variable", ""],
    ]);
  });

  it("does not take a comparison or a named argument for a definition", () => {
    expect(ownNames("cube(size = 2);\nassert(a\n== b);\n")).toEqual([]);
  });

  it("leaves out the variable that is being typed", () => {
    expect(ownNames("wid = 3;\n", "wid")).toEqual([]);
  });
});
