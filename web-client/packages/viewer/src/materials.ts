/**
 * How parts look: one shared material per colour and modifier, for faces and for edges.
 *
 * Normals are not sent; the fragment shader takes them from the derivatives of the position, which gives OpenSCAD's
 * flat facets. Back faces are painted in one unlit colour: in a closed solid cut by the section plane they are seen
 * exactly where the cut is, so the cut looks capped.
 */

import {
  BackSide,
  Color,
  DoubleSide,
  EqualStencilFunc,
  FrontSide,
  LinearSRGBColorSpace,
  LineBasicMaterial,
  type Material,
  type MaterialParameters,
  MeshBasicMaterial,
  MeshStandardMaterial,
  type Plane,
  ReplaceStencilOp,
  SRGBColorSpace,
} from "three";
import type { PartKind, Rgba } from "./scene.js";

/** OpenSCAD's colour of an object without `color()`. */
export const DEFAULT_COLOR = "#f9d72c";

/** OpenSCAD's colours where the model names none: `#` is translucent pink, `%` translucent grey. */
const DEFAULTS: Record<PartKind, Rgba> = {
  solid: rgba(DEFAULT_COLOR, 1),
  flat: rgba(DEFAULT_COLOR, 1),
  highlight: rgba("#ff5151", 0.5),
  background: rgba("#b4b4b4", 0.35),
};

/** What the stencil says of a pixel: whether the nearest surface there is the cap of a cut. */
const OFF_CAP = 0;
const ON_CAP = 1;

/** Faces step back a little, so that edges and highlights that lie on them are not hidden by rounding. */
const STEPPED_BACK = { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 };

/** Whichever surface is nearest at a pixel in the end has left its mark. */
function markedInStencil(mark: number): MaterialParameters {
  return { stencilWrite: true, stencilZPass: ReplaceStencilOp, stencilRef: mark };
}

/** The colours that depend on the page's theme. */
export interface ViewColors {
  /** Feature edges. */
  readonly edge: string;
  /** Insides: the section's cut, and faces that are inside out. */
  readonly inside: string;
  readonly grid: string;
}

export const LIGHT_COLORS: ViewColors = { edge: "#1d2430", inside: "#c2483f", grid: "#5b6577" };
export const DARK_COLORS: ViewColors = { edge: "#10141b", inside: "#d8635a", grid: "#93a0b8" };

/** The materials of one look. */
export interface Look {
  readonly faces: MeshStandardMaterial;
  readonly edges: LineBasicMaterial;
  readonly translucent: boolean;
  /** Opaque and closed: its inside can only be seen where it is cut. */
  readonly solid: boolean;
}

/** What decides a look. */
export interface LookSource {
  readonly kind: PartKind;
  readonly color: Rgba | undefined;
}

/** Makes looks on demand, and disposes those that nothing uses any more. */
export class Materials {
  readonly #looks = new Map<string, Look>();
  /**
   * The back faces alone, for solids that are cut: they mark their pixels in the stencil, and edges, which would show
   * through the cap from the far inside, are not drawn there.
   */
  readonly caps = new MeshBasicMaterial({
    ...STEPPED_BACK,
    ...markedInStencil(ON_CAP),
    color: LIGHT_COLORS.inside,
    side: BackSide,
  });
  readonly #inside = { value: this.caps.color };
  #edgeColor = LIGHT_COLORS.edge;
  #planes: Plane[] = [];

  /** The look for `source`; equal sources share one. */
  lookOf(source: LookSource): Look {
    const key = lookKey(source);
    const known = this.#looks.get(key);
    if (known !== undefined) return known;
    const look = this.#createLook(source.kind, appearance(source));
    this.#looks.set(key, look);
    return look;
  }

  /** Disposes every look that none of `sources` has. */
  keepOnly(sources: Iterable<LookSource>): void {
    const used = new Set(Array.from(sources, lookKey));
    for (const [key, look] of this.#looks) {
      if (used.has(key)) continue;
      disposeLook(look);
      this.#looks.delete(key);
    }
  }

  setColors(colors: ViewColors): void {
    this.#edgeColor = colors.edge;
    this.caps.color.set(colors.inside);
    for (const look of this.#looks.values()) look.edges.color.set(colors.edge);
  }

  /** Cuts everything at these planes; none shows the whole model. */
  setClippingPlanes(planes: Plane[]): void {
    this.#planes = planes;
    clip(this.caps, planes);
    for (const look of this.#looks.values()) cut(look, planes);
  }

  /** How many looks are alive: for tests and diagnostics. */
  get size(): number {
    return this.#looks.size;
  }

  dispose(): void {
    this.keepOnly([]);
    this.caps.dispose();
  }

  #createLook(kind: PartKind, { color, opacity }: Appearance): Look {
    const translucent = opacity < 1;
    const faces = new MeshStandardMaterial({
      color,
      opacity,
      flatShading: true,
      roughness: 0.62,
      metalness: 0,
      transparent: translucent,
      depthWrite: !translucent,
      side: translucent && kind !== "flat" ? FrontSide : DoubleSide,
      ...(translucent ? {} : STEPPED_BACK),
      ...markedInStencil(OFF_CAP),
    });
    if (kind === "solid") {
      faces.onBeforeCompile = (shader) => {
        Object.assign(shader.uniforms, { insideColor: this.#inside });
        shader.fragmentShader = paintInside(shader.fragmentShader);
      };
      faces.customProgramCacheKey = () => "painted inside";
    }
    const edges = new LineBasicMaterial({
      color: this.#edgeColor,
      transparent: true,
      opacity: translucent ? 0.35 : 0.8,
      stencilWrite: true,
      stencilFunc: EqualStencilFunc,
      stencilRef: OFF_CAP,
    });
    const look = { faces, edges, translucent, solid: kind === "solid" && !translucent };
    cut(look, this.#planes);
    return look;
  }
}

/** The key under which a look is shared: what is drawn the same has the same key. */
export function lookKey({ kind, color }: LookSource): string {
  return `${kind} ${color?.join(",") ?? "default"}`;
}

interface Appearance {
  readonly color: Color;
  readonly opacity: number;
}

function appearance({ kind, color }: LookSource): Appearance {
  const [r, g, b, opacity] = color ?? DEFAULTS[kind];
  return { color: new Color().setRGB(r, g, b, SRGBColorSpace), opacity };
}

function paintInside(fragmentShader: string): string {
  return fragmentShader
    .replace("void main() {", "uniform vec3 insideColor;\nvoid main() {")
    .replace(
      "#include <colorspace_fragment>",
      "if (!gl_FrontFacing) gl_FragColor.rgb = insideColor;\n#include <colorspace_fragment>",
    );
}

function cut({ faces, edges, solid }: Look, planes: Plane[]): void {
  clip(faces, planes);
  clip(edges, planes);
  // Of a solid that is cut the caps are the back faces.
  if (solid) faces.side = planes.length > 0 ? FrontSide : DoubleSide;
}

function clip(material: Material, planes: Plane[]): void {
  // The number of planes is compiled into the shader.
  if (material.clippingPlanes?.length !== planes.length) material.needsUpdate = true;
  material.clippingPlanes = planes;
}

function disposeLook({ faces, edges }: Look): void {
  faces.dispose();
  edges.dispose();
}

function rgba(hex: string, opacity: number): Rgba {
  const { r, g, b } = new Color().setStyle(hex, LinearSRGBColorSpace);
  return [r, g, b, opacity];
}
