import { Text } from "@codemirror/state";
import type { Diagnostic, Severity } from "@scadstream/client";
import { describe, expect, it } from "vitest";
import { marksFor, offsetOf } from "../src/editor/problems.js";

const DOC = Text.of(["cube(1);", '𝄞 = "x";', "sphere(;"]);

function message(
  severity: Severity,
  [line, column, endLine, endColumn]: readonly [number, number, number, number],
  file = "main.scad",
): Diagnostic {
  return { severity, message: "why", place: { file, line, column, endLine, endColumn }, hints: [] };
}

describe("offsetOf", () => {
  it.each([
    [1, 1, 0],
    [1, 9, 8],
    [1, 99, 8],
    [2, 1, 9],
    // The clef is one code point of two code units.
    [2, 2, 11],
    [3, 8, 26],
    [4, 1, 27],
    [0, 0, 0],
  ])("finds line %i, column %i at %i", (line, column, offset) => {
    expect(offsetOf(DOC, line, column)).toBe(offset);
  });
});

describe("marksFor", () => {
  it("marks errors and warnings of the file that is shown, in order", () => {
    const messages = [
      message("error", [3, 8, 3, 9]),
      message("warning", [1, 1, 1, 5]),
      message("echo", [1, 1, 1, 5]),
      message("error", [1, 1, 1, 5], "other.scad"),
    ];
    const marks = marksFor(messages, "main.scad", DOC).map(({ from, to, severity }) => [
      from,
      to,
      severity,
    ]);
    expect(marks).toEqual([
      [0, 4, "warning"],
      [26, 27, "error"],
    ]);
  });

  it("marks only the first line of a long stretch", () => {
    const [mark] = marksFor([message("error", [1, 1, 3, 2])], "main.scad", DOC);
    expect([mark?.from, mark?.to]).toEqual([0, 8]);
  });

  it("adds the hints to the text", () => {
    const [mark] = marksFor(
      [{ ...message("error", [1, 1, 1, 2]), hints: ["do so"] }],
      "main.scad",
      DOC,
    );
    expect(mark?.message).toBe("why\ndo so");
  });
});
