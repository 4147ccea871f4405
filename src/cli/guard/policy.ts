import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { policiesDocument, policiesYaml } from "../../guard/policy/print.ts";
import type { PolicyOptions } from "./options.ts";
import { policiesFor, policyOfClient } from "./policies.ts";

/** `bulkhead guard policy`. Answers the exit status. */
export async function printPolicy({ client, check, format, ...options }: PolicyOptions): Promise<number> {
  const policies = await policiesFor(options, diskFiles());
  const own = policies && policyOfClient(policies, client);
  if (!own) return 2;
  if (check) return 0;
  const shown = { default: own, clients: client === undefined ? policies.clients : [] };
  process.stdout.write(
    format === "json"
      ? `${JSON.stringify({ guard: policiesDocument(shown) }, null, 2)}\n`
      : policiesYaml(shown),
  );
  return 0;
}
