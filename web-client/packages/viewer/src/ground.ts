/**
 * What the model stands on: a grid in the plane z = 0 that fades out and keeps its density at any zoom, and the axes.
 */

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DoubleSide,
  Group,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  PlaneGeometry,
  ShaderMaterial,
  Vector2,
  type Vector3,
} from "three";

/** The usual colours of X, Y and Z, softened to sit beside the model. */
export const AXIS_COLORS = { x: "#e5484d", y: "#3fa35b", z: "#4a7fe0" } as const;

/** The grid reaches this many view heights from the middle. Picked by hand: the fade hides its end. */
const GRID_REACH = 2.2;

const GRID_VERTEX = /* glsl */ `
  varying vec2 at;
  void main() {
    vec4 world = modelMatrix * vec4(position, 1.0);
    at = world.xy;
    gl_Position = projectionMatrix * viewMatrix * world;
  }
`;

// Lines are kept one pixel wide by the derivatives; the fine ones fade as they get dense.
const GRID_FRAGMENT = /* glsl */ `
  uniform vec3 color;
  uniform vec2 middle;
  uniform float reach;
  uniform float spacing;
  uniform float fine;
  varying vec2 at;

  float lines(float size) {
    vec2 cell = at / size;
    vec2 distanceInPixels = abs(fract(cell - 0.5) - 0.5) / fwidth(cell);
    return 1.0 - min(min(distanceInPixels.x, distanceInPixels.y), 1.0);
  }

  void main() {
    float strength = max(lines(spacing) * 0.12 * fine, lines(spacing * 10.0) * 0.26);
    float fade = 1.0 - smoothstep(0.1, 0.9, distance(at, middle) / reach);
    gl_FragColor = vec4(color, strength * fade);
    #include <colorspace_fragment>
  }
`;

/** The grid and the axes. */
export class Ground {
  readonly root = new Group();
  readonly #grid: Mesh<PlaneGeometry, ShaderMaterial>;
  readonly #uniforms = {
    color: { value: new Color() },
    middle: { value: new Vector2() },
    reach: { value: 1 },
    spacing: { value: 1 },
    fine: { value: 1 },
  };
  readonly #axes: LineSegments<BufferGeometry, LineBasicMaterial>;

  constructor() {
    this.#grid = new Mesh(
      new PlaneGeometry(2, 2),
      new ShaderMaterial({
        vertexShader: GRID_VERTEX,
        fragmentShader: GRID_FRAGMENT,
        transparent: true,
        depthWrite: false,
        side: DoubleSide,
        uniforms: this.#uniforms,
      }),
    );
    // Before everything else: the model covers the grid, and what is translucent is laid over it.
    this.#grid.renderOrder = -2;
    this.#grid.frustumCulled = false;
    this.#axes = createAxes();
    this.#axes.renderOrder = -1;
    this.root.add(this.#grid, this.#axes);
  }

  get gridVisible(): boolean {
    return this.#grid.visible;
  }

  set gridVisible(visible: boolean) {
    this.#grid.visible = visible;
  }

  get axesVisible(): boolean {
    return this.#axes.visible;
  }

  set axesVisible(visible: boolean) {
    this.#axes.visible = visible;
  }

  setColor(color: string): void {
    this.#uniforms.color.value.set(color);
  }

  /** Follows the camera: `viewHeight` is how many model units the view is high at `target`. */
  update(target: Vector3, viewHeight: number): void {
    const reach = viewHeight * GRID_REACH;
    const level = Math.log10(viewHeight / 20);
    this.#uniforms.middle.value.set(target.x, target.y);
    this.#uniforms.reach.value = reach;
    this.#uniforms.spacing.value = 10 ** Math.floor(level);
    this.#uniforms.fine.value = 1 - (level - Math.floor(level));
    this.#grid.position.set(target.x, target.y, 0);
    this.#grid.scale.set(reach, reach, 1);
    this.#axes.scale.setScalar(reach);
  }

  dispose(): void {
    for (const object of [this.#grid, this.#axes]) {
      object.geometry.dispose();
      object.material.dispose();
    }
    this.root.removeFromParent();
  }
}

/** The positive half of each axis strong, the negative half faint. */
function createAxes(): LineSegments<BufferGeometry, LineBasicMaterial> {
  const positions: number[] = [];
  const colors: number[] = [];
  for (const [axis, name] of (["x", "y", "z"] as const).entries()) {
    const { r, g, b } = new Color(AXIS_COLORS[name]);
    for (const [end, alpha] of [
      [1, 0.9],
      [-1, 0.25],
    ] as const) {
      const tip = [0, 0, 0];
      tip[axis] = end;
      positions.push(0, 0, 0, ...tip);
      colors.push(r, g, b, alpha, r, g, b, alpha);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(positions), 3));
  geometry.setAttribute("color", new BufferAttribute(new Float32Array(colors), 4));
  const material = new LineBasicMaterial({ vertexColors: true, transparent: true });
  const axes = new LineSegments(geometry, material);
  axes.frustumCulled = false;
  return axes;
}
