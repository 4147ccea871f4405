import type { BenchmarkResult, RecommendationResult } from "../../audit/benchmark/benchmark.ts";
import { cell } from "../csv-cell.ts";
import { sayEvidence } from "./words.ts";

const columns = "number,section,result,recommendation,level,scored,controls,evidence,remedy";

/** A row for each recommendation. */
export function benchmarkCsv({ sections }: BenchmarkResult): string {
  const rows = sections.flatMap(({ title, results }) => results.map((each) => rowOf(title, each)));
  return `${[columns, ...rows.map((row) => row.map(cell).join(","))].join("\r\n")}\r\n`;
}

function rowOf(section: string, result: RecommendationResult): readonly string[] {
  const { number, outcome, title, level, scored, controls, evidence, more, remedy } = result;
  const seen = evidence.map((one) => `${one.subject}: ${sayEvidence(one)}`);
  return [
    number,
    section,
    outcome,
    title,
    String(level),
    scored ? "yes" : "no",
    controls.join(" "),
    [...seen, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    remedy ?? "",
  ];
}
