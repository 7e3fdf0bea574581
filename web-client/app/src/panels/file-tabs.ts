/** The tabs above the editor: the main file, and the files that it includes or imports. */

import { button, element } from "../dom.js";

/** What the tabs tell. */
export interface FileTabEvents {
  select(name: string): void;
  remove(name: string): void;
  rename(from: string, to: string): void;
  add(): void;
}

/** Shows a tab for each file. */
export class FileTabs {
  readonly element = element("div", { class: "tabs", role: "tablist", "aria-label": "Files" });
  readonly #events: FileTabEvents;

  constructor(events: FileTabEvents) {
    this.#events = events;
  }

  /** Shows these files; the first is the main file and cannot be removed. */
  show(names: readonly string[], selected: string): void {
    const tabs = names.map((name, index) => this.#tab(name, name === selected, index > 0));
    const add = button({
      label: "New file",
      icon: "plus",
      class: "button icon-button tab-add",
      onClick: () => this.#events.add(),
    });
    this.element.replaceChildren(...tabs, add);
  }

  #tab(name: string, selected: boolean, removable: boolean): HTMLElement {
    const title = element("span", { class: "tab-name" }, name);
    const tab = element(
      "div",
      {
        class: "tab",
        role: "tab",
        tabindex: selected ? 0 : -1,
        "aria-selected": String(selected),
        title: `${name} (double click to rename)`,
      },
      title,
    );
    tab.addEventListener("click", () => this.#events.select(name));
    tab.addEventListener("dblclick", () => this.#rename(title, name));
    tab.addEventListener("keydown", (event) => this.#onKey(event, tab, title, name));
    if (removable) {
      const close = button({
        label: `Remove ${name}`,
        icon: "close",
        class: "button icon-button tab-close",
        onClick: (event) => {
          event.stopPropagation();
          this.#events.remove(name);
        },
      });
      tab.append(close);
    }
    return tab;
  }

  #onKey(event: KeyboardEvent, tab: HTMLElement, title: HTMLElement, name: string): void {
    if (event.target !== tab) return;
    const next = event.key === "ArrowRight" ? tab.nextElementSibling : tab.previousElementSibling;
    if (event.key === "F2") this.#rename(title, name);
    else if (event.key === "Enter" || event.key === " ") this.#events.select(name);
    else if (
      (event.key === "ArrowRight" || event.key === "ArrowLeft") &&
      next instanceof HTMLElement
    ) {
      next.focus();
    } else return;
    event.preventDefault();
  }

  #rename(title: HTMLElement, name: string): void {
    const field = element("input", { class: "tab-field", "aria-label": "Name of the file" });
    field.value = name;
    title.replaceWith(field);
    field.focus();
    field.setSelectionRange(0, name.lastIndexOf(".") > 0 ? name.lastIndexOf(".") : name.length);
    let done = false;
    const finish = (accept: boolean) => {
      // Taking the field away takes its focus, which ends the renaming once more.
      if (done) return;
      done = true;
      field.replaceWith(title);
      const next = field.value.trim();
      if (accept && next !== "" && next !== name) this.#events.rename(name, next);
    };
    field.addEventListener("blur", () => finish(true));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    });
  }
}
