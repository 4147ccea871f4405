import * as z from "zod/mini";
import type { Finding } from "../../audit/finding.ts";
import { isDate } from "../../audit/ignores.ts";
import { subjectKey } from "../../watch/change.ts";

/**
 * What `bulkhead serve` tells a host of an acceptance, spelled as an ignore of bulkhead.yaml. It covers a finding of one subject,
 * or of the containers of an image or a Compose project.
 */
const acceptance = z.object({
  control: z.string().check(z.minLength(1), z.maxLength(100)),
  subject: z.optional(z.string().check(z.maxLength(500))),
  image: z.optional(z.string().check(z.maxLength(500))),
  project: z.optional(z.string().check(z.maxLength(500))),
  reason: z.string().check(z.minLength(1), z.maxLength(1_000)),
  /** The last day, YYYY-MM-DD in UTC. */
  until: z.string().check(z.refine(isDate)),
});

export type HostAcceptance = Readonly<z.infer<typeof acceptance>>;

/** Acceptances that one host takes. */
export const mostAcceptances = 5_000;

export const acceptedSchema = z.object({
  /** Names this list: another one is sent where the host has another name. */
  revision: z.string().check(z.regex(/^[\w-]{1,64}$/)),
  ignores: z.array(acceptance).check(z.maxLength(mostAcceptances)),
});

export type Accepted = Readonly<z.infer<typeof acceptedSchema>>;

/** The first of the acceptances that covers the finding; `container` is the one that the finding is about, where it is known. */
export function acceptanceOf(
  acceptances: readonly HostAcceptance[],
  finding: Pick<Finding, "control" | "subject">,
  container: { readonly image?: string | undefined; readonly project?: string | undefined } | undefined,
): HostAcceptance | undefined {
  const key = subjectKey(finding.subject);
  return acceptances.find(({ control, subject, image, project }) => {
    if (control !== "*" && control !== finding.control) return false;
    if (subject !== undefined) return subjectKey(subject) === key;
    // An acceptance that names nothing would cover the whole host: serve makes none.
    if (image !== undefined) return container !== undefined && container.image === image;
    return project !== undefined && container !== undefined && container.project === project;
  });
}

export function isInForce({ until }: HostAcceptance, today: string): boolean {
  return until >= today;
}
