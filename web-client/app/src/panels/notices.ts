/** What the page says about itself: a banner that stays until it no longer holds, and a toast that goes by itself. */

import { element } from "../dom.js";

/** How long a toast stays. Long enough to read two short sentences. */
const TOAST_MS = 6000;

/** The banner and the toast. */
export class Notices {
  readonly banner = element("div", { class: "banner", role: "alert", hidden: true });
  readonly toast = element("output", { class: "toast", hidden: true });
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Shows a line above the page. */
  showBanner(text: string): void {
    this.banner.textContent = text;
    this.banner.hidden = false;
  }

  hideBanner(): void {
    this.banner.hidden = true;
  }

  /** Shows a line over the page for a while. */
  say(text: string): void {
    clearTimeout(this.#timer);
    this.toast.textContent = text;
    this.toast.hidden = false;
    this.#timer = setTimeout(() => {
      this.toast.hidden = true;
    }, TOAST_MS);
  }
}
