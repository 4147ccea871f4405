import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { asOf, knownAdvisories } from "../../controls/benchmark/advisories.ts";
import { loadConfig } from "../audit/settings.ts";

/** `bulkhead advisories`: the known holes that engine-version judges by. Answers the exit status. */
export async function listAdvisories(options: {
  readonly format: "text" | "json";
  readonly config?: string;
}): Promise<number> {
  const settings = await loadConfig({ ...options, only: [], skip: [] }, diskFiles());
  if (!settings.ok) return 2;
  const all = knownAdvisories().toSorted((a, b) => (a.published < b.published ? 1 : -1));
  if (options.format === "json") {
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return 0;
  }
  const blocks = all.map(
    ({ id, aliases, published, severity, summary, affected, references, mitigatedBy }) => {
      const fixed = affected.flatMap(({ package: { name }, ranges }) => {
        const versions = ranges.flatMap(({ events }) =>
          events.flatMap((each) => ("fixed" in each ? [each.fixed] : [])),
        );
        return `${name}: fixed in ${versions.join(", ")}`;
      });
      const shown = [...fixed, ...(mitigatedBy === undefined ? [] : [`${mitigatedBy} mitigate it`])].join(
        "; ",
      );
      return [
        `${aliases[0] ?? id}  ${severity}  ${published}  ${summary}`,
        `  ${shown}`,
        `  ${references[0]?.url ?? id}`,
      ];
    },
  );
  process.stdout.write(
    `${blocks.map((lines) => lines.join("\n")).join("\n")}\n\n${all.length} advisories, as of ${asOf}; advisories: FILE in bulkhead.yaml adds newer ones.\n`,
  );
  return 0;
}
