import { failed, ok, type Result } from "../../base/result.ts";
import type { CandidatePolicy } from "../../fleet/serve.ts";
import { decideAgain } from "../../guard/check/again.ts";
import { defaultPolicy } from "../../guard/policy/defaults.ts";
import { candidatePolicies } from "../guard/policies.ts";

/** A policy that is tried on past decisions. A client that it does not name has its policy for all. */
export function readCandidate(yaml: string): Result<CandidatePolicy> {
  const read = candidatePolicies(yaml);
  if (!read.ok) return read;
  const { default: own, clients } = read.value;
  // The default policy would be tried unseen.
  if (own.name === defaultPolicy.name && clients.length === 0) return failed("it says nothing under guard");
  const policyOf = (name: string) => clients.find((client) => client.name === name)?.policy ?? own;
  return ok({
    decide: (client, past) => decideAgain(past, policyOf(client)),
    onlyWarns: (client) => policyOf(client).mode !== "enforce",
  });
}
