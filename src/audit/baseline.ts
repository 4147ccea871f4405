import { parsedJson } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { Gap } from "../model/gap.ts";
import type { BaselineEntry, Finding } from "./finding.ts";
import { notRead } from "./ignores.ts";
import { entryOf } from "./unread.ts";

/** The text of a baseline file: every open finding by fingerprint, sorted so that a diff of two is readable. */
export function writeBaseline(findings: readonly Finding[], gaps: readonly Gap[] = []): string {
  const open = findings.filter((finding) => finding.verdict === "fail" && finding.suppressed === null);
  const entries = [...open, ...gaps.map(entryOf)]
    .map(({ fingerprint, control, subject }) => ({ fingerprint, control, subject }))
    .toSorted((a, b) => order(a).localeCompare(order(b), "en"));
  return `${JSON.stringify({ schemaVersion: 1, findings: entries }, null, 2)}\n`;
}

function order(entry: BaselineEntry): string {
  return `${entry.subject}\0${entry.control}\0${entry.fingerprint}`;
}

export function readBaseline(text: string): Result<readonly BaselineEntry[]> {
  const document = parsedJson(text);
  if (document === undefined) return failed("it is not valid JSON");
  if (typeof document !== "object" || document === null || !("findings" in document)) {
    return failed("it is not a baseline: “findings” is missing");
  }
  if (!("schemaVersion" in document) || document.schemaVersion !== 1) {
    return failed("its schemaVersion is not 1: another version of bulkhead wrote it");
  }
  const { findings } = document;
  if (!Array.isArray(findings) || !findings.every(isEntry))
    return failed("its findings are not a list of fingerprints");
  return ok(findings);
}

function isEntry(value: unknown): value is BaselineEntry {
  if (typeof value !== "object" || value === null) return false;
  return ["fingerprint", "control", "subject"].every((key) => typeof Reflect.get(value, key) === "string");
}

/** Marks each failure as new or unchanged, and tells which of the baseline's are gone. */
export function compareWithBaseline(
  findings: readonly Finding[],
  baseline: readonly BaselineEntry[],
): { readonly findings: readonly Finding[]; readonly fixed: readonly BaselineEntry[] } {
  const known = new Set(baseline.map((entry) => entry.fingerprint));
  const found = new Set(findings.map((finding) => finding.fingerprint));
  return {
    findings: findings.map((finding) =>
      finding.verdict === "fail"
        ? { ...finding, baseline: known.has(finding.fingerprint) ? "unchanged" : "new" }
        : finding,
    ),
    fixed: baseline.filter((entry) => entry.control !== notRead && !found.has(entry.fingerprint)),
  };
}
