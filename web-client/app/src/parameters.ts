/** Customizer values as OpenSCAD expressions. JSON's literals are OpenSCAD's too. */

import type { ParameterValue } from "@scadstream/client";

/** A value as an OpenSCAD expression. */
export function toExpression(value: ParameterValue): string {
  return JSON.stringify(value);
}

/** The value of an expression that {@link toExpression} made, or `undefined` for any other text. */
export function fromExpression(expression: string): ParameterValue | undefined {
  let value: unknown;
  try {
    value = JSON.parse(expression);
  } catch {
    return undefined;
  }
  if (Array.isArray(value))
    return value.every((entry) => typeof entry === "number") ? value : undefined;
  const isScalar =
    typeof value === "number" || typeof value === "boolean" || typeof value === "string";
  return isScalar ? (value as ParameterValue) : undefined;
}

/** Whether two values are the same literal. */
export function sameValue(a: ParameterValue, b: ParameterValue): boolean {
  return toExpression(a) === toExpression(b);
}
