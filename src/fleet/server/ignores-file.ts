import { dayOf } from "../../model/exemption.ts";
import { acceptedText } from "../agent/accepted.ts";
import { type Accepted, type HostAcceptance, mostAcceptances } from "../protocol/report.ts";
import { acceptancesToldTo, revisionOf, type ToldAcceptance } from "../store/findings/acceptances.ts";
import type { Acceptance } from "../store/findings/acceptances-applied.ts";
import type { FleetDatabase } from "../store/open.ts";

/** What a host is told of acceptances where it has another list than the one that holds. */
export async function newerAcceptances(
  database: FleetDatabase,
  host: string,
  has: string,
  now: number,
): Promise<Accepted | undefined> {
  // Read first: a list that is newer than its name is sent again, one that is older would stay.
  const revision = await revisionOf(database, host);
  if (revision === has) return undefined;
  const told = await acceptancesToldTo(database, host, dayOf(now), mostAcceptances);
  return { revision, ignores: told.map(ignoreOf) };
}

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
    .map(ignoreOf);
  return acceptedText(ignores, "# What is accepted in bulkhead serve. bulkhead audit --config reads it.");
}

function ignoreOf({ control, subject, image, project, reason, until }: ToldAcceptance): HostAcceptance {
  return {
    control,
    // An exec's own id has a random part behind its container's name.
    ...(subject === null ? {} : { subject: subject.startsWith("exec:") ? `${subject}/*` : subject }),
    ...(image === null ? {} : { image }),
    ...(project === null ? {} : { project }),
    ...{ reason, until },
  };
}
