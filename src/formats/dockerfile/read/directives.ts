import type { Problem } from "../problem.ts";
import { lineAt } from "./lines.ts";

/**
 * The parser directives that a Dockerfile begins with (`# syntax=`, `# check=`, `# escape=`); only `escape` changes how
 * the rest is read. `end` is where the rest begins. Source: moby/buildkit, frontend/dockerfile/parser/directives.go.
 */
export function readDirectives(text: string) {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  let escapeToken = "\\";
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  while (offset < text.length) {
    const line = lineAt(text, offset);
    const match = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/.exec(line.text.trim());
    const name = match?.[1]?.toLowerCase() ?? "";
    if (!["syntax", "check", "escape"].includes(name)) break;
    const span = { start: line.start, end: line.start + line.text.length };
    if (seen.has(name)) problems.push({ reason: `the parser directive ${name} is given twice`, span });
    seen.add(name);
    if (name === "escape") {
      const value = match?.[2] ?? "";
      if (value === "\\" || value === "`") escapeToken = value;
      else problems.push({ reason: "the escape directive takes a backslash or a backtick", span });
    }
    offset = line.next;
  }
  return { escapeToken, end: offset, problems };
}
