/** The page's icons: strokes on a 24 × 24 grid in the colour of the text around them. */

const PATHS = {
  open: "M4 19V6a1 1 0 0 1 1-1h5l2 2h7a1 1 0 0 1 1 1v2M4 19l2.6-8.3a1 1 0 0 1 1-.7H21l-2.7 8.3a1 1 0 0 1-1 .7z",
  save: "M5 4h11l4 4v11a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8 4v5h7V4M8 20v-6h8v6",
  share:
    "M8.5 13.3l7 4.1m0-10.8-7 4.1M18 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm12 6.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  export: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  theme: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  help: "M9.2 9a2.9 2.9 0 1 1 4.3 2.5c-.9.5-1.5 1.2-1.5 2.2v.3m0 3v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  sliders: "M5 5v5m0 4v5M12 5v9m0 4v1M19 5v1m0 4v9M3 12h4m3 4h4m3-8h4",
  fit: "M4 9V5a1 1 0 0 1 1-1h4m6 0h4a1 1 0 0 1 1 1v4m0 6v4a1 1 0 0 1-1 1h-4m-6 0H5a1 1 0 0 1-1-1v-4M12 9.5v5m-2.5-2.5h5",
  iso: "M12 3 4 7.5v9L12 21l8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  front: "M5 5h14v14H5z",
  top: "M12 4 3 9l9 5 9-5zM3 14l9 5 9-5",
  right: "M7 5l10 4v11L7 16z",
  perspective: "M8 6h8l4 13H4zM6.8 11h10.4M12 6v13",
  edges:
    "M4.5 7.5v9L12 21M4.5 7.5 12 3l7.5 4.5v9L12 21m0-9v9m0-9L4.5 7.5M12 12l7.5-4.5M3 7.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0m15 0a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0m-7.5 4.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0",
  grid: "M4 9h16M4 15h16M9 4v16m6-16v16",
  section: "M4 16 14 20V10L4 6zm10 4 6-4V6l-6 4M4 6l6-3.5L20 6M9 2v20",
  measure: "M3 15.5 15.5 3 21 8.5 8.5 21zM7 12l2 2m1-5 3 3m0-6 2 2",
  camera:
    "M4 8h3l1.5-2.5h7L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zm8 8.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  close: "M6 6l12 12M18 6 6 18",
  chevron: "m6 9 6 6 6-6",
  reset: "M4 5v5h5M4.6 10A8 8 0 1 1 4 13.5",
  plus: "M12 5v14M5 12h14",
  error: "M12 8v5m0 3v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  warning:
    "M12 9v4.5m0 3v.01M10.3 4.2 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z",
  echo: "m5 7 5 5-5 5m7 1h7",
  trash:
    "M5 7h14M10 11v6m4-6v6M7 7l1 12a1 1 0 0 0 1 1h6a1 1 0 0 0 1-1l1-12M9.5 7V5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v2",
} as const;

/** An icon's name. */
export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon. It is hidden from screen readers: what holds it has a label. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
