import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { equivalents } from "../../scripts/mutate/equivalent.ts";
import { openProcess } from "../../scripts/mutate/process.ts";
import { isEquivalent, sitesIn, withSwitches } from "../../scripts/mutate/sites.ts";
import { itemsOf, recordAt, textAt } from "../../src/base/json.ts";
import { testFolder } from "../support/test-folder.ts";

const root = resolve(import.meta.dirname, "../..");

function mutants(text: string): readonly string[] {
  return sitesIn("/a.ts", text).map(({ mutated }) => mutated);
}

/** Where a text cannot be read, as the compiler's own tree of it notes. */
function brokenIn(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
  const found = itemsOf(recordAt({ source }, "source").parseDiagnostics);
  return found.map((each) => `${file}: ${textAt(each, "messageText")}`);
}

describe("mutants", () => {
  test("no method has another that only every object has", () => {
    expect(mutants("f(a.toString(), a.valueOf(), a.hasOwnProperty(b));")).toEqual([]);
    expect(mutants("f(a.some(g));")).toEqual(["a.every(g)"]);
  });

  const sources = readdirSync(join(root, "src/guard"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(root, "src/guard", name));

  test("a mutant that is one name does not become an arrow function's parameter", () => {
    const text = "function f() { return { a: b ? { ...c, d } : undefined, e }; }";
    const all = sitesIn("/a.ts", text).map((site, id) => ({ ...site, id }));
    expect(all.map(({ mutated }) => mutated)).toContain("undefined");
    expect(brokenIn("a.ts", withSwitches(text, all))).toEqual([]);
  });

  test("a text with all of its switches can be loaded", () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(brokenIn("a.ts", "f(;")).toHaveLength(1);
    const broken = sources.flatMap((file) => {
      const text = readFileSync(file, "utf8");
      const all = sitesIn(file, text).map((site, id) => ({ ...site, id }));
      return brokenIn(file, withSwitches(text, all));
    });
    expect(broken).toEqual([]);
  });

  test("each that is listed as equivalent is one of its file's", () => {
    const stale = equivalents.filter((each) => {
      const file = join(root, each.file);
      const text = readFileSync(file, "utf8");
      return !sitesIn(file, text).some((site) => isEquivalent(site, text, root, each));
    });
    expect(stale).toEqual([]);
  });
});

describe("the process that runs the tests", () => {
  const program = `
    const { spawn } = require("node:child_process");
    const { writeFileSync } = require("node:fs");
    process.on("message", ({ hangs, note }) => {
      if (!hangs) return process.send({ pid: process.pid });
      const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1e6)"], { stdio: "ignore" });
      child.once("spawn", () => {
        writeFileSync(note, String(child.pid));
        for (;;);
      });
    });`;

  test("is killed with all that it started where it hangs, and the next question starts another", async () => {
    const folder = testFolder();
    const file = join(folder, "program.cjs");
    const note = join(folder, "pid");
    writeFileSync(file, program);
    const opened = openProcess<{ hangs: boolean; note: string }, { pid: number }>(file);
    const one = await opened.ask({ hangs: false, note }, 60_000);
    expect(await opened.ask({ hangs: false, note }, 60_000)).toEqual(one);
    expect(await opened.ask({ hangs: true, note }, 3_000)).toBeUndefined();
    await expect.poll(() => runs(Number(readFileSync(note, "utf8"))), { timeout: 30_000 }).toBe(false);
    const other = await opened.ask({ hangs: false, note }, 60_000);
    expect(other?.pid).not.toBe(one?.pid);
    opened.close();
  });

  test("one that ends without an answer is an error and no caught mutant", async () => {
    const file = join(testFolder(), "program.cjs");
    writeFileSync(file, "process.exit(3)");
    await expect(openProcess(file).ask({}, 60_000)).rejects.toThrow("ended with 3");
  });
});

/** Whether a process is there, and no zombie. */
function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
