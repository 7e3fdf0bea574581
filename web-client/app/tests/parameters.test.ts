import { describe, expect, it } from "vitest";
import { fromExpression, sameValue, toExpression } from "../src/parameters.js";

describe("toExpression", () => {
  it.each([
    [12.5, "12.5"],
    [true, "true"],
    ['say "hi" \\', '"say \\"hi\\" \\\\"'],
    [[1, 2.5, -3], "[1,2.5,-3]"],
  ])("writes %j as OpenSCAD", (value, expression) => {
    expect(toExpression(value)).toBe(expression);
    expect(fromExpression(expression)).toEqual(value);
  });
});

describe("fromExpression", () => {
  it.each(["", "undef", "f(2)", "null", "{}", '["a"]'])("takes no %j", (text) => {
    expect(fromExpression(text)).toBeUndefined();
  });
});

describe("sameValue", () => {
  it("tells literals apart by kind and content", () => {
    expect(sameValue([1, 2], [1, 2])).toBe(true);
    expect(sameValue(1, "1")).toBe(false);
    expect(sameValue([1], 1)).toBe(false);
  });
});
