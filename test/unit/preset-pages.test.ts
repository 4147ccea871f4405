import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { presetsWithPage } from "../../scripts/preset-pages/page.ts";
import { audit } from "../../src/audit/audit.ts";
import { readConfig } from "../../src/config/config.ts";
import { loadPolicies } from "../../src/guard/policy/policies.ts";
import { auditRequest } from "../support/audit-request.ts";
import { memoryDisk } from "../support/memory-disk.ts";
import { memoryFiles } from "../support/memory-files.ts";

const pageOf = (name: string) => readFileSync(`docs/guard/${name}.md`, "utf8");

function composeOf(name: string): string {
  const page = pageOf(name);
  const [, text] = /^# .+\n\nPaste this as compose\.yaml:\n\n```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/guard/${name}.md does not begin with a Compose file`);
  return text;
}

test.each(presetsWithPage)(
  "the Compose file of %s has no critical or high finding, and its policy is one",
  async (name) => {
    const text = composeOf(name);
    const { report } = await audit(
      auditRequest(["compose.yaml"]),
      memoryDisk({ "compose.yaml": text }),
      async () => {},
    );
    expect(report.gaps).toEqual([]);
    const open = report.findings.filter(
      ({ suppressed, verdict }) => !suppressed && (verdict === "fail" || verdict === "unknown"),
    );
    expect(report.findings.length).toBeGreaterThan(1);
    expect(open.filter(({ severity }) => severity === "critical" || severity === "high")).toEqual([]);

    const { services, configs } = parse(text) as {
      readonly services: { readonly guard: { readonly command: readonly string[] } };
      readonly configs?: { readonly policy: { readonly file: string } };
    };
    if (configs !== undefined) expect(configs.policy.file).toBe("./bulkhead.yaml");
    const [, policy] =
      /\n```\n\nand this as bulkhead\.yaml beside it:\n\n```yaml\n([\s\S]*?)```/.exec(pageOf(name)) ?? [];
    expect(policy !== undefined).toBe(configs !== undefined);
    const words = policy ?? `guard: { preset: ${name} }`;
    if (configs === undefined) expect(services.guard.command.slice(0, 2)).toEqual(["--preset", name]);
    const config = readConfig("b", memoryFiles({ b: words }));
    if (!config.ok) throw new Error(JSON.stringify(config));
    expect(loadPolicies({ config: config.value, environment: {} }).default.name).toContain(name);
  },
);
