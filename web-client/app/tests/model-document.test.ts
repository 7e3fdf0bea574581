import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  loadDocument,
  type ModelDocument,
  readFile,
  storeDocument,
} from "../src/model-document.js";

const DOCUMENT: ModelDocument = {
  main: "a.scad",
  files: new Map<string, string | Uint8Array<ArrayBuffer>>([
    ["a.scad", "cube();"],
    ["b.stl", new Uint8Array([1, 2])],
  ]),
};

beforeEach(() => localStorage.clear());

describe("storage", () => {
  it("keeps the text files for the next visit", () => {
    expect(storeDocument(DOCUMENT)).toBe(true);
    expect(loadDocument()).toEqual({ main: "a.scad", files: new Map([["a.scad", "cube();"]]) });
  });

  it("has nothing at the first visit", () => expect(loadDocument()).toBeUndefined());

  it.each(["{", "null", "[]", '{"main": "a", "files": {}}', '{"main": 1, "files": {"a": ""}}'])(
    "ignores %s",
    (stored) => {
      localStorage.setItem("scadstream.document", stored);
      expect(loadDocument()).toBeUndefined();
    },
  );

  it("says when there is no room", () => {
    const setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    vi.stubGlobal("localStorage", { setItem });
    expect(storeDocument(DOCUMENT)).toBe(false);
  });
});

describe("readFile", () => {
  it("reads models as text and meshes as bytes", async () => {
    expect(await readFile(new File(["cube();"], "a.scad"))).toBe("cube();");
    expect(await readFile(new File([new Uint8Array([1, 2])], "b.stl"))).toEqual(
      new Uint8Array([1, 2]),
    );
  });

  it("keeps text that is not UTF-8 as bytes, for the server to complain of", async () => {
    const latin1 = new Uint8Array([0x2f, 0x2f, 0xe4]);
    expect(await readFile(new File([latin1], "a.scad"))).toEqual(latin1);
  });
});
