/** Debian's Chromium with WebGL drawn by the processor, and what the tests do with a page. */

import { chromium } from "playwright-core";
import { PNG } from "pngjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-background-networking",
  "--no-first-run",
  "--disable-component-update",
  "--disable-sync",
];
/** Long enough for the first picture on a busy machine without a graphics card. */
export const PICTURE_TIMEOUT_MS = 60_000;

export function launchBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * Opens the editor page in a context of its own, so that nothing stored by another test is there.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {() => void} [beforehand] runs in the page before its own scripts
 */
export async function openEditor(browser, url, options = {}, beforehand = undefined) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    reducedMotion: "reduce",
    ...options,
  });
  if (beforehand) await context.addInitScript(beforehand);
  const page = await context.newPage();
  page.setDefaultTimeout(PICTURE_TIMEOUT_MS);
  /** What went wrong in the page, by its own account. */
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/**
 * Waits until the page is at one of `states` (`data-state` on its root element).
 *
 * @param {import("playwright-core").Page} page
 * @param {...string} states
 */
export async function waitForState(page, ...states) {
  await page.waitForFunction(
    (expected) => expected.includes(document.documentElement.dataset.state ?? ""),
    states,
  );
}

/**
 * Replaces the text in the editor, as if it was pasted.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
export async function paste(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

/**
 * Replaces the text in the editor key by key.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
export async function type(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

/**
 * The share of the view's pixels, from 0 to 1, whose hue is within 12 degrees of `hueDeg` and whose saturation is at
 * least `minSaturation`. Light and shade change neither much.
 *
 * @param {import("playwright-core").Page} page
 * @param {number} hueDeg
 * @param {number} [minSaturation]
 * @param {string} [view] selects the view
 */
export async function shareOfHue(page, hueDeg, minSaturation = 0.5, view = ".canvas-host") {
  const { data } = PNG.sync.read(await page.locator(view).first().screenshot());
  let hits = 0;
  for (let at = 0; at < data.length; at += 4) {
    const { hue, saturation } = hueOf(data[at], data[at + 1], data[at + 2]);
    const apart = Math.abs(((hue - hueDeg + 540) % 360) - 180);
    if (apart <= 12 && saturation >= minSaturation) hits++;
  }
  return hits / (data.length / 4);
}

/** Hue in degrees and saturation from 0 to 1 of a colour of three bytes. */
function hueOf(r, g, b) {
  const most = Math.max(r, g, b);
  const chroma = most - Math.min(r, g, b);
  if (chroma === 0) return { hue: 0, saturation: 0 };
  const sector =
    most === r
      ? ((g - b) / chroma + 6) % 6
      : most === g
        ? (b - r) / chroma + 2
        : (r - g) / chroma + 4;
  return { hue: sector * 60, saturation: chroma / most };
}

/**
 * The value of a fact in the status bar.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function fact(page, name) {
  const text = await page
    .locator(".fact", { has: page.locator(`dt:text-is("${name}")`) })
    .locator("dd")
    .textContent();
  return (text ?? "").replace(/\s/g, " ");
}

/**
 * Waits until the model shown has this size.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} size such as `20 × 10 × 5`
 */
export async function waitForSize(page, size) {
  await page.locator(".fact dd", { hasText: `${size} mm` }).waitFor();
}

/**
 * Waits until the chunks that the page keeps in its database are others than `before`, and returns their hashes.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} before
 */
export async function keptChunks(page, before) {
  // Not `waitForFunction`: to that, the promise of an asynchronous function is an answer.
  for (let round = 0; round < 100; round += 1) {
    const hashes = await page.evaluate(readKeptChunks);
    if (hashes !== "" && hashes !== before) return hashes;
    await page.waitForTimeout(100);
  }
  throw new Error("the page has kept no other chunks");
}

/** Runs in the page. */
async function readKeptChunks() {
  const answer = (request) =>
    new Promise((resolve) => {
      request.onsuccess = () => resolve(request.result);
    });
  // Opened only when it is there: opening makes it.
  if ((await indexedDB.databases()).length === 0) return "";
  const database = await answer(indexedDB.open("scadstream"));
  const keys = await answer(database.transaction("chunks").objectStore("chunks").getAllKeys());
  database.close();
  return keys.join(" ");
}

/**
 * Runs in the page before its own scripts: canvases keep what was drawn, so that it can be read between two drawings, and
 * `watchFrames(hueDeg)` notes from then on, at every frame, which pixels of the view have that hue.
 */
export function frameWatcher() {
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, attributes) {
    const kept = kind === "2d" ? attributes : { ...attributes, preserveDrawingBuffer: true };
    return getContext.call(this, kind, kept);
  };
  window.watchFrames = (hueDeg) => {
    const [width, height] = [144, 90];
    const small = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    window.framesSeen = [];
    const look = () => {
      requestAnimationFrame(look);
      small.clearRect(0, 0, width, height);
      small.drawImage(document.querySelector(".canvas-host canvas"), 0, 0, width, height);
      const { data } = small.getImageData(0, 0, width, height);
      let pixels = "";
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
        // As `hueOf`, for the one sector that yellow and orange are in.
        const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
        const hue = most === r && g >= b ? (60 * (g - b)) / (most - least) : Number.NaN;
        const hits = Math.abs(hue - hueDeg) <= 12 && most - least >= most / 2;
        pixels += hits ? "1" : "0";
      }
      const { state } = document.documentElement.dataset;
      const last = window.framesSeen.at(-1);
      if (last?.pixels !== pixels || last.state !== state)
        window.framesSeen.push({ state, pixels });
    };
    look();
  };
}

/**
 * What `watchFrames` noted from the first coarse picture on: the pixels that have the hue both in its first frame and in
 * the last, and the share of them that has it in each frame between.
 *
 * @param {import("playwright-core").Page} page
 */
export async function framesOfPictures(page) {
  const seen = await page.evaluate(() => window.framesSeen);
  const frames = seen.slice(seen.findIndex(({ state }) => state === "coarse"));
  const [begin, end] = [frames[0].pixels, frames.at(-1).pixels];
  const common = [...begin].flatMap((pixel, at) => (pixel === "1" && end[at] === "1" ? [at] : []));
  const shares = frames.map(
    ({ pixels }) => common.filter((at) => pixels[at] === "1").length / common.length,
  );
  return { states: frames.map(({ state }) => state), shares, common: common.length };
}
