/** The orientation gizmo: three axes that turn with the camera, each end a button that looks along it. */

import { AXIS_COLORS, type ViewPreset } from "@scadstream/viewer";

type Quaternion = readonly [x: number, y: number, z: number, w: number];

interface Tip {
  readonly direction: readonly [number, number, number];
  readonly label: string;
  readonly title: string;
  readonly color: string;
  readonly preset: ViewPreset;
}

const TIPS: readonly Tip[] = [
  { direction: [1, 0, 0], label: "X", title: "Right", color: AXIS_COLORS.x, preset: "right" },
  { direction: [0, 1, 0], label: "Y", title: "Back", color: AXIS_COLORS.y, preset: "back" },
  { direction: [0, 0, 1], label: "Z", title: "Top", color: AXIS_COLORS.z, preset: "top" },
  { direction: [-1, 0, 0], label: "", title: "Left", color: AXIS_COLORS.x, preset: "left" },
  { direction: [0, -1, 0], label: "", title: "Front", color: AXIS_COLORS.y, preset: "front" },
  { direction: [0, 0, -1], label: "", title: "Bottom", color: AXIS_COLORS.z, preset: "bottom" },
];

const SVG = "http://www.w3.org/2000/svg";
/** Of the drawing, from the middle to the tips. */
const ARM = 34;

/** The gizmo as an SVG drawing. */
export class Gizmo {
  readonly element = document.createElementNS(SVG, "svg");
  readonly #tips: { tip: Tip; group: SVGGElement; line: SVGLineElement }[];

  /** `onPick` is called with the view that a tip stands for. */
  constructor(onPick: (preset: ViewPreset) => void) {
    this.element.setAttribute("viewBox", "-48 -48 96 96");
    this.element.setAttribute("class", "gizmo");
    // For the pointer only: the tool bar and the keys do the same.
    this.element.setAttribute("aria-hidden", "true");
    this.#tips = TIPS.map((tip) => {
      const line = make("line", { stroke: tip.color, "stroke-width": 2.5 });
      const group = make("g", { class: "gizmo-tip" });
      const title = make("title", {});
      title.textContent = tip.title;
      const isPositive = tip.label !== "";
      group.append(
        title,
        make("circle", {
          r: isPositive ? 9.5 : 6.5,
          fill: tip.color,
          "fill-opacity": isPositive ? 1 : 0.28,
        }),
      );
      if (isPositive) {
        const text = make("text", { "text-anchor": "middle", dy: "0.36em" });
        text.textContent = tip.label;
        group.append(text);
      } else {
        line.setAttribute("visibility", "hidden");
      }
      group.addEventListener("click", () => onPick(tip.preset));
      this.element.append(line, group);
      return { tip, group, line };
    });
  }

  /** Turns the axes as the camera sees them. */
  turn(orientation: Quaternion): void {
    const placed = this.#tips.map(({ tip, group, line }) => {
      const [x, y, depth] = rotateBack(orientation, tip.direction);
      group.setAttribute("transform", `translate(${x * ARM} ${-y * ARM})`);
      line.setAttribute("x2", String(x * ARM));
      line.setAttribute("y2", String(-y * ARM));
      return { depth, group, line };
    });
    // What is nearer is drawn later.
    placed.sort((a, b) => a.depth - b.depth);
    this.element.append(...placed.flatMap(({ line, group }) => [line, group]));
  }
}

/** `v` as seen by a camera turned by `q`: `v` turned by the inverse of `q`. */
function rotateBack(
  [qx, qy, qz, w]: Quaternion,
  [vx, vy, vz]: readonly [number, number, number],
): [number, number, number] {
  const [x, y, z] = [-qx, -qy, -qz];
  const tx = 2 * (y * vz - z * vy);
  const ty = 2 * (z * vx - x * vz);
  const tz = 2 * (x * vy - y * vx);
  return [
    vx + w * tx + (y * tz - z * ty),
    vy + w * ty + (z * tx - x * tz),
    vz + w * tz + (x * ty - y * tx),
  ];
}

function make<T extends keyof SVGElementTagNameMap>(
  tag: T,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[T] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
