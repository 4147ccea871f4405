import type { KeyObject } from "node:crypto";
import { type DiskFiles, diskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { readConfig } from "../../config/config.ts";
import { nearestConfig } from "../../config/find.ts";
import { loadPolicies, type Policies } from "../../guard/policy/policies.ts";
import { readKey, readSigned } from "../../guard/policy/signature.ts";
import { loadConfig } from "../audit/settings.ts";
import { bundlesIn } from "../common/bundles.ts";
import { complain } from "../common/complain.ts";
import type { GuardPolicyOptions } from "./options.ts";

/** The policies that the options and bulkhead.yaml say. What is wrong is told, and undefined comes back. */
export async function policiesFor(
  options: GuardPolicyOptions,
  io: DiskFiles,
  listen: readonly string[] = [],
): Promise<Policies | undefined> {
  const signed = checkSignature(options, io);
  if (!signed.ok) {
    complain(signed.reason);
    return undefined;
  }
  const settings = await loadConfig(
    { only: [], skip: [], ...(options.config !== undefined && { config: options.config }) },
    io,
  );
  if (!settings.ok) return undefined;
  const bundles = bundlesIn(settings.value, io, signed.value);
  if (!bundles.ok) {
    complain(bundles.reason);
    return undefined;
  }
  const policies = loadPolicies({
    bundles: bundles.value,
    config: settings.value.config,
    environment: io.environment,
    preset: options.preset,
    mode: options.mode,
    listen,
  });
  for (const note of policies.socketProxy?.notes ?? []) complain(note);
  const fault = conflict(policies);
  if (fault === undefined) return policies;
  complain(fault);
  return undefined;
}

/** Where a key is given, puts the text whose signature was checked in the place of the file. The key, then. */
function checkSignature(
  { policyKey, policySignature, config }: GuardPolicyOptions,
  io: DiskFiles,
): Result<KeyObject | undefined> {
  if (policyKey === undefined)
    return policySignature === undefined
      ? ok(undefined)
      : failed("--policy-signature says nothing without --policy-key");
  const path = config === false ? undefined : (config ?? nearestConfig(process.cwd(), io));
  if (path === undefined) return failed("--policy-key: there is no bulkhead.yaml that could be signed");
  const text = readSigned(path, policyKey, policySignature ?? `${path}.sig`);
  if (!text.ok) return text;
  io.give(path, text.value);
  return readKey(policyKey);
}

/** A certificate or an address that would be two clients at once. */
function conflict({ clients }: Policies): string | undefined {
  const seen = new Map<string, string>();
  for (const { name, listen, certificates } of clients) {
    const marks = [
      ...listen.map((address) => `the address ${address.split(",")[0]}`),
      ...certificates.map((common) => `the certificate ${common}`),
    ];
    for (const mark of marks) {
      const other = seen.get(mark);
      if (other !== undefined) return `bulkhead.yaml: ${mark} is given to the clients ${other} and ${name}`;
      seen.set(mark, name);
    }
  }
  return undefined;
}

/** The policy of a client by its name; undefined, and told, where there is none. */
export function policyOfClient(
  policies: Policies,
  name: string | undefined,
): Policies["default"] | undefined {
  if (name === undefined || name === "default") return policies.default;
  const client = policies.clients.find((each) => each.name === name);
  if (client) return client.policy;
  const names = ["default", ...policies.clients.map((each) => each.name)];
  complain(`there is no client ${name}: bulkhead.yaml has ${names.join(", ")}`);
  return undefined;
}

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
