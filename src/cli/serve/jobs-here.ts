import type { HostJobs } from "../../fleet/protocol/job.ts";
import { engineArgs, kernelArgs } from "../common/engine-target.ts";
import { type JobsOptions, openJobs } from "../common/own-commands/jobs.ts";
import { triesOf } from "../watch/proof-settings.ts";
import type { ServeOptions } from "./options.ts";

/** What operators start on the host of this serve. */
export function openJobsHere(
  options: ServeOptions,
  rest: Pick<JobsOptions, "running" | "compose" | "changed" | "say">,
): HostJobs {
  return openJobs({
    ...{ ...rest, allowed: options.allow, tries: triesOf },
    ...{ engine: engineArgs(options), kernel: kernelArgs(options) },
  });
}
