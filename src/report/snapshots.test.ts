import { describe, expect, test } from "vitest";
import { fixtureNames, manyReport, readFixture, testContext } from "../../test/support/report.ts";
import type { ReportContext } from "./context.ts";
import { type FormatName, formatNames } from "./format-names.ts";
import { loadReporter } from "./formats.ts";

const extensions: Readonly<Record<FormatName, string>> = {
  text: "txt",
  json: "json",
  sarif: "sarif",
  junit: "xml",
  html: "html",
  markdown: "md",
  github: "github.txt",
  gitlab: "gitlab.json",
  csv: "csv",
};

/** The page's style sheet and script are the same in every page, and change often. */
function withoutAssets(text: string): string {
  return text
    .replace(/<style>.*?<\/style>/s, "<style>…</style>")
    .replace(/<script>\/\*.*?<\/script>/s, "<script>…</script>")
    .replaceAll(/'sha256-[^']*'/g, "'sha256-…'");
}

describe.each(fixtureNames)("the report %s", (name) => {
  test.each(formatNames)("as %s", async (format) => {
    const { report, context } = readFixture(name);
    const printed = withoutAssets((await loadReporter(format))(report, context));
    await expect(printed).toMatchFileSnapshot(`fixtures/${name}/expected.${extensions[format]}`);
  });
});

const ways: readonly (readonly [string, string, Partial<ReportContext>])[] = [
  ["verbose", "one-subject", { verbose: true }],
  ["verbose", "suppressed", { verbose: true }],
  ["quiet", "one-subject", { quiet: true }],
  ["quiet", "gaps-only", { quiet: true }],
  ["wide", "one-subject", { width: 140 }],
  ["ascii", "one-subject", { unicode: false }],
];

test.each(ways)("text, %s, of %s", async (way, name, more) => {
  const { report, context } = readFixture(name, more);
  const printed = (await loadReporter("text"))(report, context);
  await expect(printed).toMatchFileSnapshot(`fixtures/${name}/expected.${way}.txt`);
});

test.each(["text", "markdown"] as const)("many subjects as %s", async (format) => {
  const printed = (await loadReporter(format))(manyReport(24, 11), testContext());
  await expect(printed).toMatchFileSnapshot(`fixtures/many.${extensions[format]}`);
});
