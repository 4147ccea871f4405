import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly os?: readonly string[] }>>;
}

const { buildPackages, lockedFor } = (await import(
  new URL("../../scripts/build-packages.mjs", import.meta.url).href
)) as {
  readonly buildPackages: readonly string[];
  readonly lockedFor: (
    lock: Lock,
    names: readonly string[],
  ) => ReadonlyMap<string, { readonly os?: unknown }>;
};

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;

/** The packages that a folder's files import as values, tests left out. */
function imported(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$|(?:^|\/)fixtures\//.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      const found = text.matchAll(/(?:^import (?!type )[^;]*?from |^import |\bimport\()"([^."][^"]*)"/gm);
      return [...found].map(([, from = ""]) => from).filter((from) => !from.startsWith("node:"));
    })
    .map((from) =>
      from
        .split("/")
        .slice(0, from.startsWith("@") ? 2 : 1)
        .join("/"),
    );
}

test("the first call in a checkout installs what src and web import, and the bundler", () => {
  const others = ["better-sqlite3", "@node-rs/argon2", "vitest"];
  const needed = [...imported("src"), ...imported("web"), "esbuild"];
  const wanted = [...new Set(needed)].filter((name) => !others.includes(name)).toSorted();
  expect([...buildPackages].toSorted()).toEqual(wanted);
});

test("these are at most 80 packages, and none of them compiles anything", () => {
  const installed = [...lockedFor(lock, buildPackages)].filter(([, entry]) => entry.os === undefined);
  expect(installed.length).toBeLessThan(80);
  const names = installed.map(([path]) => path);
  expect(names).not.toContain("node_modules/better-sqlite3");
  expect(names).not.toContain("node_modules/vitest");
});

test("the databases come with what they need", () => {
  const names = [...lockedFor(lock, ["better-sqlite3"]).keys()];
  expect(names).toContain("node_modules/bindings");
});
