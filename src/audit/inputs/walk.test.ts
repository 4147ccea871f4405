import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { diskFiles } from "./disk-files.ts";
import { inputsAt } from "./inputs.ts";
import { walk } from "./walk.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-walk-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function found(below = "", exclude: readonly string[] = []): readonly string[] {
  const start = join(folder, below);
  return walk(start, exclude).files.map((path) => path.slice(start.length + (start.endsWith("/") ? 0 : 1)));
}

test("a name that is not UTF-8 is a gap where the file may be ours", () => {
  put({ "compose.yaml": "services: {}\n" });
  const named = (start: string, end: string) =>
    Buffer.concat([Buffer.from(join(folder, start)), Buffer.from([0xff]), Buffer.from(end)]);
  writeFileSync(named("compose.", ".yaml"), "services: { a: { image: x } }\n");
  writeFileSync(named("picture", ".png"), "");
  mkdirSync(named("folder", ""));
  const { inputs, gaps } = inputsAt(folder, { exclude: [] }, diskFiles({}));
  expect(inputs).toHaveLength(1);
  const reason = "its name is not UTF-8, so it cannot be opened: rename it";
  expect(gaps.map(({ file, reason: why }) => [file?.slice(folder.length + 1), why]).toSorted()).toEqual([
    ["compose.\uFFFD.yaml", reason],
    ["folder\uFFFD", reason],
  ]);
});

test("finds files at every depth, sorted, and leaves installed packages and git's own files out", () => {
  put({ "b/c.yml": "", "a.yml": "", "node_modules/x/compose.yaml": "", ".git/config": "" });
  expect(found()).toEqual(["a.yml", "b/c.yml"]);
});

test("a .gitignore speaks for its folder and below, and a deeper one may take back", () => {
  put({
    ".gitignore": "secret/\n*.log\n/only-here.yml\n",
    "secret/compose.yaml": "",
    "x.log": "",
    "only-here.yml": "",
    "sub/only-here.yml": "",
    "sub/.gitignore": "!kept.log\n",
    "sub/kept.log": "",
    "sub/other.log": "",
  });
  expect(found()).toEqual([".gitignore", "sub/.gitignore", "sub/kept.log", "sub/only-here.yml"]);
});

test("a .gitignore above counts inside a repository only", () => {
  put({ ".gitignore": "hidden.yml\n", "sub/hidden.yml": "", "sub/seen.yml": "" });
  expect(found("sub")).toEqual(["hidden.yml", "seen.yml"]);
  mkdirSync(join(folder, ".git"));
  expect(found("sub")).toEqual(["seen.yml"]);
});

test("excluded patterns are left out", () => {
  put({ "vendor/compose.yaml": "", "compose.yaml": "" });
  expect(found("", ["vendor/"])).toEqual(["compose.yaml"]);
});

test("symbolic links are not followed, so a loop ends", () => {
  put({ "a/compose.yaml": "" });
  symlinkSync(folder, join(folder, "a", "loop"));
  expect(found()).toEqual(["a/compose.yaml"]);
});

test("a link with a name of ours is a gap where its target is not read", () => {
  put({ "real/compose.prod.yaml": "services: {}\n", "outside/compose.yaml": "services: {}\n" });
  put({ "real/base.txt": "FROM nginx\n" });
  const links = {
    ...{ "a.yml": "gone", Dockerfile: "gone", "compose.yaml": "compose.prod.yaml" },
    "Dockerfile.base": "base.txt",
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, "real", name));
  symlinkSync("../outside/compose.yaml", join(folder, "real", "docker-compose.yml"));
  const { inputs, gaps } = inputsAt(join(folder, "real"), { exclude: [] }, diskFiles({}));
  expect(inputs).toHaveLength(1);
  expect(gaps.map(({ file, reason }) => [file?.slice(folder.length + 6), reason])).toEqual([
    ["Dockerfile", "it is a link to gone, which does not exist"],
    ["Dockerfile.base", "it is a link to base.txt, whose name says no format: name the link to audit it"],
    [
      "docker-compose.yml",
      "it is a link to ../outside/compose.yaml, outside this folder, and is not followed: name it to audit it",
    ],
  ]);
});

test("of files without an extension only scripts are read, and what is none of ours is not kept", () => {
  put({
    run: "#!/bin/sh\ndocker run nginx\n",
    other: "#!/bin/sh\nls\n",
    program: "\0ELF",
    "notes.yml": "a: 1\n",
  });
  const io = diskFiles({});
  const { inputs } = inputsAt(folder, { exclude: [] }, io);
  expect(inputs).toEqual([{ format: "script", files: [join(folder, "run")] }]);
  expect(io.texts().map(([file]) => file)).toEqual([join(folder, "run")]);
});
