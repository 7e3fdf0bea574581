/**
 * The enumerations of the protocol that later versions may extend.
 *
 * On the wire they are numbers; here they are names. A number that this version has no name for becomes
 * `unknown-<number>` and is written back as that number.
 */

/** A value of an enumeration, or one that this version does not know. */
export type Open<Names extends readonly string[]> = Names[number] | `unknown-${number}`;

export const CODECS = ["raw", "meshopt", "meshopt-grid"] as const;
/** How a chunk's payload is written. */
export type Codec = Open<typeof CODECS>;

export const DETAILS = ["preview", "exact", "both"] as const;
/** Which pictures a render asks for: a coarse one, the exact one, or the coarse one first if the exact takes long. */
export type Detail = Open<typeof DETAILS>;

export const LEVELS = ["coarse", "exact"] as const;
/** How good a scene is. */
export type Level = Open<typeof LEVELS>;

export const PART_KINDS = ["solid", "highlight", "background", "flat"] as const;
/** What a part is in the picture: a solid, marked with `#`, marked with `%`, or a 2D shape at z = 0. */
export type PartKind = Open<typeof PART_KINDS>;

export const SEVERITIES = ["error", "warning", "deprecated", "echo", "trace", "note"] as const;
/** The group of a message about the model. */
export type Severity = Open<typeof SEVERITIES>;

export const STAGES = ["parse", "evaluate", "solve", "chunk", "encode"] as const;
/** What the server is at. */
export type Stage = Open<typeof STAGES>;

export const PRESSURE_LEVELS = ["low", "moderate", "high", "critical"] as const;
/** How much of its memory the server uses. */
export type PressureLevel = Open<typeof PRESSURE_LEVELS>;

export const EXPORT_FORMATS = [
  "stl-binary",
  "stl-ascii",
  "off",
  "obj",
  "3mf",
  "glb",
  "amf",
  "svg",
  "dxf",
  "pdf",
  "csg",
  "ast",
  "echo",
  "param",
  "png",
] as const;
/** What kind of file an export asks for. */
export type ExportFormat = Open<typeof EXPORT_FORMATS>;

export const FAILURE_CODES = [
  "internal",
  "syntax",
  "evaluation",
  "geometry",
  "memory-limit",
  "time-limit",
  "worker-lost",
  "cancelled",
  "superseded",
  "protocol",
  "overloaded",
  "unsupported-format",
  "unsupported-version",
  "too-large",
  "unauthorised",
  "gone",
  "file",
  "upload",
  "shutting-down",
] as const;
/** Why the server could not do something. */
export type FailureCode = Open<typeof FAILURE_CODES>;

/** The name of a number. */
export function nameOf<const Names extends readonly string[]>(
  names: Names,
  number: number,
): Open<Names> {
  return names[number] ?? `unknown-${number}`;
}

/** The number of a name, or `undefined` when it is not one. */
export function numberOf<const Names extends readonly string[]>(
  names: Names,
  name: Open<Names>,
): number | undefined {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  const digits = /^unknown-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
