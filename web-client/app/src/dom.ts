/** Makes DOM elements in one expression. */

import { type IconName, icon } from "./icons.js";

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes and children. `true` sets an attribute without a value; `false` and `undefined` leave it out. */
export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** How a button looks and what it does. */
export interface ButtonOptions {
  /** Read by screen readers and shown as the tooltip; also shown on the button unless it has an icon only. */
  readonly label: string;
  readonly icon?: IconName;
  readonly text?: boolean;
  readonly class?: string;
  /** For a button that stays down. */
  readonly pressed?: boolean;
  readonly onClick: (event: MouseEvent) => void;
}

/** A button with an icon, a text, or both. */
export function button(options: ButtonOptions): HTMLButtonElement {
  const { label, text = options.icon === undefined } = options;
  const made = element("button", {
    type: "button",
    class: options.class ?? "button",
    title: text ? undefined : label,
    // Also with a text: narrow windows show the icon alone.
    "aria-label": label,
    "aria-pressed": options.pressed === undefined ? undefined : String(options.pressed),
  });
  if (options.icon !== undefined) made.append(icon(options.icon));
  if (text) made.append(element("span", {}, label));
  made.addEventListener("click", options.onClick);
  return made;
}

/** Sets whether a button is down. */
export function press(target: HTMLButtonElement, pressed: boolean): void {
  target.setAttribute("aria-pressed", String(pressed));
}
