import { InvalidArgumentError } from "commander";
import { type JobKind, jobKinds } from "../../../watch/job-kinds.ts";

/** Of an option that may be given several times: what operators of bulkhead serve may start here. */
export function jobKind(value: string, before: readonly JobKind[]): readonly JobKind[] {
  const known = value.split(",").map((text) => jobKinds.find((kind) => kind === text.trim()));
  const kinds = known.filter((kind) => kind !== undefined);
  if (kinds.length < known.length) throw new InvalidArgumentError("prove, learn, fix or verify is expected.");
  return [...new Set([...before, ...kinds])];
}

/** Why these cannot be allowed; undefined where they can. */
export function whyNotAllowed(kinds: readonly JobKind[]): string | undefined {
  return kinds.includes("prove") && process.getuid?.() !== 0
    ? "--allow prove needs root: only root can tell the containers of a proof from others"
    : undefined;
}
