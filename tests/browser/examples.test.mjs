/**
 * The client package's examples in a real browser, against a real server: the page without a build as it is, the React
 * component built by Vite into a page that shows two models. React is here for that alone.
 */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launchBrowser, PICTURE_TIMEOUT_MS, shareOfHue } from "./browser.mjs";
import { canSpawn, spawnServer } from "./server.mjs";

const PACKAGES = fileURLToPath(new URL("../../web-client/packages", import.meta.url));
/** Hue of OpenSCAD's own yellow, `#f9d72c`. */
const YELLOW_DEG = 50;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

let browser;

before(async () => {
  browser = await launchBrowser();
});

after(() => browser?.close());

describe("an example", { skip: canSpawn ? false : "needs a server of its own" }, () => {
  test("page without a build renders what is typed", () =>
    onPageOf(join(PACKAGES, "client"), async (address, server) => {
      const { page, complaints } = await open(`${address}/examples/page.html?server=${server}`);
      const says = (text) => page.locator("#report", { hasText: text }).waitFor();
      await says("exact:");
      await page.locator("#source").fill("cube([2, 3, 4]);");
      await says("volume 24.00");
      await page.locator("#source").fill("cube(");
      await page.waitForFunction(
        () => !document.getElementById("report").textContent.includes("volume"),
      );
      assert.deepEqual(complaints, []);
    }));

  test("component for React shows models, and their faults", { timeout: 120_000 }, async () => {
    const folder = await buildReactPage();
    try {
      await onPageOf(join(folder, "built"), async (address, server) => {
        const { page, complaints } = await open(`${address}/index.html?server=${server}`);
        const [good, faulty] = [page.locator("figure").first(), page.locator("figure").last()];
        await faulty.locator("[role=alert]").waitFor();
        while ((await shareOfHue(page, YELLOW_DEG, 0.5, "canvas")) < 0.05) {
          await page.waitForTimeout(100);
        }
        assert.equal(await good.locator("[role=alert]").count(), 0);
        assert.deepEqual(complaints, []);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Opens a page, and keeps what it complains of. */
async function open(url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PICTURE_TIMEOUT_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

/** Serves `folder`, starts a scadstream server that allows its pages, and calls `body` with both addresses. */
async function onPageOf(folder, body) {
  const files = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://page").pathname);
    try {
      const content = await readFile(join(folder, path));
      const type = TYPES[/\.\w+$/.exec(path)?.[0]] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => files.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${files.address().port}`;
  const server = await spawnServer(process.env.SCADSTREAM_BIN, ["--allow-origin", address]);
  try {
    await body(address, server.url.replace("http", "ws").concat("ws"));
  } finally {
    await server.stop();
    files.closeAllConnections();
    files.close();
  }
}

/** Builds a page of two models of which one is faulty, with the component as it stands in the example. */
async function buildReactPage() {
  const source = await mkdtemp(join(tmpdir(), "scadstream-react-"));
  await writeFile(
    join(source, "index.html"),
    `<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="./main.jsx"></script>`,
  );
  const component = join(PACKAGES, "client/examples/react/Model.tsx");
  await writeFile(
    join(source, "main.jsx"),
    `import { createRoot } from "react-dom/client";
    import { connectClient, Model } from ${JSON.stringify(component)};
    const client = connectClient(new URLSearchParams(location.search).get("server"));
    createRoot(document.getElementById("root")).render(
      <>
        <Model client={client} source="sphere(10);" document={1} />
        <Model client={client} source="cube(" document={2} />
      </>,
    );`,
  );
  const require = createRequire(join(PACKAGES, "package.json"));
  const { build } = await import(pathToFileURL(require.resolve("vite")).href);
  const installed = (name) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));
  await build({
    root: source,
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    resolve: {
      alias: [
        { find: /^react(?=$|\/)/, replacement: installed("react") },
        { find: /^react-dom(?=$|\/)/, replacement: installed("react-dom") },
        { find: "@scadstream/client/meshopt", replacement: `${PACKAGES}/client/dist/meshopt.js` },
        { find: "@scadstream/client", replacement: `${PACKAGES}/client/dist/index.js` },
        { find: "@scadstream/viewer", replacement: `${PACKAGES}/viewer/dist/index.js` },
      ],
    },
    build: { outDir: join(source, "built"), minify: false },
  });
  return source;
}
