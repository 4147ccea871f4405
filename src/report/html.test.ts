import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  differingReport,
  finding,
  fixtureNames,
  readFixture,
  reportOf,
  testContext,
} from "../../test/support/report.ts";
import type { Finding } from "../audit/finding.ts";

import { prose, html as template } from "./html/html.ts";
import { html } from "./html.ts";

const page = (name: string) => {
  const { report, context } = readFixture(name);
  return html(report, context);
};

describe.each(fixtureNames)("the page of %s", (name) => {
  test("asks the network for nothing", () => {
    expect(page(name)).not.toMatch(
      /\b(?:src|srcset|action|data)="|<(?:link|iframe|object|img|base)|@import|url\(/,
    );
  });

  test("allows its own script and style sheet, and nothing else", () => {
    const text = page(name);
    const policy = /content="(default-src 'none';[^"]*)"/.exec(text)?.[1] ?? "";
    for (const [directive, element] of [
      ["script-src", "script"],
      ["style-src", "style"],
    ]) {
      const blocks = [...text.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"))];
      expect(blocks).toHaveLength(1);
      const hash = createHash("sha256")
        .update(blocks[0]?.[1] ?? "")
        .digest("base64");
      expect(policy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(text).not.toMatch(/ style="| on\w+="/);
  });

  test("has every id once, and leads nowhere that is not there", () => {
    const text = page(name);
    const ids = [...text.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...text.matchAll(/ href="#([^"]*)"/g)].map((match) => match[1]);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });
});

test("the template escapes what is put into it", () => {
  expect(template`<p title="${'"><b>'}">${"<i>\u001b"}${template`<b>${"&"}</b>`}</p>`.markup).toBe(
    '<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;\\x1b<b>&amp;</b></p>',
  );
});

test("hostile text stays text", () => {
  const text = page("hostile");
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text).not.toMatch(/href="javascript:/);
});

test("a hundred containers of which the same is said are one group", () => {
  const like = finding({
    control: "memory-limit",
    subject: "",
    level: "configured",
    locations: [{ pointer: "/HostConfig/Memory" }],
  });
  const ids = Array.from({ length: 100 }, (_, index) => ({ id: `w${index}`, name: `w${index}` }));
  const update = { kind: "behavioural", summary: "Limit the memory.", breaks: null } as const;
  const findings = ids.map(
    ({ id, name }): Finding => ({
      ...like,
      subject: id,
      fix: { ...update, snippet: `docker update --memory 512m ${name}` },
    }),
  );
  const text = html(reportOf(ids, findings), testContext());
  expect(text.match(/<details class="subject"/g)).toHaveLength(1);
  expect(text.match(/<article class="finding/g)).toHaveLength(1);
  expect(text).toContain("w0 and 99 more");
  expect(text).toContain("docker update --memory 512m CONTAINER...");
  for (const { name } of ids) expect(text).toContain(`<li>${name} `);

  const other = { ...like, subject: "w50", message: "has a limit of its own" };
  const differing = html(reportOf(ids, findings.with(50, other)), testContext());
  expect(differing.match(/<details class="subject"/g)).toHaveLength(2);
});

test("three hundred subjects make a page of a size that can be sent around", () => {
  const text = html(differingReport(300, 11), testContext());
  expect(text.match(/<article class="finding/g)?.length).toBeGreaterThan(2000);
  expect(text.length).toBeLessThan(8_000_000);
});

test("the page begins with the worst findings and the command that mends each", () => {
  const text = page("one-subject");
  const start = text.slice(text.indexOf("Start here"), text.indexOf('id="findings"'));
  expect(start).toContain('<span class="badge critical">critical</span> web mounts /var/run/docker.sock.');
  expect(start).toContain('<code class="command">bulkhead fix --guard compose.yaml</code>');
  expect(html(reportOf([], []), testContext())).not.toContain("Start here");
});

test("an option in a sentence is code, so that it breaks nowhere", () => {
  expect(prose("Give --cap-add, `--device x` or a--b -- and --init.").markup).toBe(
    "Give <code>--cap-add</code>, <code>--device x</code> or a--b -- and <code>--init</code>.",
  );
});
