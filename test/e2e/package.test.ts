import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderOf, runCli } from "../support/cli.ts";

const folder = folderOf({});
const tarball = join(folder.path, "bulkhead-0.1.0.tgz");
const program = join(folder.path, "global/lib/node_modules/bulkhead/dist/bulkhead.cjs");
const command = join(folder.path, "global/bin/bulkhead");
const environment = { ...process.env, HOME: folder.path, DOCKER_HOST: "unix:///nonexistent/docker.sock" };

function npm(args: readonly string[], cwd: string): string {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  return execFileSync("npm", [...args, ...quiet], { cwd, env: environment, encoding: "utf8" });
}

beforeAll(() => {
  const clone = join(folder.path, "clone");
  mkdirSync(clone);
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  execFileSync("xargs", ["-0", "cp", "--parents", "-t", clone], { input: files });
  // npm ci in a fresh clone puts the same files there.
  symlinkSync(resolve("node_modules"), join(clone, "node_modules"));
  npm(["pack", "--pack-destination", folder.path], clone);
  npm(["install", "--global", "--prefix", join(folder.path, "global"), tarball], folder.path);
}, 300_000);

afterAll(() => folder.remove());

test("the package holds what runs and its documents, and no source, test or cache of this machine's Node", () => {
  const names = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const held = names.map((name) => name.replace(/^package\//, ""));
  expect(held).toEqual(
    expect.arrayContaining([
      "LICENSE",
      "README.md",
      "dist/bulkhead.cjs",
      "dist/commands.js",
      "dist/licenses.txt",
      "dist/man/bulkhead-audit.1",
      "dist/sbom.cdx.json",
      "docs/controls/README.md",
      "packaging/watch/bulkhead-watch.service",
    ]),
  );
  expect(held.filter((name) => /^(src|test|bench)\/|\.cache$|\.test\.ts$/.test(name))).toEqual([]);
});

test("installed globally in an empty prefix, it audits", () => {
  const audited = runInstalled([
    "audit",
    "--format",
    "json",
    "--fail-on",
    "none",
    resolve("examples/insecure"),
  ]);
  const { findings } = JSON.parse(audited);
  expect(findings.map((each: { control: string }) => each.control)).toContain("docker-socket-mount");
});

test("installed globally, man finds every page", () => {
  const pages = readdirSync(join(folder.path, "global/share/man/man1"));
  expect(pages.toSorted()).toEqual(readdirSync(join(program, "../man")).toSorted());
  expect(pages).toEqual(expect.arrayContaining(["bulkhead.1", "bulkhead-guard-proxy.1"]));
});

test("npx runs the tarball", () => {
  const said = npm(["exec", "--yes", "--package", tarball, "--", "bulkhead", "--version"], folder.path);
  expect(said.trim()).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
});

test("without the optional database it audits, and says what to install for a history", async () => {
  const without = join(folder.path, "without");
  execFileSync("cp", ["-r", join(folder.path, "global/lib/node_modules/bulkhead"), without]);
  rmSync(join(without, "node_modules"), { recursive: true, force: true });
  const apart = join(without, "dist/bulkhead.cjs");
  const audited = await runCli(apart, ["audit", "--fail-on", "none", resolve("examples/insecure")]);
  expect(audited).toMatchObject({ status: 0, stderr: "" });
  const database = join(folder.path, "history.db");
  execFileSync("touch", [database]);
  const asked = await runCli(apart, ["history", "--history", database]);
  expect(asked.status).toBe(2);
  expect(asked.stderr).toContain("better-sqlite3");
});

test("the licences of all bundled packages travel with it, and the SBOM names the same packages", () => {
  const dist = join(program, "..");
  const { components } = JSON.parse(readFileSync(join(dist, "sbom.cdx.json"), "utf8"));
  const licences = readFileSync(join(dist, "licenses.txt"), "utf8");
  const bundled = components.filter((each: { scope?: string }) => each.scope !== "optional");
  expect(bundled.map((each: { name: string }) => each.name)).toEqual(
    expect.arrayContaining(["commander", "undici", "yaml"]),
  );
  for (const { name, version } of bundled) expect(licences).toContain(`${name} ${version} (`);
});

/** As a user calls it: by the link that npm made. */
function runInstalled(args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", env: environment });
}

const nodes = [20, 24, 26].map((major) => ({
  major,
  node: resolve(`node_modules/.cache/other-nodes/node-${major}`),
}));

describe.each(nodes)("on another Node $major", ({ node }) => {
  const isHere = existsSync(node);
  // The caches of dist/ are made by this machine's Node: another build must not load them.
  const checkout = resolve("dist/bulkhead.cjs");

  test.skipIf(!isHere).each([
    [["--version"], 0],
    [["audit", "examples/insecure"], 1],
    [["audit", "--format", "sarif", "examples/insecure"], 1],
    [["fix", "examples/insecure/compose.yaml"], 1],
    [["run", "--dry-run", "nginx:1.27"], 0],
    [["controls"], 0],
    [["explain", "privileged"], 0],
    [["completion", "bash"], 0],
    [["guard", "policy"], 0],
    [["guard", "check", "examples/insecure/compose.yaml"], 2],
    [["watch", "--config", "/nonexistent/bulkhead.yaml"], 2],
    [["prove", "web"], 2],
    [["learn", "web"], 2],
    [["init", "--dry-run", "--ci", "none"], 0],
    [["guard", "try", "--host", "unix:///nonexistent/docker.sock", "--", "true"], 0],
    [["serve", "--config", "/nonexistent/bulkhead.yaml"], 2],
    [["help", "install-plugin"], 0],
    [["audit", "--run", "docker service create --mount type=bind,src=/,dst=/host nginx"], 1],
    [["doctor"], 1],
    [["history", "--history", "/nonexistent/history.db"], 2],
    [["fleet", "hosts"], 2],
  ])(
    isHere ? "%j ends with %i" : "%j (skipped: scripts/other-nodes.sh could not fetch this Node)",
    (args, status) => {
      const ran = spawnWith(node, [checkout, ...args]);
      expect(ran.stderr).not.toMatch(/at .*:\d+:\d+\)/);
      expect(ran.status).toBe(status);
    },
  );
});

function spawnWith(node: string, args: readonly string[]): { status: number | null; stderr: string } {
  try {
    execFileSync(node, ["--", ...args], {
      env: environment,
      encoding: "utf8",
      stdio: "pipe",
      timeout: 60_000,
    });
    return { status: 0, stderr: "" };
  } catch (error) {
    const { status, stderr } = error as { status: number | null; stderr: string };
    return { status, stderr };
  }
}
