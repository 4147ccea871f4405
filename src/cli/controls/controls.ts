import { kindsOf } from "../../controls/control.ts";
import { controls } from "../../controls/registry.ts";

/** `bulkhead controls`: one line a control, or the metadata as JSON. */
export function listControls(format: "text" | "json"): number {
  if (format === "json") {
    const listed = controls.map((control) => {
      const { id, title, why, row, severity, cis, where, references } = control;
      return { id, title, severity, row: row ?? null, cis, where, kinds: kindsOf(control), why, references };
    });
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    return 0;
  }
  const width = Math.max(...controls.map((control) => control.id.length));
  const lines = controls.map(({ id, severity, row, title }) =>
    [id.padEnd(width), severity.padEnd(8), (row ?? "–").padEnd(4), title].join("  "),
  );
  const head = ["control".padEnd(width), "severity", "row ", "what is wrong"].join("  ");
  process.stdout.write(
    `${[head, ...lines].join("\n")}\n\n${controls.length} controls; bulkhead explain CONTROL tells more of one.\n`,
  );
  return 0;
}
