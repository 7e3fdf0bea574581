import { ensureSyntaxTree, foldable, getIndentation } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { describe, expect, it } from "vitest";
import { openscad } from "../src/editor/openscad-mode.js";

const highlighter = tagHighlighter([
  { tag: tags.comment, class: "comment" },
  { tag: tags.heading, class: "heading" },
  { tag: tags.string, class: "string" },
  { tag: tags.number, class: "number" },
  { tag: tags.atom, class: "atom" },
  { tag: tags.keyword, class: "keyword" },
  { tag: tags.standard(tags.variableName), class: "builtin" },
  { tag: tags.function(tags.variableName), class: "call" },
  { tag: tags.definition(tags.variableName), class: "definition" },
  { tag: tags.special(tags.variableName), class: "special" },
  { tag: tags.attributeName, class: "name" },
]);

const stateOf = (doc: string) => EditorState.create({ doc, extensions: [openscad()] });

/** The coloured stretches of `source`, as `class:text`. */
function colours(source: string): string[] {
  const state = stateOf(source);
  const tree = ensureSyntaxTree(state, source.length, 5000);
  if (tree === null) throw new Error("the text was not parsed in time");
  const found: string[] = [];
  highlightTree(tree, highlighter, (from, to, style) => {
    found.push(`${style}:${source.slice(from, to)}`);
  });
  return found;
}

describe("colours", () => {
  it.each([
    ["cube(size = 2);", ["builtin:cube", "name:size", "number:2"]],
    ["module wheel(r) {}", ["keyword:module", "definition:wheel"]],
    ["function f(x) = x;", ["keyword:function", "definition:f"]],
    ["wheel(3);", ["call:wheel", "number:3"]],
    ["$fn = 64;", ["special:$fn", "number:64"]],
    ["a == b", []],
    ["x = [1.5e-3, .5, 0x1F];", ["name:x", "number:1.5e-3", "number:.5", "number:0x1F"]],
    ["include <MCAD/gears.scad>", ["keyword:include", "string:<MCAD/gears.scad>"]],
    ["if (a < b) cube(b > 1);", ["keyword:if", "builtin:cube", "number:1"]],
    ["undef // tail", ["atom:undef", "comment:// tail"]],
    ["/* [Size] */", ["heading:/* [Size] */"]],
    ["/* not [a group] */ x", ["comment:/* not [a group] */"]],
    ['"a \\" b" + 1', ['string:"a \\" b"', "number:1"]],
  ])("%s", (source, expected) => expect(colours(source)).toEqual(expected));

  it("goes on with comments and strings over lines", () => {
    expect(colours("/* a\n b */ 1")).toEqual(["comment:/* a", "comment: b */", "number:1"]);
    expect(colours('"a\nb" 1')).toEqual(['string:"a', 'string:b"', "number:1"]);
  });

  it("ends on any text, however broken", () => {
    const source = '"\\ \u00a0 ä § [[[ }}} /* /* " <use <';
    expect(() => colours(source)).not.toThrow();
  });
});

describe("editing", () => {
  it("indents by open brackets, and back at a closing one", () => {
    const state = stateOf("difference() {\n\n}");
    expect(getIndentation(state, 15)).toBe(state.facet(EditorState.tabSize) && 2);
    expect(getIndentation(state, 16)).toBe(0);
  });

  it("folds from a bracket at the end of a line to its partner", () => {
    const state = stateOf("module a() { // why\n  cube();\n}\n");
    expect(foldable(state, 0, 19)).toEqual({ from: 12, to: 30 });
    expect(foldable(state, 20, 29)).toBeNull();
  });
});
