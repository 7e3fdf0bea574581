/** The console: what the model says (ECHO) and what is wrong with it, each a link to its line. */

import type { Diagnostic, Place, Severity } from "@scadstream/client";
import { button, element } from "../dom.js";
import { icon } from "../icons.js";

const PREFIXES: Partial<Record<Severity, string>> = {
  error: "ERROR",
  warning: "WARNING",
  deprecated: "DEPRECATED",
  echo: "ECHO",
  trace: "TRACE",
};

/** More lines than this would slow the page down; the server suppresses repeats, so what is left out is rarely missed. */
const MAX_LINES = 500;

/** Shows the messages of one revision. */
export class Console {
  readonly element: HTMLElement;
  readonly #list = element("ol", { class: "console-lines" });
  readonly #summary = element("span", { class: "console-summary" });
  readonly #onJump: (place: Place) => void;

  /** `onJump` is called when a message's place is clicked. */
  constructor(onJump: (place: Place) => void) {
    this.#onJump = onJump;
    const toggle = button({
      label: "Show or hide the console",
      icon: "chevron",
      class: "button icon-button console-toggle",
      onClick: () => {
        const hidden = this.element.classList.toggle("collapsed");
        toggle.setAttribute("aria-expanded", String(!hidden));
      },
    });
    toggle.setAttribute("aria-expanded", "true");
    this.element = element(
      "section",
      { class: "console", "aria-label": "Console" },
      element(
        "header",
        { class: "panel-header" },
        element("h2", {}, "Console"),
        this.#summary,
        toggle,
      ),
      this.#list,
    );
    this.#list.tabIndex = 0;
    this.#list.setAttribute("aria-label", "Messages");
    this.#list.setAttribute("aria-live", "polite");
    this.show([]);
  }

  /** Shows these messages instead of the ones before. */
  show(messages: readonly Diagnostic[]): void {
    const lines = messages.slice(0, MAX_LINES).map((message) => this.#line(message));
    if (messages.length > MAX_LINES) {
      const more = `… and ${messages.length - MAX_LINES} more`;
      lines.push(element("li", { class: "console-line note" }, more));
    }
    if (lines.length === 0) {
      lines.push(element("li", { class: "console-empty" }, "Nothing to report."));
    }
    this.#list.replaceChildren(...lines);
    this.#summarize(messages);
  }

  #line({ severity, message, place, hints }: Diagnostic): HTMLLIElement {
    const prefix = PREFIXES[severity];
    const line = element("li", { class: `console-line ${severity}` });
    if (severity === "error" || severity === "warning") line.append(icon(severity));
    else if (severity === "deprecated") line.append(icon("warning"));
    else if (severity === "echo") line.append(icon("echo"));
    const body = element("span", { class: "console-text" });
    if (prefix !== undefined) body.append(element("strong", {}, prefix), " ");
    body.append(message);
    for (const hint of hints) body.append(element("span", { class: "console-hint" }, hint));
    line.append(body);
    if (place !== undefined) {
      line.append(
        button({
          label: `${place.file}:${place.line}`,
          class: "console-place",
          onClick: () => this.#onJump(place),
        }),
      );
    }
    return line;
  }

  #summarize(messages: readonly Diagnostic[]): void {
    const count = (...severities: Severity[]) =>
      messages.filter(({ severity }) => severities.includes(severity)).length;
    const badge = (kind: string, number: number) =>
      element("span", { class: `badge ${kind}` }, `${number} ${kind}${number === 1 ? "" : "s"}`);
    const errors = count("error");
    const warnings = count("warning", "deprecated");
    this.#summary.replaceChildren(
      ...(errors > 0 ? [badge("error", errors)] : []),
      ...(warnings > 0 ? [badge("warning", warnings)] : []),
    );
  }
}
