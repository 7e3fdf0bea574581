/** The status bar: what is going on, and the facts of what is shown. */

import { element } from "../dom.js";
import { formatBytes, formatCount, formatDuration, formatNumber } from "../format.js";

/** What the page is at, from the user's point of view. Also the value of `data-state` on the page's root. */
export type State =
  | "connecting"
  | "queued"
  | "rendering"
  | "coarse"
  | "exact"
  | "failed"
  | "offline";

const STATE_TEXTS: Record<State, string> = {
  connecting: "Connecting",
  queued: "Waiting",
  rendering: "Rendering",
  coarse: "Refining",
  exact: "Exact",
  failed: "Error",
  offline: "Offline",
};

/** How far the server is. */
export interface ProgressFacts {
  readonly stage: string;
  /** From 0 to 1; `undefined` while it is not known. */
  readonly fraction: number | undefined;
  readonly line: number | undefined;
}

/** Facts of a result. */
export interface ResultFacts {
  readonly triangles: number;
  readonly vertices: number;
  readonly volume: number;
  readonly size: readonly [number, number, number] | undefined;
  readonly isFlat: boolean;
  readonly area: number;
  readonly bytes: number;
}

/** Times since the edit, in milliseconds; what has not happened yet is left out. */
export interface Times {
  readonly firstPictureMs: number | undefined;
  readonly exactMs: number | undefined;
}

/** The server's memory. */
export interface PressureFacts {
  readonly level: "low" | "moderate" | "high" | "critical";
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** What a render will need, which is more than it may have. */
export interface ForecastFacts {
  readonly neededBytes: number;
  readonly limitBytes: number;
}

/** The bar at the foot of the page. */
export class StatusBar {
  readonly element: HTMLElement;
  readonly #state = element("span", { class: "state-text" });
  readonly #work = element("span", { class: "work" });
  readonly #forecast = element("span", { class: "forecast" });
  readonly #bar = element("progress", { class: "progress", max: 1, "aria-label": "Progress" });
  readonly #facts = element("dl", { class: "facts" });
  readonly #times = element("dl", { class: "facts times" });
  readonly #gauge = element("meter", { class: "gauge", min: 0, max: 1, high: 0.75, optimum: 0 });
  readonly #gaugeText = element("span", { class: "gauge-text" });
  readonly #memory: HTMLElement;

  constructor() {
    this.#memory = element(
      "div",
      { class: "memory", hidden: true },
      element("span", { class: "fact-name" }, "Server memory"),
      this.#gauge,
      this.#gaugeText,
    );
    this.element = element(
      "footer",
      { class: "status-bar" },
      element(
        "div",
        { class: "state", role: "status" },
        element("span", { class: "state-dot" }),
        this.#state,
        this.#work,
        this.#forecast,
      ),
      this.#bar,
      this.#facts,
      this.#times,
      this.#memory,
    );
    this.setState("connecting");
  }

  setState(state: State, detail = ""): void {
    this.element.dataset.state = state;
    this.#state.textContent = STATE_TEXTS[state];
    this.#work.textContent = detail;
    const busy = state === "queued" || state === "rendering" || state === "coarse";
    this.#bar.hidden = !busy;
    if (!busy) this.#bar.removeAttribute("value");
  }

  setProgress({ stage, fraction, line }: ProgressFacts): void {
    this.#work.textContent = line === undefined ? stage : `${stage}, line ${line}`;
    if (fraction === undefined) this.#bar.removeAttribute("value");
    else this.#bar.value = fraction;
  }

  setForecast(forecast: ForecastFacts | undefined): void {
    this.#forecast.textContent =
      forecast === undefined
        ? ""
        : `needs about ${formatBytes(forecast.neededBytes)}, limit ${formatBytes(forecast.limitBytes)}: reduced detail may be shown`;
  }

  setResult(facts: ResultFacts | undefined): void {
    if (facts === undefined) {
      this.#facts.replaceChildren();
      return;
    }
    const { size, isFlat } = facts;
    const measure = isFlat
      ? fact("Area", `${formatNumber(facts.area)} mm²`)
      : fact("Volume", formatVolume(facts.volume));
    this.#facts.replaceChildren(
      fact("Triangles", formatCount(facts.triangles)),
      fact("Vertices", formatCount(facts.vertices)),
      ...(size === undefined ? [] : [fact("Size", `${size.map(formatNumber).join(" × ")} mm`)]),
      measure,
      fact("Received", formatBytes(facts.bytes)),
    );
  }

  setTimes({ firstPictureMs, exactMs }: Times): void {
    this.#times.replaceChildren(
      ...(firstPictureMs === undefined
        ? []
        : [fact("First picture", formatDuration(firstPictureMs))]),
      ...(exactMs === undefined ? [] : [fact("Exact", formatDuration(exactMs))]),
    );
  }

  setPressure({ level, usedBytes, limitBytes }: PressureFacts): void {
    this.#memory.hidden = limitBytes === 0;
    this.#memory.dataset.level = level;
    const share = limitBytes === 0 ? 0 : usedBytes / limitBytes;
    this.#gauge.value = share;
    this.#gaugeText.textContent = `${Math.round(share * 100)} %`;
    this.#memory.title = `The server uses ${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}; pressure is ${level}.`;
  }
}

function fact(name: string, value: string): HTMLElement {
  return element("div", { class: "fact" }, element("dt", {}, name), element("dd", {}, value));
}

/** OpenSCAD has no units; makers read millimetres, and cubic centimetres from a thousand cubic millimetres on. */
function formatVolume(volume: number): string {
  return volume >= 1000 ? `${formatNumber(volume / 1000)} cm³` : `${formatNumber(volume)} mm³`;
}
