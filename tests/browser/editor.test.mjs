/** The editor page in a real browser, against a real server: what its user sees. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import {
  fact,
  framesOfPictures,
  frameWatcher,
  keptChunks,
  launchBrowser,
  openEditor,
  paste,
  shareOfHue,
  type,
  waitForSize,
  waitForState,
} from "./browser.mjs";
import { canSpawn, slowLine, spawnServer, startServer } from "./server.mjs";

/** Hue of OpenSCAD's own yellow, `#f9d72c`. */
const YELLOW_DEG = 50;
const RED_DEG = 0;

let browser;
let server;

before(async () => {
  server = await startServer();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens the page, runs `body`, and fails if the page complained of anything. */
async function withEditor(body, address = "", options = {}) {
  const { page, complaints, close } = await openEditor(browser, server.url + address, options);
  try {
    await body(page);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
}

/**
 * Fails if a frame between the first picture and the last lacks what both of them show; but for a few pixels at edges,
 * which coarse forms have elsewhere.
 */
async function assertNoGap(page) {
  const { states, shares, common } = await framesOfPictures(page);
  assert.ok(common > 500, `pixels that first and last picture share: ${common}`);
  assert.ok(states.includes("coarse") && states.at(-1) === "exact", `states: ${states}`);
  assert.ok(Math.min(...shares) > 0.9, `shares of them in each frame: ${shares}`);
}

/** Keeps a picture of the page, where somebody wants such. */
const keep = async (page, name) => {
  const { SCADSTREAM_PICTURES: folder } = process.env;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
};

describe("the page", () => {
  test("opens with the sample rendered, and saves its picture when asked", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      assert.ok((await shareOfHue(page, 212, 0.3)) > 0.05, "the blue ring is there");
      assert.ok((await shareOfHue(page, 12)) > 0.02, "the red planets are there");
      assert.match(await page.locator(".console-lines").textContent(), /ratio = 3\.6/);
      const { SCADSTREAM_SCREENSHOT: path } = process.env;
      if (path) await page.screenshot({ path });
    }));

  test("loads nothing from elsewhere, and forbids it", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      const origin = new URL(server.url).origin;
      const loaded = await page.evaluate(() =>
        performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin),
      );
      assert.deepEqual([...new Set(loaded)], [origin]);
      const policy = await page
        .locator("meta[http-equiv=Content-Security-Policy]")
        .getAttribute("content");
      assert.match(policy ?? "", /default-src 'none'.*script-src 'self'.*style-src 'self'/);
    }));
});

describe("typing", () => {
  test("shows the part as it is typed", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await type(page, "cube([20, 10, 5]);");
      await waitForSize(page, "20 × 10 × 5");
      await waitForState(page, "exact");
      assert.equal(await fact(page, "Triangles"), "12");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.1, "the part is there in its colour");
      assert.ok((await shareOfHue(page, RED_DEG)) < 0.01, "the part before it is gone");
    }));

  test("marks a broken line, says why, and keeps the last good picture", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "cube(10);");
      await waitForState(page, "exact");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.1);
      await paste(page, "cube(10);\n\nsphere(;\n");
      await waitForState(page, "failed");
      assert.match(await page.locator(".console-line.error").textContent(), /:3$/);
      const marked = await page.locator(".cm-lint-marker-error").boundingBox();
      const line = await page.locator(".cm-line").nth(2).boundingBox();
      assert.ok(marked !== null && line !== null && Math.abs(marked.y - line.y) < line.height);
      // The old picture is paler, so that nobody takes it for the new one.
      assert.ok((await shareOfHue(page, YELLOW_DEG, 0.15)) > 0.1, "the last good picture is kept");
      await paste(page, "cube(10);\n\nsphere(8);\n");
      await waitForState(page, "exact");
      assert.equal(await page.locator(".console-line.error").count(), 0);
    }));

  test("a click on a message leads to its line", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, 'cube(1);\n// two\n// three\necho("here");\n');
      await page.locator(".console-line.echo", { hasText: '"here"' }).waitFor();
      await page.locator(".console-place").click();
      assert.equal(await page.locator(".cm-lineNumbers .cm-activeLineGutter").textContent(), "4");
    }));
});

describe("a model that takes long", () => {
  // Sixteen objects, each of which takes a moment.
  /** Sixteen objects that are all different; with another radius the server knows none of them from before. */
  const slow = (radius) =>
    `for (i = [0 : 15]) translate([30 * (i % 4), 30 * floor(i / 4), 0]) difference() {
  sphere(${radius} + i / 50, $fn = 110);
  translate([4, 4, 4]) sphere(11, $fn = 110);
}`;

  /** Keeps the page's picture when a folder for it is given. */

  test("is there at once, coarsely, and then exactly", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      // Written down in the page: how long each picture is there depends on the machine, and so does whether there are
      // some between, of the objects that are finished; the pipeline's tests see to these.
      await page.evaluate(() => {
        const view = document.querySelector(".view");
        const root = document.documentElement;
        window.seen = { triangles: [], states: [] };
        // With the values before each change: of several changes between two frames only the last is left to be read.
        const watch = (element, attribute, add) => {
          let isFirst = true;
          new MutationObserver((changes) => {
            // What was there when the watching began is not of this model.
            const before = changes.map((change) => change.oldValue).slice(isFirst ? 1 : 0);
            isFirst = false;
            for (const value of [...before, element.getAttribute(attribute)]) add(value);
          }).observe(element, { attributeFilter: [attribute], attributeOldValue: true });
        };
        watch(view, "data-triangles", (value) => window.seen.triangles.push(Number(value)));
        watch(root, "data-state", (value) => window.seen.states.push(value));
      });
      await paste(page, slow(13));
      await page.waitForFunction(() => window.seen.states.includes("coarse"));
      await keep(page, "first");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.05, "the first picture shows it");
      // Half way if there was time for it: some objects are exact and others coarse.
      await page.waitForFunction(
        () => window.seen.triangles.length > 1 || window.seen.states.at(-1) === "exact",
      );
      await keep(page, "half-way");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.05, "half way it is there");
      await page.waitForFunction(() => window.seen.states.at(-1) === "exact");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.05, "and at the end");
      await keep(page, "exact");
      const { triangles } = await page.evaluate(() => window.seen);
      const [first, exact] = [triangles[0], triangles.at(-1)];
      assert.ok(triangles.length > 1 && first < exact, `triangles: ${triangles}`);
    }));

  test("is never away between its pictures", async () => {
    // So slow that frames are drawn while the chunks of each picture come.
    const line = await slowLine(server.url, 2_000_000);
    const { page, complaints, close } = await openEditor(browser, line.url, {}, frameWatcher);
    try {
      await waitForState(page, "exact");
      await page.evaluate((hue) => window.watchFrames(hue), YELLOW_DEG);
      await paste(page, slow(12.5));
      await waitForState(page, "coarse");
      await waitForState(page, "exact");
      await assertNoGap(page);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
      await line.stop();
    }
  });

  test("has no more triangles than can be seen, and all of them again from near", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      // A ball of forty thousand triangles in the corner of a field, on which it is some ten pixels large.
      await paste(page, "cube([900, 900, 1]); sphere(8, $fn = 200);");
      await waitForState(page, "exact");
      await page.waitForFunction(() => {
        const { triangles } = document.querySelector(".view").dataset;
        const { drawn } = document.querySelector(".canvas-host").dataset;
        return Number(triangles) > 30_000 && Number(drawn) < Number(triangles) / 2;
      });
      await paste(page, "sphere(8, $fn = 200);");
      await waitForState(page, "exact");
      await page.waitForFunction(() => {
        const { triangles } = document.querySelector(".view").dataset;
        const { drawn } = document.querySelector(".canvas-host").dataset;
        return Number(triangles) > 30_000 && drawn === triangles;
      });
    }));

  test("is there again after the page is loaded anew, without being sent", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      const sample = await keptChunks(page, "");
      await paste(page, "cylinder(h = 20, r = 10, $fn = 120);");
      await waitForSize(page, "20 × 20 × 20");
      await waitForState(page, "exact");
      await keptChunks(page, sample);
      await page.waitForFunction(() =>
        localStorage.getItem("scadstream.document")?.includes("h = 20"),
      );
      await page.reload();
      await waitForSize(page, "20 × 20 × 20");
      await waitForState(page, "exact");
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.05, "the picture is there");
      assert.equal(await fact(page, "Received"), "0 B");
    }));
});

describe("the document", () => {
  test("is there again at the next visit", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "cylinder(h = 7, r = 3);");
      await waitForState(page, "exact");
      await page.waitForFunction(() =>
        localStorage.getItem("scadstream.document")?.includes("h = 7"),
      );
      await page.reload();
      await waitForState(page, "exact");
      assert.match(await page.locator(".cm-content").textContent(), /h = 7/);
    }));

  test("travels in a link", async () => {
    let link = "";
    await withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "cube([1, 2, 3]);");
      await page.getByRole("button", { name: "Share" }).click();
      await page.waitForFunction(() => location.hash.startsWith("#model="));
      link = new URL(page.url()).hash;
    });
    await withEditor(async (page) => {
      await waitForState(page, "exact");
      assert.equal(await fact(page, "Size"), "1 × 2 × 3 mm");
    }, link);
  });

  test("has other files that it can include", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "use <part.scad>\npart();\n");
      await page.getByRole("button", { name: "New file" }).click();
      await page.getByRole("tab", { name: "part.scad", selected: true }).waitFor();
      await paste(page, "module part() cube([4, 5, 6]);\n");
      await waitForSize(page, "4 × 5 × 6");
    }));

  test("is exported as STL", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "cube(10);");
      await waitForState(page, "exact");
      await page.locator("summary", { hasText: "Export" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: "STL for slicers, binary" }).click();
      const file = await download;
      assert.match(file.suggestedFilename(), /\.stl$/);
      const bytes = await readFile(await file.path());
      assert.equal(bytes.readUInt32LE(80), 12, "twelve triangles");
      assert.equal(bytes.length, 84 + 12 * 50);
    }));
});

describe("the customizer", () => {
  test("changes the part without changing the text", () =>
    withEditor(async (page) => {
      await waitForState(page, "exact");
      await paste(page, "/* [Size] */\n// How wide\nwidth = 10; // [5:50]\ncube([width, 4, 4]);\n");
      const slider = page.getByRole("slider", { name: "width" });
      await slider.focus();
      await slider.press("End");
      await waitForSize(page, "50 × 4 × 4");
      assert.match(await page.locator(".cm-content").textContent(), /width = 10;/);
    }));
});

/** More than a worker holds whose cells may take a megabyte. */
const LARGE = `
$fn = 40; n = 16;
difference() {
  union() {
    cube([10 * n, 10 * n, 4]);
    for (x = [5 : 10 : 10 * n], y = [5 : 10 : 10 * n]) translate([x, y, 4]) sphere(3);
  }
  for (x = [10 : 10 : 10 * n], y = [10 : 10 : 10 * n])
    translate([x, y, 0]) cylinder(h = 20, r = 1.5, center = true);
}`;

describe("a model too large to be held", () => {
  test("is seen to come, cell by cell", {
    skip: canSpawn ? false : "needs SCADSTREAM_BIN",
  }, async () => {
    const own = await spawnServer(process.env.SCADSTREAM_BIN, [], { MEMORY_CELLS_MB: "1" });
    const { page, complaints, close } = await openEditor(browser, own.url, {}, frameWatcher);
    try {
      await waitForState(page, "exact");
      await page.evaluate((hue) => window.watchFrames(hue), YELLOW_DEG);
      // Written down in the page: how long it is between two looks from here depends on the machine.
      await page.evaluate(() => {
        window.drawnMeanwhile = [];
        const element = document.querySelector("[data-drawn]");
        new MutationObserver(() => {
          if (document.documentElement.dataset.state === "coarse") {
            window.drawnMeanwhile.push(Number(element.dataset.drawn));
          }
        }).observe(element, { attributeFilter: ["data-drawn"] });
      });
      await paste(page, LARGE);
      await page.waitForFunction(() => window.drawnMeanwhile.length > 1);
      await keep(page, "growing");
      await waitForState(page, "exact");
      await keep(page, "grown");
      // What is drawn grows while the server is still solving.
      const counts = await page.evaluate(() => window.drawnMeanwhile);
      const steps = counts.filter((count, index) => count > (counts[index - 1] ?? 0));
      assert.ok(steps.length > 2, `triangles drawn meanwhile: ${counts}`);
      assert.ok((await shareOfHue(page, YELLOW_DEG)) > 0.05);
      await assertNoGap(page);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
      await own.stop();
    }
  });
});

describe("a server that goes away", () => {
  test("is told of, and the text stays", {
    skip: canSpawn ? false : "needs SCADSTREAM_BIN",
  }, async () => {
    const own = await spawnServer(process.env.SCADSTREAM_BIN);
    const { page, close } = await openEditor(browser, own.url);
    try {
      await waitForState(page, "exact");
      await paste(page, "cube(3);");
      await waitForState(page, "exact");
      await own.stop();
      await waitForState(page, "offline");
      assert.match(await page.getByRole("alert").textContent(), /connection is lost/);
      assert.match(await page.locator(".cm-content").textContent(), /cube\(3\);/);
    } finally {
      await close();
      await own.stop();
    }
  });
});
