import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { controls } from "../../src/controls/registry.ts";
import { folderOf } from "../support/cli.ts";

const folder = folderOf({});
const docs = join(folder.path, "docs");

afterAll(() => folder.remove());

function build() {
  const tool = resolve("node_modules/.bin/vitepress");
  return spawnSync(tool, ["build", "docs"], { cwd: folder.path, encoding: "utf8" });
}

test("the site holds every guide and control, finds them by search, and has no dead link", () => {
  // A copy of the repository's files, so that links out of docs lead to what they name.
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "docs"]);
  execFileSync("xargs", ["-0", "cp", "--parents", "-t", folder.path], { input: files });
  for (const name of ["packaging", "examples"]) cpSync(name, join(folder.path, name), { recursive: true });
  for (const name of readdirSync(".").filter((each) => /\.(?:md|yml)$/.test(each) || each === "LICENSE"))
    cpSync(name, join(folder.path, name));
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));

  const built = build();
  expect(built.stderr + built.stdout).not.toContain("dead link");
  expect(built.status).toBe(0);
  const site = join(docs, ".vitepress/dist");
  for (const { id } of controls) expect(existsSync(join(site, `controls/${id}.html`)), id).toBe(true);
  const guides = readdirSync(docs).filter((name) => name.endsWith(".md"));
  for (const name of guides) expect(existsSync(join(site, name.replace(/\.md$/, ".html"))), name).toBe(true);
  expect(readFileSync(join(site, "controls/index.html"), "utf8")).toContain("docker-socket-mount");
  const chunks = join(site, "assets/chunks");
  const index = readdirSync(chunks).find((name) => name.startsWith("@localSearchIndex")) ?? "";
  expect(readFileSync(join(chunks, index), "utf8")).toContain("docker-socket-mount");

  writeFileSync(join(docs, "ci.md"), "# CI\n\n[gone](gone.md) [gone too](../gone)\n");
  const broken = build();
  expect(broken.status).toBe(1);
  expect(broken.stderr + broken.stdout).toContain("2 dead link(s)");
}, 300_000);
