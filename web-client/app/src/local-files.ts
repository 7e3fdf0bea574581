/** Opening and saving files on the user's machine. */

import { element } from "./dom.js";

/** How long an address of a saved file is kept. Far longer than any browser takes to read it; picked by hand. */
const RELEASE_AFTER_MS = 60_000;

/** Lets the user choose files to open; empty when none was chosen. */
export function chooseFiles(): Promise<File[]> {
  return new Promise((resolve) => {
    const input = element("input", { type: "file", multiple: true });
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

/** Hands a file to the browser to save, where and how its user has set. */
export function saveFile(name: string, content: BlobPart, type = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: url, download: name }).click();
  // Browsers read the address some time after the click, and say not when.
  setTimeout(() => URL.revokeObjectURL(url), RELEASE_AFTER_MS);
}
