import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { guardRules } from "../../src/guard/judge/policy/rules.ts";
import { loadPolicies } from "../../src/guard/policy/policies.ts";
import { presetNames } from "../../src/guard/policy/presets/preset-names.ts";
import { routeGroups } from "../../src/guard/routes/route.ts";
import { memoryFiles } from "../support/memory-files.ts";

const text = readFileSync("docs/guard.md", "utf8");

function read(yaml: string) {
  return readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": yaml }));
}

test("the policy in docs/guard.md is one", () => {
  const [, yaml = ""] = /```yaml\n(guard:\n[\s\S]*?)```/.exec(text) ?? [];
  const config = read(yaml);
  expect(config).toMatchObject({ ok: true, value: { guard: { clients: { ci: { preset: "ci-runner" } } } } });
  if (config.ok) {
    const { clients } = loadPolicies({ config: config.value, environment: {} });
    expect(clients.map(({ name }) => name)).toEqual(["traefik", "ci"]);
  }
});

test("docs/guard.md knows every preset and every group, and no rule that is not", () => {
  for (const name of presetNames) expect(text).toContain(`| \`${name}\` |`);
  for (const group of routeGroups) expect(text).toContain(`\`${group}\``);
  const ids: readonly string[] = guardRules.map(({ id }) => id);
  const named = [...text.matchAll(/`(guard-[a-z-]+)`/g)].map(([, id]) => id);
  expect(named.filter((id) => id !== undefined && !ids.includes(id))).toEqual([]);
});
