import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Content } from "../src/model-document.js";
import { OpenFiles } from "../src/open-files.js";

let onChange: ReturnType<typeof vi.fn<() => void>>;
let files: OpenFiles;

beforeEach(() => {
  vi.useFakeTimers();
  onChange = vi.fn<() => void>();
  files = new OpenFiles(
    { main: "a.scad", files: new Map<string, Content>([["a.scad", "cube();"]]) },
    onChange,
  );
  document.body.replaceChildren(files.tabs, files.area);
});

const names = () => files.inOrder().map(({ name }) => name);
const tabs = () =>
  [...files.tabs.querySelectorAll(".tab-name")].map(({ textContent }) => textContent);

describe("files", () => {
  it("start with the main file in the editor", () => {
    expect(files.editor.textOf("a.scad")).toBe("cube();");
    expect(onChange).not.toHaveBeenCalled();
  });

  it("are added beside the main file, and the last is shown", () => {
    files.add([
      ["lib.scad", "// lib"],
      ["part.stl", new Uint8Array(4)],
    ]);
    expect(names()).toEqual(["a.scad", "lib.scad", "part.stl"]);
    expect(tabs()).toEqual(names());
    expect(files.area.textContent).toContain('import("part.stl");');
    expect(onChange).toHaveBeenCalled();
  });

  it("tell an edit, with the text as it is then", () => {
    files.editor.replace("sphere();");
    expect(onChange).toHaveBeenCalledOnce();
    expect(files.inOrder()).toEqual([{ name: "a.scad", content: "sphere();" }]);
  });

  it("are removed, but for the main file", () => {
    files.add([["lib.scad", ""]]);
    files.tabs.querySelector<HTMLButtonElement>(".tab-close")?.click();
    expect(names()).toEqual(["a.scad"]);
    expect(files.tabs.querySelector(".tab-close")).toBeNull();
  });

  it("open in place of the main file, under their own name", () => {
    files.add([["lib.scad", ""]]);
    files.openMain("b.scad", "sphere();");
    expect(files.inOrder()[0]).toEqual({ name: "b.scad", content: "sphere();" });
    expect(names()).toEqual(["b.scad", "lib.scad"]);
  });

  it("are renamed to a free name", () => {
    files.add([["lib.scad", "// lib"]]);
    files.openMain("lib.scad", "sphere();");
    expect(names()).toEqual(["lib_2.scad", "lib.scad"]);
  });

  it("lead to a place, in whichever of them it is", () => {
    files.add([["lib.scad", "// one\n// two"]]);
    files.select("a.scad");
    const goTo = vi.spyOn(files.editor, "goTo").mockReturnValue();
    const place = { file: "lib.scad", line: 2, column: 1, endLine: 2, endColumn: 1 };
    expect(files.goTo(place)).toBe(true);
    expect(files.editor.name).toBe("lib.scad");
    expect(goTo).toHaveBeenCalledExactlyOnceWith(2, 1);
    expect(files.goTo({ ...place, file: "MCAD/gears.scad" })).toBe(false);
  });
});
