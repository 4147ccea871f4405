import type { Reporter } from "./context.ts";
import { redactReport } from "./redact.ts";

export const formatNames = ["text", "json", "sarif", "junit", "html", "markdown", "github"] as const;
export type FormatName = (typeof formatNames)[number];

/** Each loads by itself, so that a text report never waits for the HTML one. */
const loaders = {
  text: async () => (await import("./text.ts")).text,
  json: async () => (await import("./json.ts")).json,
  sarif: async () => (await import("./sarif.ts")).sarif,
  junit: async () => (await import("./junit.ts")).junit,
  html: async () => (await import("./html.ts")).html,
  markdown: async () => (await import("./markdown.ts")).markdown,
  github: async () => (await import("./github.ts")).github,
} satisfies Record<FormatName, () => Promise<Reporter>>;

export function isFormatName(text: string): text is FormatName {
  return formatNames.some((name) => name === text);
}

/** The reporter of a format, behind the last check for secrets: use it rather than the reporter's own module. */
export async function loadReporter(name: FormatName): Promise<Reporter> {
  const print = await loaders[name]();
  return (report, context) => print(redactReport(report), context);
}
