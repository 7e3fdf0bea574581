import type { Diagnostic, Place } from "@scadstream/client";
import { describe, expect, it, vi } from "vitest";
import { Console } from "../src/panels/console.js";

const PLACE: Place = { file: "a.scad", line: 3, column: 1, endLine: 3, endColumn: 4 };
const MESSAGES: readonly Diagnostic[] = [
  { severity: "echo", message: "x = 1", place: undefined, hints: [] },
  { severity: "warning", message: "odd", place: PLACE, hints: ["try so"] },
  { severity: "error", message: "<b>bad</b>", place: PLACE, hints: [] },
];

const textOf = (panel: Console) =>
  [...panel.element.querySelectorAll(".console-line")].map(({ textContent }) => textContent);

describe("the console", () => {
  it("shows messages as OpenSCAD prints them, with their places", () => {
    const panel = new Console(() => undefined);
    panel.show(MESSAGES);
    expect(textOf(panel)).toEqual([
      "ECHO x = 1",
      "WARNING oddtry soa.scad:3",
      "ERROR <b>bad</b>a.scad:3",
    ]);
    expect(panel.element.querySelector(".console-summary")?.textContent).toBe("1 error1 warning");
  });

  it("leads to the place of a message", () => {
    const onJump = vi.fn();
    const panel = new Console(onJump);
    panel.show(MESSAGES);
    panel.element.querySelector<HTMLButtonElement>(".console-place")?.click();
    expect(onJump).toHaveBeenCalledWith(PLACE);
  });

  it("says how many lines it left out", () => {
    const panel = new Console(() => undefined);
    panel.show(Array.from({ length: 510 }, () => MESSAGES[0] as Diagnostic));
    expect(textOf(panel)).toHaveLength(501);
    expect(textOf(panel).at(-1)).toBe("… and 10 more");
  });
});
