import type { Parameter } from "@scadstream/client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Customizer } from "../src/panels/customizer.js";

const parameter = (
  name: string,
  initial: Parameter["initial"],
  widget: Parameter["widget"],
): Parameter => ({
  name,
  caption: `about ${name}`,
  group: "Size",
  initial,
  widget,
});

const PARAMETERS: readonly Parameter[] = [
  parameter("width", 10, { type: "slider", min: 5, max: 50, step: 5 }),
  parameter("depth", 1.5, { type: "spin-box", step: undefined }),
  parameter("lid", true, { type: "check-box" }),
  parameter("label", "hi", { type: "text-box", maxLength: 8 }),
  parameter("holes", [1, 2], { type: "spin-box", step: 1 }),
  parameter("kind", "a", {
    type: "drop-down",
    choices: [
      { value: "a", label: "First" },
      { value: 7, label: "Second" },
    ],
  }),
];

let onChange: ReturnType<typeof vi.fn<() => void>>;
let customizer: Customizer;

beforeEach(() => {
  onChange = vi.fn<() => void>();
  customizer = new Customizer(onChange);
  customizer.show(PARAMETERS);
});

/** Moves the control of a parameter as its user would. */
function set(id: string, value: string | boolean): void {
  const control = customizer.element.querySelector(`#parameter-${id}`);
  if (control instanceof HTMLInputElement && typeof value === "boolean") control.checked = value;
  else if (control instanceof HTMLSelectElement) control.selectedIndex = Number(value);
  else if (control instanceof HTMLInputElement) control.value = String(value);
  else throw new Error(`no control for ${id}`);
  control.dispatchEvent(new Event("input"));
}

describe("the customizer", () => {
  it("is hidden until there is a parameter", () => {
    const empty = new Customizer(onChange);
    expect(empty.element.hidden).toBe(true);
    empty.show(PARAMETERS);
    expect(empty.element.hidden).toBe(false);
    empty.show([]);
    expect(empty.element.hidden).toBe(true);
  });

  it("overrides nothing until a control is moved", () => {
    expect(customizer.overrides).toEqual(new Map());
    expect(onChange).not.toHaveBeenCalled();
  });

  it.each<[id: string, value: string | boolean, name: string, expression: string]>([
    ["width", "25", "width", "25"],
    ["depth", "2.25", "depth", "2.25"],
    ["lid", false, "lid", "false"],
    ["label", "ho", "label", '"ho"'],
    ["holes-1", "5", "holes", "[1,5]"],
    ["kind", "1", "kind", "7"],
  ])("turns %s set to %s into an override", (id, value, name, expression) => {
    set(id, value);
    expect(customizer.overrides).toEqual(new Map([[name, expression]]));
    expect(onChange).toHaveBeenCalledOnce();
  });

  it("drops an override that is moved back, or that the source has taken over", () => {
    set("width", "25");
    set("width", "10");
    expect(customizer.overrides.size).toBe(0);
    set("width", "25");
    customizer.show([parameter("width", 25, { type: "slider", min: 5, max: 50, step: 5 })]);
    expect(customizer.overrides.size).toBe(0);
  });

  it("leaves the controls alone while the parameters are the same", () => {
    const before = customizer.element.querySelector("#parameter-width");
    customizer.show(structuredClone(PARAMETERS) as Parameter[]);
    expect(customizer.element.querySelector("#parameter-width")).toBe(before);
  });

  it("waits for a number while a field is being typed into", () => {
    set("depth", "");
    expect(onChange).not.toHaveBeenCalled();
  });

  it("takes the values of a link, and nothing that is no value", () => {
    const linked = new Customizer(onChange);
    linked.preset({ width: "30", depth: "rands(0, 1, 1)" });
    linked.show(PARAMETERS);
    expect(linked.overrides).toEqual(new Map([["width", "30"]]));
  });

  it("goes back to the source's values", () => {
    set("width", "25");
    customizer.element.querySelector<HTMLButtonElement>(".panel-header button")?.click();
    expect(customizer.overrides.size).toBe(0);
    expect(customizer.element.querySelector<HTMLInputElement>("#parameter-width")?.value).toBe(
      "10",
    );
  });

  it("labels every control", () => {
    const labels = [...customizer.element.querySelectorAll("label")];
    expect(labels).toHaveLength(PARAMETERS.length);
    for (const label of labels) {
      expect(customizer.element.querySelector(`#${label.htmlFor}`), label.htmlFor).not.toBeNull();
    }
  });
});
