import { stringify } from "yaml";
import type { Acceptance } from "../store/fleet/acceptances.ts";

/**
 * Acceptances in force as a `bulkhead.yaml`, which `bulkhead audit` and `bulkhead watch` read. What is accepted for one finding
 * names its container, so such a file is for the host that it was asked for, which belongs to these teams.
 */
export function ignoresFile(
  acceptances: readonly Acceptance[],
  host: string | undefined,
  teams: readonly number[],
): string {
  const ignores = acceptances
    .filter((each) => each.state === "active" && (each.scope !== "finding" || each.host === host))
    .filter(({ team }) => team === null || teams.includes(team))
    .map(({ control, subject, image, project, reason, until }) => ({
      control,
      // An exec's own id has a random part behind its container's name.
      ...(subject === null ? {} : { subject: subject.startsWith("exec:") ? `${subject}/*` : subject }),
      ...(image === null ? {} : { image }),
      ...(project === null ? {} : { project }),
      ...{ reason, until },
    }));
  return `# What is accepted in bulkhead serve. bulkhead audit --config reads it.\n${stringify({ ignores })}`;
}
