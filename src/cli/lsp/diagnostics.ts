import { dirname, join } from "node:path";
import { audit } from "../../audit/audit.ts";
import type { Finding } from "../../audit/finding.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { nearestConfig } from "../../config/find.ts";
import { findControl } from "../../controls/registry.ts";
import type { FindingEdit } from "../../fix/finding-edits.ts";
import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import { sentence } from "../../report/words.ts";
import { requestOfFiles } from "../audit/audit.ts";
import { loadConfig } from "../audit/settings.ts";

/** Lines and characters count from 0, characters in UTF-16 units (Language Server Protocol 3.17, Position). */
export interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

export interface Diagnostic {
  readonly range: Range;
  /** 1 error, 2 warning, 3 information, 4 hint. */
  readonly severity: 1 | 2 | 3 | 4;
  readonly source: "bulkhead";
  /** The control's id. */
  readonly code?: string;
  readonly codeDescription?: { readonly href: string };
  readonly message: string;
}

/** A finding of one file, with what `bulkhead fix` would write for it. */
export interface Shown {
  readonly diagnostic: Diagnostic;
  /** The remedy's words; "" where there is none. */
  readonly fix: string;
  readonly edits: readonly FindingEdit[];
}

const weights = { critical: 1, high: 1, medium: 2, low: 3, info: 4 } as const;

/** What an audit finds in a file. `open`: the texts of files in the editor by path, which need not be saved. */
export async function shownIn(path: string, open: ReadonlyMap<string, string>): Promise<readonly Shown[]> {
  const io = diskFiles();
  for (const [file, text] of open) io.give(file, text);
  const folder = dirname(path);
  const nearest = nearestConfig(folder, io);
  const config = nearest === undefined ? false : join(folder, nearest);
  const settings = await loadConfig({ only: [], skip: [], config }, io);
  if (!settings.ok) return [];
  const { request, knowledgeOf } = await requestOfFiles([path], settings.value, io);
  const { report } = await audit(request, io, async () => {});
  const { findingEdits } = await import("../../fix/finding-edits.ts");
  const editsOf = await findingEdits(request, knowledgeOf, io);
  const isHere = (origin: FileOrigin | undefined): origin is FileOrigin => origin?.file === path;
  const findings = report.findings.filter(
    ({ suppressed, verdict }) => suppressed === null && (verdict === "fail" || verdict === "unknown"),
  );
  return [
    ...findings.flatMap((finding) => {
      const places = finding.locations.filter(isFileOrigin).filter(isHere);
      const edits = editsOf(finding.control, finding.subject);
      return places.slice(0, 1).map((place) => ({
        diagnostic: diagnosticOf(finding, place),
        fix: finding.fix?.summary ?? "",
        edits: edits.every(({ at }) => isHere(at)) ? edits : [],
      }));
    }),
    ...report.gaps.flatMap(({ location, reason }) =>
      isHere(location) ? [{ diagnostic: gapAt(location, `Not read: ${reason}.`), fix: "", edits: [] }] : [],
    ),
  ];
}

function diagnosticOf({ control, verdict, severity, message, fix }: Finding, place: FileOrigin): Diagnostic {
  const href = findControl(control)?.references[0];
  return {
    range: rangeOf(place),
    severity: verdict === "unknown" ? 4 : weights[severity],
    ...{ source: "bulkhead", code: control },
    ...(href !== undefined && { codeDescription: { href } }),
    message: [sentence(message), ...(fix === null ? [] : [fix.summary])].join("\n"),
  };
}

function gapAt(place: FileOrigin, message: string): Diagnostic {
  return { range: rangeOf(place), severity: 2, source: "bulkhead", message };
}

export function rangeOf({ startLine, startColumn, endLine, endColumn }: FileOrigin): Range {
  return {
    start: { line: startLine - 1, character: startColumn - 1 },
    end: { line: endLine - 1, character: endColumn - 1 },
  };
}
