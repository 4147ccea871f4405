import { displayWidth, padEnd } from "../../base/width.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import { beyond, focusAreas } from "../groups/focus-areas.ts";
import { type Cell, cellsOf, type SubjectFindings, worstState } from "../groups/tally.ts";
import type { TextPrinter } from "./finding.ts";
import { flow } from "./flow.ts";
import { stateSigns } from "./style.ts";

/** The focus areas in columns, read downwards, each with the worst that any subject says. */
export function areaLines(
  { style, width, context }: TextPrinter,
  groups: readonly SubjectFindings[],
): readonly string[] {
  if (groups.length === 0) return [];
  const cells = groups.map((group) => cellsOf(group, context.controls));
  const shown = [...focusAreas, beyond].flatMap((area, index) => {
    const state = worstState(cells.map((row) => row[index]?.state ?? "none"));
    if (state === "none" && area === beyond) return [];
    const severity = worstSeverity(cells.map((row) => row[index]));
    const sign = state === "none" ? "·" : stateSigns[state];
    const text = `${padEnd(area.row, 4)} ${area.label}`;
    const name = state === "fail" ? text : style.dim(text);
    const painted = severity && state === "fail" ? style.severity(severity, sign) : style.state(state, sign);
    return [`${painted} ${name}${padEnd("", 22 - displayWidth(text))}`];
  });
  const columns = Math.max(1, Math.floor(width / 26));
  const height = Math.ceil(shown.length / columns);
  const rows = Array.from({ length: height }, (_, at) =>
    Array.from({ length: columns }, (_, column) => shown[column * height + at] ?? "").filter(
      (cell) => cell !== "",
    ),
  );
  const legend = legendItems
    .filter(([state]) => cells.some((row) => row.some((cell) => cell.state === state)))
    .map(([state, word]) => `${stateSigns[state]} ${word}`);
  return [
    "",
    ...rows.map((row) => `  ${row.join("  ").trimEnd()}`),
    "",
    ...flow(
      [...legend, "· not looked at"].map((text) => ({ text, painted: style.dim(text) })),
      "   ",
      width - 2,
    ).map((line) => `  ${line}`),
  ];
}

const legendItems = [
  ["fail", "failed"],
  ["unknown", "unknown"],
  ["accepted", "suppressed"],
  ["pass", "passed"],
  ["notApplicable", "not applicable"],
] as const;

function worstSeverity(cells: readonly (Cell | undefined)[]): Severity | undefined {
  return cells
    .flatMap((cell) => (cell?.severity ? [cell.severity] : []))
    .reduce<Severity | undefined>((a, b) => (a && compareSeverity(a, b) >= 0 ? a : b), undefined);
}
