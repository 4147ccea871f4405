import { z } from "@hono/zod-openapi";
import { acceptanceStates, scopes } from "../../store/findings/acceptances-applied.ts";
import { time } from "./shapes.ts";

export const acceptance = z
  .object({
    id: z.number().int(),
    scope: z.enum(scopes),
    /** A control's id, or `*` for every control. */
    control: z.string(),
    title: z.string(),
    host: z.string().nullable(),
    subject: z.string().nullable(),
    image: z.string().nullable(),
    project: z.string().nullable(),
    /** It holds on the hosts of this team; null: on every host. */
    team: z.number().int().nullable(),
    teamName: z.string().nullable(),
    reason: z.string(),
    until: z.string(),
    author: z.string(),
    created: time,
    reviewer: z.string().nullable(),
    state: z.enum(acceptanceStates),
    /** Open findings that it covers. */
    findings: z.number().int(),
  })
  .openapi("Acceptance");

export const acceptances = z
  .object({
    /** Whether a new one waits until a second person reviewed it. */
    isReviewNeeded: z.boolean(),
    acceptances: z.array(acceptance),
  })
  .openapi("Acceptances");

const common = {
  reason: z.string().trim().min(1, "a reason is needed").max(1_000),
  /** The last day on which it holds, YYYY-MM-DD in UTC. */
  until: z.iso.date("the last day is needed: YYYY-MM-DD"),
};

/** On the hosts of this team alone. */
const teamOnly = z.number().int().nullable().default(null);

export const acceptRequest = z
  .discriminatedUnion("scope", [
    z.object({ scope: z.literal("finding"), finding: z.number().int(), ...common }),
    z.object({
      scope: z.literal("image"),
      control: z.string().max(100),
      image: z.string().min(1).max(500),
      team: teamOnly,
      ...common,
    }),
    z.object({
      scope: z.literal("project"),
      /** A control's id, or `*` for every control. */
      control: z.string().max(100),
      project: z.string().min(1).max(200),
      team: teamOnly,
      ...common,
    }),
  ])
  .openapi("Accept");

export const accepted = z
  .object({ id: z.number().int(), state: z.enum(acceptanceStates) })
  .openapi("Accepted");

export const settings = z
  .object({
    /** Whether an acceptance waits until a second person reviewed it. */
    isReviewNeeded: z.boolean(),
  })
  .openapi("Settings");

export type AcceptRequest = z.infer<typeof acceptRequest>;
