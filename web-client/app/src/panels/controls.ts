/** The customizer's controls, one for each kind of widget. */

import type { Parameter, ParameterValue, Widget } from "@scadstream/client";
import { element } from "../dom.js";
import { sameValue } from "../parameters.js";

type OnInput<T> = (value: T) => void;

/** A control for `parameter` that shows `value`. The element that its label belongs to has the id `id`. */
export function createControl(
  { widget, initial }: Parameter,
  value: ParameterValue,
  id: string,
  onInput: OnInput<ParameterValue>,
): HTMLElement {
  if (widget.type === "drop-down") return dropDown(widget.choices, value, id, onInput);
  if (typeof value === "boolean") return checkBox(value, id, onInput);
  if (typeof value === "string") return textBox(widget, value, id, onInput);
  if (typeof value === "number") return number(widget, value, Number(initial), id, onInput);
  return vector(widget, value, initial, id, onInput);
}

function checkBox(value: boolean, id: string, onInput: OnInput<boolean>): HTMLElement {
  const box = element("input", { type: "checkbox", class: "switch", role: "switch", id });
  box.checked = value;
  box.addEventListener("input", () => onInput(box.checked));
  return box;
}

function textBox(widget: Widget, value: string, id: string, onInput: OnInput<string>): HTMLElement {
  const maxlength = widget.type === "text-box" ? widget.maxLength : undefined;
  const box = element("input", { type: "text", class: "field", id, maxlength });
  box.value = value;
  box.addEventListener("input", () => onInput(box.value));
  return box;
}

function dropDown(
  choices: readonly { readonly value: ParameterValue; readonly label: string }[],
  value: ParameterValue,
  id: string,
  onInput: OnInput<ParameterValue>,
): HTMLElement {
  const select = element("select", { class: "field", id });
  for (const [index, choice] of choices.entries()) {
    const option = element("option", { value: index }, choice.label);
    option.selected = sameValue(choice.value, value);
    select.append(option);
  }
  select.addEventListener("input", () => {
    const choice = choices[select.selectedIndex];
    if (choice !== undefined) onInput(choice.value);
  });
  return select;
}

/** A slider with a field beside it, or a field alone. */
function number(
  widget: Widget,
  value: number,
  initial: number,
  id: string,
  onInput: OnInput<number>,
): HTMLElement {
  const isSlider = widget.type === "slider";
  const step =
    (isSlider || widget.type === "spin-box" ? widget.step : undefined) ?? stepFor(initial);
  const field = element("input", { type: "number", class: "field number", step: "any", id });
  field.value = String(value);
  if (!isSlider) {
    field.step = String(step);
    field.addEventListener("input", () => reportNumber(field, onInput));
    return field;
  }
  const { min, max } = widget;
  const slider = element("input", { type: "range", class: "slider", min, max, step, id });
  field.removeAttribute("id");
  field.setAttribute("aria-label", "Value");
  const fill = () => {
    const share = max > min ? (Number(slider.value) - min) / (max - min) : 0;
    slider.style.setProperty("--fill", `${share * 100}%`);
  };
  slider.value = String(value);
  fill();
  slider.addEventListener("input", () => {
    field.value = slider.value;
    fill();
    onInput(Number(slider.value));
  });
  field.addEventListener("input", () => {
    slider.value = field.value;
    fill();
    reportNumber(field, onInput);
  });
  return element("div", { class: "slider-row" }, slider, field);
}

function vector(
  widget: Widget,
  value: readonly number[],
  initial: ParameterValue,
  id: string,
  onInput: OnInput<readonly number[]>,
): HTMLElement {
  const numbers = [...value];
  const fields = numbers.map((component, index) => {
    const start = Array.isArray(initial) ? Number(initial[index]) : component;
    const fieldId = index === 0 ? id : `${id}-${index}`;
    return number(widget, component, start, fieldId, (next) => {
      numbers[index] = next;
      onInput([...numbers]);
    });
  });
  return element("div", { class: "vector", role: "group" }, ...fields);
}

/** A field that is being typed into holds no number for a moment; the model waits for one. */
function reportNumber(field: HTMLInputElement, onInput: OnInput<number>): void {
  if (field.value !== "" && Number.isFinite(field.valueAsNumber)) onInput(field.valueAsNumber);
}

/** Whole numbers step by one, others by a tenth of their last digit's place value, at least 0.01. */
function stepFor(initial: number): number {
  if (Number.isInteger(initial)) return 1;
  const decimals = String(initial).split(".")[1]?.length ?? 1;
  return Math.max(10 ** -decimals, 0.01);
}
