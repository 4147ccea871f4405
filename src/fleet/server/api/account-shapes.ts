import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { longestPassword, shortestPassword } from "../sign-in/passwords.ts";
import { labels, name, role, teamIds, time } from "./shapes.ts";

/** Shapes of accounts: who signs in, who is invited, and the tokens by which hosts enrol. */

const newPassword = z.string().min(shortestPassword).max(longestPassword);

export const account = z.object({ id: z.number().int(), name: z.string(), role }).openapi("Account");

export const whoIAm = z
  .object({
    account: z.union([account, z.null()]),
    /** Whether an account exists. */
    isSetUp: z.boolean(),
    version: z.string(),
    /** The OpenID Connect provider that signs people in; null if there is none. */
    provider: z.string().nullable(),
  })
  .openapi("WhoIAm");

export const signedOut = z
  .object({
    /** Where the browser signs out at the provider; null if there is nothing to do. */
    next: z.string().nullable(),
  })
  .openapi("SignedOut");

export const signInRequest = z
  .object({
    name: z.string().max(64),
    password: z.string().max(longestPassword),
    /** What the authenticator app shows, or a recovery code, where the account has a second step. */
    code: z.string().max(32).optional(),
  })
  .openapi("SignIn");

export const joinRequest = z
  .object({ token: z.string().max(128), name, password: newPassword })
  .openapi("Join");

export const passwordRequest = z
  .object({ current: z.string().max(longestPassword), password: newPassword })
  .openapi("NewPassword");

export const accounts = z
  .object({
    accounts: z.array(
      account.extend({
        created: time,
        lastSeen: time.nullable(),
        teams: teamIds,
        /** Its sign-in asks for a code after the password. */
        hasSecondStep: z.boolean(),
        /** The provider that signs the account in and says its role; null for an account with a password. */
        issuer: z.string().nullable(),
      }),
    ),
  })
  .openapi("Accounts");

export const inviteRequest = z.object({ role, teams: teamIds.default(null) }).openapi("Invite");
export const invited = z
  .object({
    /** To be put behind the page's address as `#/join/TOKEN`. It is shown once. */
    token: z.string(),
    expires: time,
  })
  .openapi("Invited");

export const invitations = z
  .object({
    invitations: z.array(
      z.object({
        id: z.number().int(),
        /** The account that gets a new password; null: it makes an account. */
        account: z.string().nullable(),
        role,
        teams: teamIds,
        author: z.string(),
        created: time,
        expires: time,
      }),
    ),
  })
  .openapi("Invitations");

export const enrolments = z
  .object({
    enrolments: z.array(
      z.object({
        id: z.number().int(),
        author: z.string(),
        created: time,
        expires: time,
        /** Hosts no longer enrol by it. */
        isOver: z.boolean(),
        labels: z.record(z.string(), z.string()).nullable(),
        /** The hosts that it enrolled and that are there. */
        hosts: z.array(z.object({ id: z.string(), name: z.string() })),
      }),
    ),
  })
  .openapi("Enrolments");

export const enrolmentRequest = z
  .object({
    hours: z.number().int().min(1).max(720).default(1),
    /** What the hosts that use it are, whatever they tell; null: what they tell. */
    labels: labels.nullable().default(null),
  })
  .openapi("Enrolment");

export function busy(context: Context) {
  context.header("retry-after", "3");
  return { error: "Too many people sign in at this moment. Try again in some seconds." };
}

/** `wait`: milliseconds. */
export function tooMany(context: Context, wait: number) {
  const seconds = Math.ceil(wait / 1_000);
  context.header("retry-after", String(seconds));
  const time = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
  return { error: `Too many wrong passwords. Try again in ${time}.` };
}
