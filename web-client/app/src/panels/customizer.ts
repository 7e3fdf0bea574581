/**
 * The customizer: a control for each parameter that the document offers.
 *
 * It keeps only the values that differ from the source, as overrides; a control that is moved back, or whose default
 * in the source changes to the same value, has none.
 */

import type { Parameter, ParameterValue } from "@scadstream/client";
import { button, element } from "../dom.js";
import { fromExpression, sameValue, toExpression } from "../parameters.js";
import { createControl } from "./controls.js";

/** Shows parameters and tells when the user sets one. */
export class Customizer {
  readonly element: HTMLElement;
  readonly #body = element("div", { class: "customizer-body" });
  readonly #reset: HTMLButtonElement;
  readonly #onChange: () => void;
  readonly #values = new Map<string, ParameterValue>();
  #parameters: readonly Parameter[] = [];
  #shape = "";

  /** `onChange` is called at every move of a control. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#reset = button({
      label: "Back to the values in the source",
      icon: "reset",
      class: "button icon-button",
      onClick: () => {
        this.clear();
        this.#onChange();
      },
    });
    this.element = element(
      "section",
      { class: "customizer", "aria-label": "Customizer", hidden: true },
      element("header", { class: "panel-header" }, element("h2", {}, "Customizer"), this.#reset),
      this.#body,
    );
  }

  /** Values that win over the source's, by parameter name, as OpenSCAD expressions. */
  get overrides(): ReadonlyMap<string, string> {
    return new Map([...this.#values].map(([name, value]) => [name, toExpression(value)]));
  }

  /** Shows the parameters of the newest revision. Controls stay as they are unless the parameters changed. */
  show(parameters: readonly Parameter[]): void {
    this.#parameters = parameters;
    const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
    for (const [name, value] of this.#values) {
      const parameter = byName.get(name);
      if (parameter === undefined || sameValue(parameter.initial, value)) this.#values.delete(name);
    }
    // Rebuilding would take the control out of the hand that drags it.
    this.element.hidden = parameters.length === 0;
    const shape = JSON.stringify(parameters);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#build();
  }

  /** Takes the source's values again. */
  clear(): void {
    this.#values.clear();
    this.#build();
  }

  /** Sets values as they come with a link; expressions that no control could have made are left out. */
  preset(expressions: Readonly<Record<string, string>>): void {
    for (const [name, expression] of Object.entries(expressions)) {
      const value = fromExpression(expression);
      if (value !== undefined) this.#values.set(name, value);
    }
  }

  #build(): void {
    const groups = new Map<string, HTMLElement[]>();
    for (const parameter of this.#parameters) {
      const rows = groups.get(parameter.group) ?? [];
      rows.push(this.#row(parameter));
      groups.set(parameter.group, rows);
    }
    this.#body.replaceChildren(
      ...Array.from(groups, ([name, rows]) =>
        element(
          "details",
          { class: "parameter-group", open: true },
          element("summary", {}, name),
          ...rows,
        ),
      ),
    );
    this.#update();
  }

  #row(parameter: Parameter): HTMLElement {
    const id = `parameter-${parameter.name}`;
    const row = element("div", { class: "parameter" });
    const value = this.#values.get(parameter.name) ?? parameter.initial;
    const control = createControl(parameter, value, id, (next) => {
      if (sameValue(next, parameter.initial)) this.#values.delete(parameter.name);
      else this.#values.set(parameter.name, next);
      row.classList.toggle("changed", this.#values.has(parameter.name));
      this.#update();
      this.#onChange();
    });
    row.classList.toggle("changed", this.#values.has(parameter.name));
    const label = element(
      "label",
      { for: id, title: parameter.caption || undefined },
      parameter.name.replaceAll("_", " "),
    );
    row.append(label, control);
    if (parameter.caption !== "") {
      row.append(element("p", { class: "parameter-caption" }, parameter.caption));
    }
    return row;
  }

  #update(): void {
    this.#reset.disabled = this.#values.size === 0;
  }
}
