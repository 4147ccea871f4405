export const scopes = ["finding", "image", "project"] as const;
export type Scope = (typeof scopes)[number];

export const acceptanceStates = ["waiting", "active", "over"] as const;
export type AcceptanceState = (typeof acceptanceStates)[number];

/** What is accepted: one finding, a control on an image, or a control (`*`: every one) in a Compose project. */
export interface Accepted {
  readonly scope: Scope;
  readonly control: string;
  readonly host: string | null;
  readonly subject: string | null;
  readonly image: string | null;
  readonly project: string | null;
  /** Of an image or a project: on the hosts of this team alone. */
  readonly team: number | null;
}

export interface NewAcceptance extends Accepted {
  readonly reason: string;
  /** The last day, YYYY-MM-DD. */
  readonly until: string;
  readonly author: { readonly id: number; readonly name: string };
  /** Whether it waits for a second person. */
  readonly waits: boolean;
}

export interface Acceptance extends Accepted {
  readonly id: number;
  readonly reason: string;
  readonly until: string;
  readonly author: string;
  readonly created: number;
  readonly reviewer: string | null;
  readonly state: AcceptanceState;
  /** Open findings that it covers. */
  readonly findings: number;
}

/** What a row of the table accepts. */
export function acceptedOf({
  scope,
  control,
  host,
  subject,
  image,
  project,
  team,
}: Omit<Accepted, "scope"> & { readonly scope: string }): Accepted {
  const known = scopes.find((each) => each === scope) ?? "finding";
  return { scope: known, control, host, subject, image, project, team };
}
