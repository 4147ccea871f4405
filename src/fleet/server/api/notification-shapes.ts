import { z } from "@hono/zod-openapi";
import { severities } from "../../../model/severity.ts";
import { destinationTypes } from "../../../watch/outputs/destinations.ts";
import { facilities } from "../../../watch/outputs/settings.ts";
import { ruleKinds } from "../../store/notifications/rules.ts";
import { label, name, severity, time } from "./shapes.ts";

const kind = z.enum(ruleKinds);
const destination = z.enum(destinationTypes);
const facility = z.enum(facilities);

export const rules = z
  .object({
    /** Whether mails can be sent. */
    hasMailServer: z.boolean(),
    rules: z.array(
      z.object({
        id: z.number().int(),
        name: z.string(),
        kind,
        team: z.number().int().nullable(),
        severity,
        controls: z.array(z.string()),
        labels: z.array(z.string()),
        type: destination,
        /** Where it goes, without what may be a secret. */
        target: z.string(),
        facility: facility.nullable(),
        /** Whether a secret signs, and a token is sent. */
        hasSecret: z.boolean(),
        hasToken: z.boolean(),
        /** Whether nothing is gathered and nothing sent for now. */
        paused: z.boolean(),
        /** When the next attempt is, or the next summary. */
        due: time,
        failures: z.number().int(),
        trouble: z.string().nullable(),
        told: time.nullable(),
        sent: z.number().int(),
        lost: z.number().int(),
        waiting: z.number().int(),
      }),
    ),
  })
  .openapi("NotificationRules");

/** A secret of one line: it is sent in a header. */
const headerText = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, "holds a space or a character that no header may hold")
  .nullable();

/** An address, or for mail the receivers, with commas. */
const target = z.string().trim().min(1).max(2_000);

const filters = {
  name,
  team: z.number().int().nullable().default(null),
  severity: z.enum(severities).default("high"),
  controls: z.array(z.string().max(100)).max(200).default([]),
  labels: z.array(label).max(64).default([]),
  facility: facility.nullable().default(null),
};

export const ruleRequest = z
  .object({
    ...filters,
    kind,
    type: destination,
    target,
    secret: headerText.default(null),
    token: headerText.default(null),
  })
  .openapi("NewNotificationRule");

/** The address, the secret and the token stay where they are left out. */
export const ruleChange = z
  .object({
    ...filters,
    target: target.optional(),
    secret: headerText.optional(),
    token: headerText.optional(),
  })
  .openapi("ChangedNotificationRule");

export const pauseRequest = z.object({ paused: z.boolean() }).openapi("PausedNotificationRule");

export const madeRule = z.object({ id: z.number().int() }).openapi("MadeNotificationRule");

export type RuleChangeRequest = z.infer<typeof ruleChange>;
