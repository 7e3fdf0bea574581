/**
 * The source editor: CodeMirror in a shadow root, with one state per open file.
 *
 * In a shadow root CodeMirror puts its styles into constructed style sheets, so the page can forbid inline styles.
 */

import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import type { Diagnostic } from "@scadstream/client";
import { completion } from "./completion.js";
import { openscad } from "./openscad-mode.js";
import { marksFor, offsetOf } from "./problems.js";
import { editorTheme } from "./theme.js";

/** Edits the text files of a document, one at a time. */
export class Editor {
  readonly #view: EditorView;
  readonly #states = new Map<string, EditorState>();
  readonly #onChange: (name: string) => void;
  readonly #darkness = new Compartment();
  #name = "";
  #dark = false;
  #messages: readonly Diagnostic[] = [];

  /** `onChange` is called with the file's name whenever the user changed its text. */
  constructor(host: HTMLElement, onChange: (name: string) => void) {
    this.#onChange = onChange;
    const root = host.attachShadow({ mode: "open" });
    this.#view = new EditorView({ root, parent: root });
    this.#view.dom.style.height = "100%";
  }

  /** Name of the file that is shown. */
  get name(): string {
    return this.#name;
  }

  /** The present text of a file that was opened. */
  textOf(name: string): string | undefined {
    return this.#stateOf(name)?.doc.toString();
  }

  /** Shows a file; `text` is taken only when it was not open before. */
  open(name: string, text: string): void {
    this.#keepState();
    this.#name = name;
    this.#view.setState(this.#states.get(name) ?? this.#createState(text));
    this.#view.dispatch({ effects: this.#darkness.reconfigure(darkTheme(this.#dark)) });
    this.#mark();
  }

  /** Replaces the text of the file that is shown, as an edit that can be undone. */
  replace(text: string): void {
    const { doc } = this.#view.state;
    this.#view.dispatch({
      changes: { from: 0, to: doc.length, insert: text },
      selection: { anchor: 0 },
      scrollIntoView: true,
    });
  }

  /** Forgets a file and its history. */
  close(name: string): void {
    this.#states.delete(name);
  }

  /** Gives a file another name, keeping its history. */
  rename(from: string, to: string): void {
    this.#keepState();
    const state = this.#states.get(from);
    if (state === undefined) return;
    this.#states.delete(from);
    this.#states.set(to, state);
    if (this.#name === from) this.#name = to;
  }

  /** Marks the lines that the messages are about. */
  showMessages(messages: readonly Diagnostic[]): void {
    this.#messages = messages;
    this.#mark();
  }

  /** Puts the cursor at a line and column, in view. */
  goTo(line: number, column: number): void {
    const at = offsetOf(this.#view.state.doc, line, column);
    this.#view.dispatch({
      selection: { anchor: at },
      effects: EditorView.scrollIntoView(at, { y: "center" }),
    });
    this.#view.focus();
  }

  focus(): void {
    this.#view.focus();
  }

  set dark(dark: boolean) {
    this.#dark = dark;
    this.#view.dispatch({ effects: this.#darkness.reconfigure(darkTheme(dark)) });
  }

  #mark(): void {
    const marks = marksFor(this.#messages, this.#name, this.#view.state.doc);
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
  }

  #keepState(): void {
    if (this.#name !== "") this.#states.set(this.#name, this.#view.state);
  }

  #stateOf(name: string): EditorState | undefined {
    return name === this.#name ? this.#view.state : this.#states.get(name);
  }

  #createState(text: string): EditorState {
    const reportChange = EditorView.updateListener.of((update) => {
      if (update.docChanged) this.#onChange(this.#name);
    });
    return EditorState.create({
      doc: text,
      extensions: [
        extensions(),
        this.#darkness.of(darkTheme(this.#dark)),
        EditorView.contentAttributes.of(() => ({ "aria-label": `Source of ${this.#name}` })),
        reportChange,
      ],
    });
  }
}

function extensions(): Extension {
  return [
    lineNumbers(),
    foldGutter({ openText: "⌄", closedText: "›" }),
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    rectangularSelection(),
    crosshairCursor(),
    indentUnit.of("    "),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    completion(),
    highlightSelectionMatches(),
    openscad(),
    editorTheme(),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...lintKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
  ];
}

function darkTheme(dark: boolean): Extension {
  return EditorView.darkTheme.of(dark);
}
