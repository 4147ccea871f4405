import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";
import { lackingSysctls } from "../../prove/reach.ts";
import { advice } from "./reach.ts";

const sysctls = [...new Set(kernelInterfaces.flatMap(({ sysctl }) => sysctl ?? []))];

/** A procfs with these sysctls. */
function procWith(some: readonly string[]): string {
  const proc = mkdtempSync(join(tmpdir(), "reach-"));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  for (const each of some) {
    const [name = "", value = ""] = each.split("=");
    const path = join(proc, "sys", ...name.split("."));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, value);
  }
  return proc;
}

test.each(sysctls)("%s is advised where the kernel has it, and nowhere else", (sysctl) => {
  const rows = kernelInterfaces.filter((row) => row.sysctl === sysctl);
  expect(lackingSysctls(procWith(sysctls))).toEqual([]);
  const lacking = lackingSysctls(procWith(sysctls.filter((each) => each !== sysctl)));
  expect(new Set(lacking)).toEqual(new Set([sysctl]));
  for (const row of rows) {
    const open = { row, through: [row.asks[0]?.what ?? ""] };
    expect(advice(open, []).join(" ")).toContain(`sysctl ${sysctl}`);
    expect(advice(open, lacking).join(" ")).not.toContain("sysctl");
  }
});
