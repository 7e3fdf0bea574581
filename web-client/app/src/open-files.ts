/** The files of the open document: their tabs, the editor that shows one of them, and their place in storage. */

import type { Diagnostic, Place } from "@scadstream/client";
import { element } from "./dom.js";
import { Editor } from "./editor/editor.js";
import { formatBytes } from "./format.js";
import { type Content, isText, type ModelDocument, storeDocument } from "./model-document.js";
import { FileTabs } from "./panels/file-tabs.js";

/** The document is stored after a pause of this length: storing at every key would be felt in long documents. */
const STORE_PAUSE_MS = 500;

/** Holds the document. */
export class OpenFiles {
  readonly tabs: HTMLElement;
  readonly area: HTMLElement;
  readonly editor: Editor;
  readonly #tabs: FileTabs;
  readonly #editorHost = element("div", { class: "editor" });
  readonly #bytesNote = element("p", { class: "bytes-note", hidden: true });
  readonly #onChange: () => void;
  readonly #files = new Map<string, Content>();
  #main: string;
  #selected: string;
  #storeTimer: ReturnType<typeof setTimeout> | undefined;

  /** `onChange` is called at every change of what would be rendered. */
  constructor(initial: ModelDocument, onChange: () => void) {
    this.#onChange = onChange;
    this.#tabs = new FileTabs({
      select: (name) => this.select(name),
      remove: (name) => this.#remove(name),
      rename: (from, to) => this.#rename(from, to),
      add: () => this.add([[this.#freeName("part.scad"), ""]]),
    });
    this.tabs = this.#tabs.element;
    this.area = element("div", { class: "editor-area" }, this.#editorHost, this.#bytesNote);
    this.editor = new Editor(this.#editorHost, (name) => this.#edited(name));
    for (const [name, content] of initial.files) this.#files.set(name, content);
    this.#main = initial.main;
    this.#selected = initial.main;
    this.select(initial.main);
  }

  /** The document as it is now. */
  get document(): ModelDocument {
    return { main: this.#main, files: new Map(this.#files) };
  }

  /** Content of the main file. */
  get mainText(): string {
    const content = this.#files.get(this.#main);
    return typeof content === "string" ? content : "";
  }

  /** The files with the main file first. */
  inOrder(): { name: string; content: Content }[] {
    const names = this.#names();
    return names.map((name) => ({ name, content: this.#files.get(name) ?? "" }));
  }

  /** Adds files beside the main file, in place of those of the same name. */
  add(files: Iterable<readonly [name: string, content: Content]>): void {
    let last = this.#selected;
    for (const [name, content] of files) {
      this.#files.set(name, content);
      this.editor.close(name);
      last = name;
    }
    this.select(last);
    this.#changed();
  }

  /** Opens another main file in place of the present one, as an edit that can be undone. */
  openMain(name: string, text: string): void {
    this.select(this.#main);
    this.#rename(this.#main, name);
    this.editor.replace(text);
  }

  /** Shows a file. */
  select(name: string): void {
    const content = this.#files.get(name);
    if (content === undefined) return;
    this.#selected = name;
    const isEditable = typeof content === "string";
    this.#editorHost.hidden = !isEditable;
    this.#bytesNote.hidden = isEditable;
    if (isEditable) this.editor.open(name, content);
    else {
      const statement = /\.(ttf|otf)$/i.test(name) ? "use" : "import";
      const line = statement === "use" ? `use <${name}>` : `import("${name}");`;
      this.#bytesNote.replaceChildren(
        element("strong", {}, name),
        element("span", {}, `${formatBytes(content.length)}, for `),
        element("code", {}, line),
      );
    }
    this.#tabs.show(this.#names(), name);
  }

  /** Shows a place in the source; false when its file is not one of the document's. */
  goTo({ file, line, column }: Place): boolean {
    if (typeof this.#files.get(file) !== "string") return false;
    if (file !== this.#selected) this.select(file);
    this.editor.goTo(line, column);
    return true;
  }

  /** Marks what the messages are about. */
  showMessages(messages: readonly Diagnostic[]): void {
    this.editor.showMessages(messages);
  }

  #names(): string[] {
    const others = [...this.#files.keys()].filter((name) => name !== this.#main);
    return [this.#main, ...others];
  }

  #edited(name: string): void {
    const text = this.editor.textOf(name);
    if (text === undefined || text === this.#files.get(name)) return;
    this.#files.set(name, text);
    this.#changed();
  }

  #remove(name: string): void {
    if (name === this.#main || !this.#files.delete(name)) return;
    this.editor.close(name);
    this.select(this.#selected === name ? this.#main : this.#selected);
    this.#changed();
  }

  #rename(from: string, to: string): void {
    const content = this.#files.get(from);
    if (content === undefined || from === to) return;
    const free = this.#files.has(to) ? this.#freeName(to) : to;
    // What was edited as text stays text: its name alone does not make it bytes.
    if (typeof content === "string" && !isText(free)) {
      this.#tabs.show(this.#names(), this.#selected);
      return;
    }
    this.#files.delete(from);
    this.#files.set(free, content);
    this.editor.rename(from, free);
    if (this.#main === from) this.#main = free;
    this.select(this.#selected === from ? free : this.#selected);
    this.#changed();
  }

  #freeName(wished: string): string {
    const dot = wished.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [wished.slice(0, dot), wished.slice(dot)] : [wished, ""];
    let name = wished;
    for (let count = 2; this.#files.has(name); count++) name = `${stem}_${count}${extension}`;
    return name;
  }

  #changed(): void {
    clearTimeout(this.#storeTimer);
    this.#storeTimer = setTimeout(() => storeDocument(this.document), STORE_PAUSE_MS);
    this.#onChange();
  }
}
