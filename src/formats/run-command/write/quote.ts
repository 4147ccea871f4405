import { isScalar, parseDocument, visit } from "yaml";
import type { ScriptHost } from "../script-host.ts";

export type WriterHost = ScriptHost | "line";

/** How a word is quoted, and how what is quoted is put into the file. */
export interface Spelling {
  readonly quote: (text: string) => string;
  /** What the file needs so that its reader sees the text at the offset. */
  readonly encode: (text: string, offset: number) => string;
}

/** The ways to quote in a host, the usual one first. Within a payload's own quotes only another one may do. */
export function quotings(host: WriterHost): readonly Spelling["quote"][] {
  if (host === "systemd") return [(text) => `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`];
  return [
    (text) => `'${text.replaceAll("'", "'\\''")}'`,
    (text) => `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`,
    (text) => text.replaceAll(/[^\w@+=:,./-]/g, "\\$&"),
  ];
}

/** Whether a text means itself to every shell and to systemd, quoted or not. */
export function isPlain(text: string): boolean {
  return /^[\w@+=:,./-]+$/.test(text);
}

/** What stands between a text of shell and the file, by its kind. */
export function encoder(host: WriterHost, file: string): Spelling["encode"] {
  switch (host) {
    case "makefile":
      return (text) => text.replaceAll("$", "$$$$");
    case "systemd":
      return (text) => text.replaceAll(/[%$]/g, "$&$&");
    case "github-actions":
    case "gitlab-ci": {
      let styles: ((offset: number) => string | undefined) | undefined;
      return (text, offset) => {
        if (!/['"\\]/.test(text)) return text;
        styles ??= scalarStyles(file);
        const style = styles(offset);
        if (style === "QUOTE_SINGLE") return text.replaceAll("'", "''");
        return style === "QUOTE_DOUBLE" ? text.replaceAll(/["\\]/g, "\\$&") : text;
      };
    }
    default:
      return (text) => text;
  }
}

/** Tells in what kind of scalar an offset of a YAML text lies. */
function scalarStyles(text: string): (offset: number) => string | undefined {
  const scalars: { start: number; end: number; style: string | undefined }[] = [];
  try {
    visit(parseDocument(text, { schema: "failsafe", uniqueKeys: false, logLevel: "silent" }), {
      Scalar(_key, node) {
        if (isScalar(node) && node.range) {
          scalars.push({ start: node.range[0], end: node.range[1], style: node.type });
        }
      },
    });
  } catch {
    // Both recurse; what is nested beyond the stack has no style that could be told.
  }
  return (offset) => scalars.find(({ start, end }) => start <= offset && offset <= end)?.style;
}
