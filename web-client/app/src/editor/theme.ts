/**
 * How the editor looks. All colours are the page's custom properties, so light and dark are one theme and switching
 * costs nothing.
 */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const chrome = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--text)",
    backgroundColor: "var(--editor)",
    fontSize: "var(--editor-size)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { padding: "10px 0 40vh", caretColor: "var(--accent-strong)" },
  ".cm-line": { padding: "0 16px 0 6px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent-strong)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    {
      background: "var(--selection)",
    },
  ".cm-gutters": {
    backgroundColor: "var(--editor)",
    color: "var(--text-faint)",
    border: "none",
    paddingLeft: "4px",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 4px 0 8px", minWidth: "34px" },
  ".cm-foldGutter .cm-gutterElement": { color: "var(--text-faint)", cursor: "pointer" },
  ".cm-activeLine": { backgroundColor: "var(--active-line)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text-soft)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--selection)",
    outline: "1px solid var(--line-strong)",
    borderRadius: "2px",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--selection-faint)" },
  ".cm-foldPlaceholder": {
    background: "var(--raised)",
    border: "1px solid var(--line)",
    color: "var(--text-soft)",
    padding: "0 6px",
    margin: "0 2px",
  },
  ".cm-tooltip": {
    background: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
    fontFamily: "var(--sans)",
    fontSize: "13px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--text-faint)", fontStyle: "normal" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent-text)" },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 10px", color: "var(--text-soft)" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeftWidth: "3px", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px wavy var(--error)" },
  ".cm-lintRange": {
    backgroundImage: "none",
    textDecorationLine: "underline",
    textDecorationStyle: "wavy",
    textDecorationThickness: "1.5px",
    textUnderlineOffset: "3px",
    paddingBottom: "0",
  },
  ".cm-lintRange.cm-lintRange-error": { textDecorationColor: "var(--error)", borderBottom: "none" },
  ".cm-lintRange.cm-lintRange-warning": { textDecorationColor: "var(--warning)" },
  ".cm-lintRange.cm-lintRange-info": { textDecorationColor: "var(--text-faint)" },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": {
    width: "8px",
    height: "8px",
    borderRadius: "50%",
    margin: "0 auto",
    content: "none",
  },
  ".cm-lint-marker-error": { content: "none", background: "var(--error)" },
  ".cm-lint-marker-warning": { content: "none", background: "var(--warning)" },
  ".cm-line.error-line": { backgroundColor: "var(--error-soft)" },
  ".cm-panels": {
    background: "var(--panel)",
    color: "var(--text)",
    fontFamily: "var(--sans)",
  },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 12px", fontSize: "13px" },
  ".cm-textfield": {
    background: "var(--editor)",
    border: "1px solid var(--line)",
    borderRadius: "5px",
    padding: "3px 7px",
    color: "inherit",
  },
  ".cm-button": {
    background: "var(--raised)",
    backgroundImage: "none",
    border: "1px solid var(--line)",
    borderRadius: "5px",
    color: "inherit",
  },
  ".cm-searchMatch": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--accent)" },
});

const colors = HighlightStyle.define([
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.heading, color: "var(--code-heading)", fontWeight: "600" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: tags.standard(tags.variableName), color: "var(--code-builtin)" },
  { tag: tags.function(tags.variableName), color: "var(--code-call)" },
  { tag: tags.definition(tags.variableName), color: "var(--code-call)", fontWeight: "600" },
  { tag: tags.special(tags.variableName), color: "var(--code-special)" },
  { tag: tags.attributeName, color: "var(--code-name)" },
  { tag: tags.variableName, color: "var(--text)" },
  { tag: [tags.operator, tags.punctuation], color: "var(--code-operator)" },
]);

/** The look of the editor. */
export function editorTheme(): Extension {
  return [chrome, syntaxHighlighting(colors)];
}
