import * as z from "zod/mini";
import type { Finding } from "../../audit/finding.ts";
import { exempts, isDate } from "../../model/exemption.ts";
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

/** The first of the acceptances that covers the finding; `container` is the one that the finding is about, if it is known. */
export function acceptanceOf(
  acceptances: readonly HostAcceptance[],
  finding: Pick<Finding, "control" | "subject">,
  container: { readonly image?: string | undefined; readonly project?: string | undefined } | undefined,
): HostAcceptance | undefined {
  const names = [subjectKey(finding.subject)];
  const scoped = { control: finding.control, names, ...container };
  return acceptances.find(({ control, subject, image, project }) => {
    // An acceptance that names nothing would cover the whole host: serve makes none.
    if ((subject ?? image ?? project) === undefined) return false;
    return exempts({ control, subject: subject && subjectKey(subject), image, project })(scoped);
  });
}
