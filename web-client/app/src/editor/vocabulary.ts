/** OpenSCAD's own names, with what the editor tells about them. */

/** A builtin's name, its parameters, and a line about it. */
export interface Builtin {
  readonly name: string;
  readonly signature: string;
  readonly about: string;
}

/** Reserved words of the grammar. */
export const KEYWORDS = new Set([
  "module",
  "function",
  "if",
  "else",
  "for",
  "intersection_for",
  "let",
  "each",
  "assert",
  "echo",
  "use",
  "include",
]);

/** Constants. */
export const ATOMS = new Set(["true", "false", "undef", "PI"]);

/** Special variables that OpenSCAD sets or reads. */
export const SPECIAL_VARIABLES: readonly Builtin[] = [
  ["$fn", "fragments of a circle; over 0 it overrides $fa and $fs"],
  ["$fa", "largest angle of a fragment, in degrees"],
  ["$fs", "smallest length of a fragment"],
  ["$t", "time of the animation, 0 to 1"],
  ["$children", "how many children the module was given"],
  ["$preview", "true in a preview, false in the exact result"],
  ["$parent_modules", "depth of the module stack"],
  ["$vpr", "rotation of the view"],
  ["$vpt", "point that the view turns about"],
  ["$vpd", "distance of the view"],
  ["$vpf", "field of view"],
].map(([name = "", about = ""]) => ({ name, signature: "", about }));

/** Builtin modules. */
export const MODULES: readonly Builtin[] = list([
  ["cube", "(size = 1, center = false)", "a box"],
  ["sphere", "(r = 1 | d)", "a ball"],
  ["cylinder", "(h = 1, r | d, r1, r2, center = false)", "a cylinder or cone"],
  ["polyhedron", "(points, faces)", "a solid from points and faces"],
  ["square", "(size = 1, center = false)", "a rectangle"],
  ["circle", "(r = 1 | d)", "a disc"],
  ["polygon", "(points, paths)", "a flat shape from points"],
  ["text", "(text, size = 10, font, halign, valign)", "letters as flat shapes"],
  ["linear_extrude", "(height, center, twist, scale, slices)", "pulls a flat shape up along Z"],
  ["rotate_extrude", "(angle = 360, start)", "turns a flat shape about Z"],
  ["translate", "(v)", "moves its children"],
  ["rotate", "(a, v)", "turns its children, in degrees"],
  ["scale", "(v)", "stretches its children"],
  ["resize", "(newsize, auto = false)", "stretches its children to a size"],
  ["mirror", "(v)", "mirrors its children"],
  ["multmatrix", "(m)", "transforms its children by a matrix"],
  ["color", "(c, alpha)", "paints its children"],
  ["offset", "(r | delta, chamfer = false)", "grows or shrinks a flat shape"],
  ["hull", "()", "the convex hull of its children"],
  ["minkowski", "()", "the Minkowski sum of its children"],
  ["union", "()", "its children as one"],
  ["difference", "()", "its first child without the others"],
  ["intersection", "()", "what its children have in common"],
  ["projection", "(cut = false)", "the shadow or slice of a solid"],
  ["render", "(convexity)", "forces exact evaluation"],
  ["fill", "()", "a flat shape without its holes"],
  ["roof", "(method)", "a roof over a flat shape"],
  ["surface", "(file, center, invert)", "a height map"],
  ["import", "(file, layer, center, dpi)", "a model or drawing from a file"],
  ["children", "(index)", "the children of the module"],
  ["group", "()", "its children together"],
  ["intersection_for", "(variable = list)", "what the passes have in common"],
]);

/** Builtin functions. */
export const FUNCTIONS: readonly Builtin[] = list([
  ["abs", "(x)", "the value without its sign"],
  ["sign", "(x)", "-1, 0 or 1"],
  ["sin", "(degrees)", "sine"],
  ["cos", "(degrees)", "cosine"],
  ["tan", "(degrees)", "tangent"],
  ["asin", "(x)", "arc sine in degrees"],
  ["acos", "(x)", "arc cosine in degrees"],
  ["atan", "(x)", "arc tangent in degrees"],
  ["atan2", "(y, x)", "the angle of a point in degrees"],
  ["floor", "(x)", "the whole number below"],
  ["ceil", "(x)", "the whole number above"],
  ["round", "(x)", "the nearest whole number"],
  ["ln", "(x)", "natural logarithm"],
  ["log", "(x)", "logarithm to base 10"],
  ["exp", "(x)", "e to the power x"],
  ["pow", "(base, exponent)", "power"],
  ["sqrt", "(x)", "square root"],
  ["min", "(a, b, ...)", "the least"],
  ["max", "(a, b, ...)", "the greatest"],
  ["norm", "(v)", "the length of a vector"],
  ["cross", "(a, b)", "the cross product"],
  ["len", "(list | string)", "how many elements"],
  ["concat", "(a, b, ...)", "lists joined"],
  ["lookup", "(key, table)", "a value from a table, interpolated"],
  ["search", "(what, where)", "where values are found"],
  ["str", "(a, b, ...)", "values as text"],
  ["chr", "(code)", "a character from its number"],
  ["ord", "(character)", "the number of a character"],
  ["rands", "(min, max, count, seed)", "random numbers"],
  ["is_undef", "(x)", "whether x is undef"],
  ["is_bool", "(x)", "whether x is true or false"],
  ["is_num", "(x)", "whether x is a number"],
  ["is_string", "(x)", "whether x is a string"],
  ["is_list", "(x)", "whether x is a list"],
  ["is_function", "(x)", "whether x is a function"],
  ["version", "()", "the version as [year, month, day]"],
  ["version_num", "()", "the version as a number"],
  ["parent_module", "(level)", "the name of a calling module"],
  ["textmetrics", "(text, size, font)", "the size of a text"],
  ["fontmetrics", "(size, font)", "the size of a font"],
  ["dxf_dim", "(file, layer, name)", "a dimension of a drawing"],
  ["dxf_cross", "(file, layer)", "a crossing of a drawing"],
]);

function list(entries: readonly (readonly [string, string, string])[]): Builtin[] {
  return entries.map(([name, signature, about]) => ({ name, signature, about }));
}
