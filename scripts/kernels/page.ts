import { writeFileSync } from "node:fs";
import { explained } from "./explained.ts";
import { features } from "./features.ts";
import { type Cell, readResults } from "./results.ts";
import { type Setting, settings } from "./settings.ts";

export const pagePath = "docs/tested-on.md";

export function writePage(): void {
  writeFileSync(pagePath, page());
}

/** What the runs in results.json say. */
export function page(): string {
  const results = readResults();
  const run = settings.filter(({ id }) => results[id] !== undefined);
  const missing = settings.filter((setting) => !run.includes(setting));
  const notes: string[] = [];
  const noted = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
    return `<sup>${notes.indexOf(text) + 1}</sup>`;
  };
  const shown = ({ id: setting, only }: Setting, feature: string): string => {
    const cell: Cell | undefined = results[setting]?.cells[feature];
    if (only?.features.includes(feature) === false) return `not asked ${noted(`Not asked: ${only.why}.`)}`;
    if (cell === undefined) return "not run yet";
    const all = cell.passed + cell.failed.length;
    const left = cell.notApplicable.map((reason) => noted(`Not applicable: ${reason}.`)).join(" ");
    if (cell.failed.length > 0) {
      const why = cell.failed.map(({ test }) =>
        noted(`✗ ${test}: ${explained(setting, test)?.why ?? "not yet looked into"}.`),
      );
      return `✗ ${cell.failed.length} of ${all} ${why.join(" ")}${left}`;
    }
    return all === 0 ? `– ${left}` : `✓ ${cell.passed} ${left}`.trimEnd();
  };
  const table = features.map(
    ({ id, says }) => `| **${id}**: ${says} | ${run.map((setting) => shown(setting, id)).join(" | ")} |`,
  );
  return [
    "# Tested on",
    "",
    "Generated from `scripts/kernels/results.json`, which `npm run test:kernels` writes, as root on Debian. Each setting is a kernel that booted and an",
    "Engine that ran; each cell counts the tests of a real Engine that passed there. The machine is a Debian in qemu.",
    "",
    "| setting | what | kernel | cgroup | LSM | Engine | image store | day |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...run.map(({ id, says }) => {
      const { facts, cells } = results[id] ?? { facts: undefined, cells: {} };
      const days = Object.values(cells)
        .map(({ day }) => day)
        .toSorted();
      const span = [...new Set([days.at(0), days.at(-1)])].join(" to ");
      return `| ${id} | ${says} | ${facts?.kernel} | ${facts?.cgroup} | ${facts?.lsm} | ${facts?.engine} | ${facts?.store} | ${span} |`;
    }),
    "",
    `| feature | ${run.map(({ id }) => id).join(" | ")} |`,
    `| --- | ${run.map(() => "---").join(" | ")} |`,
    ...table,
    "",
    ...(missing.length === 0
      ? []
      : [`Not run to the end yet: ${missing.map(({ id, says }) => `*${id}* (${says})`).join(", ")}.`, ""]),
    ...notes.map((note, index) => `${index + 1}. ${note}`),
    "",
    "One cell again: `npm run test:kernels -- --setting apparmor --feature watch`. The tests of a feature are listed in",
    "`scripts/kernels/features.ts`.",
    "",
  ].join("\n");
}
