/**
 * The server under test: a running one named by `SCADSTREAM_URL`, or the binary named by `SCADSTREAM_BIN`, started on a
 * free port with the built page.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const WEB_APP = fileURLToPath(new URL("../../web-client/app/dist", import.meta.url));
const START_TIMEOUT_MS = 30_000;

/**
 * Starts the server, or finds it.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} its address, with a slash at the end
 */
export async function startServer() {
  const { SCADSTREAM_URL, SCADSTREAM_BIN } = process.env;
  if (SCADSTREAM_URL) return { url: new URL("/", SCADSTREAM_URL).href, stop: async () => {} };
  if (SCADSTREAM_BIN) return spawnServer(SCADSTREAM_BIN);
  throw new Error(
    "Set SCADSTREAM_BIN to the scadstream binary, or SCADSTREAM_URL to a running server.",
  );
}

/** Whether {@link spawnServer} can start servers of the test's own. */
export const canSpawn = Boolean(process.env.SCADSTREAM_BIN);

/**
 * Starts `binary` and waits until it prints its address.
 *
 * @param {string} binary
 * @param {string[]} options further options of `scadstream serve`
 * @param {Record<string, string>} environment settings beside those of the test
 */
export async function spawnServer(binary, options = [], environment = {}) {
  const listen = ["serve", "--listen", "127.0.0.1:0", "--web", WEB_APP];
  const server = spawn(binary, [...listen, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const ended = once(server, "exit");
  const stop = async () => {
    if (server.exitCode === null) server.kill("SIGTERM");
    await ended;
  };
  try {
    return { url: await printedUrl(server), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Leads to the server at `url` over a line on which answers come at so many bytes a second.
 *
 * @param {string} url
 * @param {number} bytesPerSecond
 */
export async function slowLine(url, bytesPerSecond) {
  const { hostname: host, port } = new URL(url);
  const sockets = new Set();
  const line = createServer((near) => {
    const far = connect({ host, port: Number(port) });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.end();
      });
    }
    near.pipe(far);
    far.on("data", (piece) => {
      far.pause();
      near.write(piece);
      setTimeout(() => far.resume(), (1000 * piece.length) / bytesPerSecond);
    });
  });
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    line.close();
    await once(line, "close");
  };
  return { url: `http://127.0.0.1:${line.address().port}/`, stop };
}

/**
 * The first address that the server prints, on either stream.
 *
 * @param {import("node:child_process").ChildProcess} server
 * @returns {Promise<string>}
 */
function printedUrl(server) {
  const printed = [];
  return new Promise((resolve, reject) => {
    const fail = (why) =>
      reject(new Error([`the server ${why}; it printed:`, ...printed].join("\n")));
    const timer = setTimeout(() => fail("did not print its address"), START_TIMEOUT_MS);
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        printed.push(line);
        const url = /https?:\/\/[\w.[\]:-]+:\d+/.exec(line)?.[0];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(`${url}/`);
      });
    }
    server.once("error", (error) => fail(`could not be started (${error.message})`));
    server.once("exit", (code) => fail(`ended with code ${code}`));
  });
}
