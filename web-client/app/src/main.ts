/**
 * The editor page: connects to the server that served it, and starts the app.
 *
 * The connection is made first, and editor and view are fetched side by side while it opens.
 */

import "./styles/index.css";
import { connectInWorker } from "@scadstream/client";
import { IndexedChunks } from "./indexed-chunks.js";

const worker = new Worker(new URL("./connection-worker.ts", import.meta.url), { type: "module" });

/** The stream's address beside the page's own; a token in the page's address (`?token=`) is handed on. */
const address = new URL("ws", document.baseURI);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
const token = new URLSearchParams(location.search).get("token");

const client = connectInWorker(worker, address.href, {
  name: "scadstream editor",
  // 65 535 steps across a chunk are finer than any screen.
  codecs: ["meshopt-grid", "meshopt"],
  archive: new IndexedChunks(),
  ...(token === null ? {} : { token }),
});
const viewPanel = import("./view/view-panel.js");
const { startApp } = await import("./app.js");
await startApp(client, address, viewPanel);
