/**
 * How parts look: one shared material per colour and modifier, for faces and for edges.
 *
 * Normals are not sent; the fragment shader takes them from the derivatives of the position, which gives OpenSCAD's
 * flat facets. Back faces are painted in one unlit colour: in a closed solid cut by the section plane they are seen
 * exactly where the cut is, so the cut looks capped without a second pass.
 */

import {
  Color,
  DoubleSide,
  FrontSide,
  LinearSRGBColorSpace,
  LineBasicMaterial,
  type Material,
  MeshStandardMaterial,
  type Plane,
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
}

/** What decides a look. */
export interface LookSource {
  readonly kind: PartKind;
  readonly color: Rgba | undefined;
}

/** Makes looks on demand, and disposes those that nothing uses any more. */
export class Materials {
  readonly #looks = new Map<string, Look>();
  readonly #inside = { value: new Color(LIGHT_COLORS.inside) };
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
    this.#inside.value.set(colors.inside);
    for (const look of this.#looks.values()) look.edges.color.set(colors.edge);
  }

  /** Cuts everything at these planes; none shows the whole model. */
  setClippingPlanes(planes: Plane[]): void {
    this.#planes = planes;
    for (const look of this.#looks.values()) {
      clip(look.faces, planes);
      clip(look.edges, planes);
    }
  }

  /** How many looks are alive: for tests and diagnostics. */
  get size(): number {
    return this.#looks.size;
  }

  dispose(): void {
    this.keepOnly([]);
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
      // Solid faces step back a little, so that edges and highlights that lie on them are not hidden by rounding.
      polygonOffset: !translucent,
      polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
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
    });
    clip(faces, this.#planes);
    clip(edges, this.#planes);
    return { faces, edges, translucent };
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
