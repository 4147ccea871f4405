import { kindsOf } from "../../controls/control.ts";
import { allControls, benchmarkControls } from "../../controls/registry.ts";

/** `bulkhead controls`: one line a control, or the metadata as JSON. */
export function listControls(format: "text" | "json"): number {
  if (format === "json") {
    const listed = allControls.map((control) => {
      const { id, title, why, row, severity, cis, where, references } = control;
      const benchmarkOnly = onlyInBenchmark.has(id);
      return {
        ...{ id, title, severity, row: row ?? null, cis, where, kinds: kindsOf(control), why, references },
        benchmarkOnly,
      };
    });
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    return 0;
  }
  const rows = allControls.map(({ id, severity, row, cis, title }) => [
    id,
    severity,
    row ?? "–",
    `${numbers(cis)}${onlyInBenchmark.has(id) ? " *" : ""}`,
    title,
  ]);
  const head = ["control", "severity", "row", "CIS 1.6", "what is wrong"];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  "),
  );
  process.stdout.write(
    `${lines.join("\n")}\n\n${allControls.length} controls; bulkhead explain CONTROL describes one.\n* only with audit --benchmark cis-1.6, or by name with --only\n`,
  );
  return 0;
}

const onlyInBenchmark = new Set(benchmarkControls.map(({ id }) => id));

/** `5.2, 5.3`; a long list as its ends: `3.1–3.24`. */
function numbers(cis: readonly string[]): string {
  const [first = "–"] = cis;
  return cis.length > 2 ? `${first}–${cis.at(-1)}` : cis.join(", ") || first;
}
