import { diskFiles } from "../audit/disk-files.ts";
import type { Policies } from "../guard/policy/policies.ts";
import { policyDocument, policyYaml } from "../guard/policy/print.ts";
import type { PolicyOptions } from "./guard-options.ts";
import { policiesFor, policyOfClient } from "./guard-policies.ts";

/** `bulkhead guard policy`. Answers the exit status. */
export async function printPolicy(options: PolicyOptions): Promise<number> {
  const policies = await policiesFor(options, diskFiles());
  if (!policies) return 2;
  const only = policyOfClient(policies, options.client);
  if (!only) return 2;
  if (options.check) return 0;
  const text =
    options.client !== undefined
      ? options.format === "json"
        ? json(policyDocument(only))
        : policyYaml(only)
      : all(policies, options.format);
  process.stdout.write(text);
  return 0;
}

function all(policies: Policies, format: PolicyOptions["format"]): string {
  const { clients } = policies;
  if (format === "json") {
    return json({
      default: policyDocument(policies.default),
      clients: Object.fromEntries(clients.map(({ name, policy }) => [name, policyDocument(policy)])),
    });
  }
  return [policyYaml(policies.default), ...clients.map(({ policy }) => policyYaml(policy))].join("---\n");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
