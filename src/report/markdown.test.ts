import { expect, test } from "vitest";
import { manyReport, readFixture, testContext } from "../../test/support/report.ts";
import { codeSpan, fenced, markdown, markdownHtml, markdownText } from "./markdown.ts";

test.each([
  ["a | b", "a \\| b"],
  ["**bold** _x_ ~s~", "\\*\\*bold\\*\\* \\_x\\_ \\~s\\~"],
  ["<script>", "&lt;script&gt;"],
  ["[x](javascript:y)", "\\[x\\](javascript:y)"],
  ["@everyone #1", "&#64;everyone \\#1"],
  ["https://example.org", "https&#58;//example.org"],
  ["`tick`", "\\`tick\\`"],
  ["two\nlines", "two\\\\nlines"],
])("the text %s shows as itself", (text, escaped) => {
  expect(markdownText(text)).toBe(escaped);
});

test("code keeps its backticks in", () => {
  expect(codeSpan("a")).toBe("`a`");
  expect(codeSpan("a`b")).toBe("``a`b``");
  expect(codeSpan("`a`")).toBe("`` `a` ``");
  expect(fenced("```\nx")).toBe("````\n```\nx\n````");
  expect(markdownHtml('<b a="1">')).toBe("&lt;b a=&quot;1&quot;&gt;");
});

test("a hostile report makes no markup, mention or fold of its own", () => {
  const { report, context } = readFixture("hostile");
  const printed = markdown(report, context);
  const outsideCode = printed.replaceAll(/````[\s\S]*?````|```[\s\S]*?```|`[^`\n]*`/g, "");
  expect(outsideCode.match(/<[^>]*>/g)?.map((tag) => tag.replace(/<\/?/, ""))).toEqual([
    "details>",
    "summary>",
    "b>",
    "b>",
    "summary>",
    "details>",
    "details>",
    "summary>",
    "summary>",
    "details>",
  ]);
  expect(outsideCode).not.toMatch(/@\w/);
});

test("the rows of the table have as many cells as its head", () => {
  const { report, context } = readFixture("hostile");
  const rows = markdown(report, context)
    .split("\n")
    .filter((line) => line.startsWith("|"));
  const cells = rows.map((row) => row.replaceAll("\\|", "").split("|").length);
  expect(new Set(cells).size).toBe(1);
});

test("fits into a comment on GitHub, and says what it left out", () => {
  const printed = markdown(manyReport(300, 11), testContext());
  expect(printed.length).toBeLessThan(65_536);
  expect(printed).toMatch(/… and \d+ more subjects, which do not fit/);
});
