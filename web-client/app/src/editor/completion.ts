/** Completion: OpenSCAD's own names and those that the document defines. */

import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import {
  ATOMS,
  type Builtin,
  FUNCTIONS,
  KEYWORDS,
  MODULES,
  SPECIAL_VARIABLES,
} from "./vocabulary.js";

const OWN_NAME =
  /(?:\b(module|function)\s+([A-Za-z_]\w*)\s*(\([^)]*\))?)|(?:^[ \t]*([$A-Za-z_]\w*)\s*=(?!=))/gm;
/** Searching a longer document for names at every keystroke would be felt. Picked by hand. */
const MAX_SEARCHED = 200_000;

const BUILTINS: readonly Completion[] = [
  ...[...KEYWORDS].map((label) => ({ label, type: "keyword" })),
  ...[...ATOMS].map((label) => ({ label, type: "constant" })),
  ...MODULES.map((builtin) => ({ ...described(builtin), type: "class" })),
  ...FUNCTIONS.map((builtin) => ({ ...described(builtin), type: "function" })),
  ...SPECIAL_VARIABLES.map((builtin) => ({ ...described(builtin), type: "variable" })),
];

/** The completion extension. */
export function completion(): Extension {
  return autocompletion({ override: [complete], icons: false });
}

function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[$A-Za-z_]\w*/);
  if (word === null && !context.explicit) return null;
  const from = word?.from ?? context.pos;
  const lineStart = context.state.doc.lineAt(from).from;
  if (/\/\/|"[^"]*$/.test(context.state.sliceDoc(lineStart, from))) return null;
  const text = context.state.sliceDoc(0, MAX_SEARCHED);
  return { from, options: [...ownNames(text, word?.text), ...BUILTINS], validFor: /^[$\w]*$/ };
}

/** The modules, functions and variables that `text` defines, but for the word being typed. */
export function ownNames(text: string, typing?: string): Completion[] {
  const names = new Map<string, Completion>();
  for (const [, keyword, defined, parameters = "", assigned] of text.matchAll(OWN_NAME)) {
    const label = defined ?? assigned;
    if (label === undefined || (label === typing && assigned !== undefined)) continue;
    const type = keyword === "module" ? "class" : (keyword ?? "variable");
    const detail = parameters.replace(/\s+/g, " ");
    names.set(label, { label, type, detail, boost: 1 });
  }
  return [...names.values()];
}

function described({ name, signature, about }: Builtin): Completion {
  return { label: name, detail: signature, info: about };
}
