import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { readConfig } from "../../config/config.ts";
import { loadPolicies, type Policies } from "../../guard/policy/policies.ts";

const name = "candidate";

/** The policies that the text of a bulkhead.yaml says; a reason names the place of what is wrong. */
export function candidatePolicies(text: string): Result<Policies> {
  const io = diskFiles();
  io.give(name, text);
  const config = readConfig(name, io);
  if (config.ok) {
    return ok(
      loadPolicies({ config: config.value, environment: {}, preset: undefined, mode: undefined, listen: [] }),
    );
  }
  if ("reason" in config) return failed(config.reason);
  return failed(
    config.faults
      .map(({ reason, location }) =>
        location ? `${location.startLine}:${location.startColumn}: ${reason}` : reason,
      )
      .join("; "),
  );
}
