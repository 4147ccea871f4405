import type { Reporter } from "./context.ts";
import type { FormatName } from "./format-names.ts";
import { redactReport } from "./secrets/redact.ts";

/** Each loads by itself, so that a text report never waits for the HTML one. */
const loaders = {
  text: async () => (await import("./text.ts")).text,
  json: async () => (await import("./json.ts")).json,
  sarif: async () => (await import("./sarif.ts")).sarif,
  junit: async () => (await import("./ci/junit.ts")).junit,
  html: async () => (await import("./html.ts")).html,
  markdown: async () => (await import("./markdown.ts")).markdown,
  gitlab: async () => (await import("./ci/gitlab.ts")).gitlab,
  github: async () => (await import("./ci/github.ts")).github,
  csv: async () => (await import("./csv.ts")).csv,
} satisfies Record<FormatName, () => Promise<Reporter>>;

/** The reporter of a format, behind the last check for secrets: use it rather than the reporter's own module. */
export async function loadReporter(name: FormatName): Promise<Reporter> {
  const print = await loaders[name]();
  return (report, context) => print(redactReport(report, context.secretValues), context);
}
