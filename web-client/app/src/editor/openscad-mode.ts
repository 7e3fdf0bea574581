/**
 * OpenSCAD for CodeMirror: a tokenizer that colours text as it stands, right or wrong. The server parses; this only
 * has to be quick and never to be confused for longer than a line.
 */

import {
  foldService,
  LanguageSupport,
  matchBrackets,
  StreamLanguage,
  type StreamParser,
  type StringStream,
} from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { ATOMS, FUNCTIONS, KEYWORDS, MODULES, SPECIAL_VARIABLES } from "./vocabulary.js";

const MODULE_NAMES = new Set(MODULES.map(({ name }) => name));
const FUNCTION_NAMES = new Set(FUNCTIONS.map(({ name }) => name));
const SPECIAL_NAMES = new Set(SPECIAL_VARIABLES.map(({ name }) => name));

const NUMBER = /^(0x[0-9a-fA-F]+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)/;
const IDENTIFIER = /^[$A-Za-z_][A-Za-z0-9_]*/;
const OPERATOR = /^(&&|\|\||<<|>>|[=!<>]=|[-+*/%^!<>=?:&|~#])/;

interface ModeState {
  /** What a construct that spans lines goes on with. */
  inside: "code" | "comment" | "string";
  /** The last word was `module` or `function`: a name to be defined follows. */
  defining: "module" | "function" | undefined;
  /** Open brackets, as the indentation of what they hold. */
  depth: number;
}

const parser: StreamParser<ModeState> = {
  name: "openscad",
  startState: () => ({ inside: "code", defining: undefined, depth: 0 }),
  copyState: (state) => ({ ...state }),

  token(stream, state) {
    if (state.inside === "comment") return restOfComment(stream, state);
    if (state.inside === "string") return restOfString(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "lineComment";
    }
    if (stream.match("/*")) {
      state.inside = "comment";
      return restOfComment(stream, state);
    }
    if (stream.match('"')) {
      state.inside = "string";
      return restOfString(stream, state);
    }
    if (stream.match(NUMBER)) return "number";
    const word = stream.match(IDENTIFIER);
    if (word) return wordStyle(String((word as RegExpMatchArray)[0]), stream, state);
    if (stream.match(/^<[^<>\s][^<>]*>/, false) && afterInclude(stream.string, stream.pos)) {
      stream.match(/^<[^>]*>/);
      return "string";
    }
    if (stream.match(OPERATOR)) return "operator";
    const bracket = stream.next();
    if (bracket === "{" || bracket === "[" || bracket === "(") state.depth++;
    if (bracket === "}" || bracket === "]" || bracket === ")") {
      state.depth = Math.max(0, state.depth - 1);
    }
    return "punctuation";
  },

  indent(state, textAfter, context) {
    if (state.inside !== "code") return null;
    const closing = /^\s*[}\])]/.test(textAfter) ? 1 : 0;
    return Math.max(0, state.depth - closing) * context.unit;
  },

  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
    indentOnInput: /^\s*[}\])]$/,
    wordChars: "$",
  },

  tokenTable: {
    definition: tags.definition(tags.variableName),
    special: tags.special(tags.variableName),
    builtin: tags.standard(tags.variableName),
    call: tags.function(tags.variableName),
    assigned: tags.attributeName,
  },
};

const openscadLanguage = StreamLanguage.define(parser);

/** Folds from a bracket at the end of a line to its partner. */
const foldBrackets = foldService.of((state, lineStart, lineEnd) => {
  const opening = /[{[(]\s*(\/\/.*)?$/.exec(state.sliceDoc(lineStart, lineEnd));
  if (opening === null) return null;
  const from = lineStart + opening.index;
  const partner = matchBrackets(state, from, 1, { maxScanDistance: 100_000 });
  const to = partner?.matched ? partner.end?.from : undefined;
  return to !== undefined && to > lineEnd ? { from: from + 1, to } : null;
});

/** The language for an editor. */
export function openscad(): LanguageSupport {
  return new LanguageSupport(openscadLanguage, foldBrackets);
}

function restOfComment(stream: StringStream, state: ModeState): string {
  // A comment such as `/* [Size] */` opens a group of the customizer.
  const isGroup = /^\s*\/\*\s*\[[^\]]*\]\s*\*\/\s*$/.test(stream.string);
  if (stream.match(/^.*?\*\//)) state.inside = "code";
  else stream.skipToEnd();
  return isGroup ? "heading" : "blockComment";
}

function restOfString(stream: StringStream, state: ModeState): string {
  if (stream.match(/^(?:[^"\\]|\\.)*"/)) state.inside = "code";
  else stream.skipToEnd();
  return "string";
}

function wordStyle(word: string, stream: StringStream, state: ModeState): string {
  const { defining } = state;
  state.defining = undefined;
  if (KEYWORDS.has(word)) {
    if (word === "module" || word === "function") state.defining = word;
    return "keyword";
  }
  if (ATOMS.has(word)) return "atom";
  if (defining !== undefined) return "definition";
  if (word.startsWith("$")) return SPECIAL_NAMES.has(word) ? "special" : "variableName";
  const isCall = stream.match(/^\s*\(/, false);
  if (!isCall) return stream.match(/^\s*=(?!=)/, false) ? "assigned" : "variableName";
  return MODULE_NAMES.has(word) || FUNCTION_NAMES.has(word) ? "builtin" : "call";
}

function afterInclude(line: string, position: number): boolean {
  return /\b(use|include)\s*$/.test(line.slice(0, position));
}
