import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What `npm pack` would put into the package. */
function packed(): string[] {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [report] = JSON.parse(output) as { files: { path: string }[] }[];
  return report?.files.map(({ path }) => path) ?? [];
}

test("the package holds what is published and nothing else", { timeout: 60_000 }, () => {
  const files = packed();
  const expected =
    /^(package\.json|README\.md|LICENSE-(MIT|APACHE)|dist\/[\w-]+\.(js|d\.ts)(\.map)?|src\/[\w-]+\.ts)$/;
  expect(files.filter((file) => !expected.test(file))).toEqual([]);
  for (const entry of ["dist/index.js", "dist/index.d.ts", "dist/worker.js", "dist/meshopt.js"]) {
    expect(files).toContain(entry);
  }
});

test("the core is at most 20 KB compressed", () => {
  const modules = new Set<string>();
  const pending = ["index.js", "worker.js"];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (modules.has(name)) continue;
    modules.add(name);
    const code = readFileSync(`${ROOT}/dist/${name}`, "utf8");
    for (const [, imported] of code.matchAll(/from "\.\/([\w-]+\.js)"/g)) {
      if (imported !== undefined) pending.push(imported);
    }
  }
  expect(modules).not.toContain("meshopt.js");
  const code = [...modules].map((name) => readFileSync(`${ROOT}/dist/${name}`, "utf8")).join("\n");
  // Comments are for readers; whoever builds a page leaves them out.
  const bare = code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  expect(gzipSync(bare).byteLength).toBeLessThanOrEqual(20_000);
});
