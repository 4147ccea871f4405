import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { severities } from "../../model/severity.ts";
import {
  addRule,
  destinations,
  listRules,
  removeRule,
  ruleById,
  ruleKinds,
} from "../../store/fleet/notifications/rules.ts";
import { summaryOf } from "../../store/fleet/notifications/summary.ts";
import { knownTeams, listTeams } from "../../store/fleet/teams/teams.ts";
import { ntfyAddress } from "../../watch/outputs/chat/ntfy.ts";
import { accountOf, body, json, route } from "../http/access.ts";
import { auditFor } from "../http/audit.ts";
import type { Carried } from "../http/session.ts";
import { isMailAddress } from "../notify/mail.ts";
import { noMailServer, sendWords, shownTarget } from "../notify/post.ts";
import { sendWeek } from "../notify/sender.ts";
import { testWords } from "../notify/words.ts";
import type { Service } from "../service.ts";
import { whyNoCollector } from "../telemetry/otlp.ts";
import { failure, label, name, severity, time } from "./shapes.ts";

const byId = z.object({ id: z.coerce.number().int() });
const kind = z.enum(ruleKinds);
const destination = z.enum(destinations);

const rules = z
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

/** A secret crosses no line: it stands in a header. */
const headerText = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, "holds a space or a character that no header may hold")
  .nullable()
  .default(null);

const ruleRequest = z
  .object({
    name,
    kind,
    team: z.number().int().nullable().default(null),
    severity: z.enum(severities).default("high"),
    controls: z.array(z.string().max(100)).max(200).default([]),
    labels: z.array(label).max(64).default([]),
    type: destination,
    /** An address, or for mail the receivers, with commas. */
    target: z.string().trim().min(1).max(2_000),
    secret: headerText,
    token: headerText,
  })
  .openapi("NewNotificationRule");

const madeRule = z.object({ id: z.number().int() }).openapi("MadeNotificationRule");

export type NotificationRules = z.infer<typeof rules>;
export type MadeNotificationRule = z.infer<typeof madeRule>;

const none = { error: "No notification rule has this number." };

/** Who is told of what, where the page is not open. */
export function addNotifications(api: OpenAPIHono<Carried>, service: Service): void {
  const { database, titleOf, mailer, version, news } = service;
  const log = auditFor(service);

  /** Why a rule cannot be. */
  async function wrongIn(asked: z.infer<typeof ruleRequest>): Promise<string | undefined> {
    if (asked.team !== null && (await knownTeams(database, [asked.team])).length === 0)
      return "No team has this number.";
    const unknown = asked.controls.find((control) => titleOf(control) === "");
    if (unknown !== undefined) return `There is no control ${unknown}.`;
    return whyNotThere(asked, mailer !== undefined);
  }

  api.openapi(
    route("administrator", {
      method: "get",
      path: "/notifications",
      summary: "Who is told of what, and how that fares",
      responses: { 200: json(rules, "By name; addresses are shown without what may be a secret") },
    }),
    async (context) => {
      const list = await listRules(database);
      const shown = list.map(({ secret: _, token: __, ...rule }) => ({
        ...rule,
        controls: [...rule.controls],
        labels: [...rule.labels],
        target: shownTarget(rule),
      }));
      return context.json({ hasMailServer: mailer !== undefined, rules: shown }, 200);
    },
  );

  api.openapi(
    route("administrator", {
      method: "post",
      path: "/notifications",
      summary: "Make a rule: changes as they come, or a summary each Monday",
      request: { body: body(ruleRequest) },
      responses: {
        200: json(madeRule, "The rule"),
        409: json(failure, "It has the name of another, or cannot be sent"),
      },
    }),
    async (context) => {
      const asked: z.infer<typeof ruleRequest> = context.req.valid("json");
      const wrong = await wrongIn(asked);
      if (wrong !== undefined) return context.json({ error: wrong }, 409);
      const id = await addRule(database, { ...asked, author: accountOf(context).name }, Date.now());
      if (id === "taken") return context.json({ error: "Another rule has this name." }, 409);
      await log(context, "notification rule made", {
        ...{ id, name: asked.name, kind: asked.kind, to: shownTarget(asked) },
        ...(asked.team === null ? {} : { team: asked.team }),
      });
      return context.json({ id }, 200);
    },
  );

  api.openapi(
    route("administrator", {
      method: "delete",
      path: "/notifications/{id}",
      summary: "Remove a rule with what waits for it",
      request: { params: byId },
      responses: { 204: { description: "Removed" }, 404: json(failure, "No rule has this number") },
    }),
    async (context) => {
      const { id } = context.req.valid("param");
      const removed = await removeRule(database, id);
      if (removed === undefined) return context.json(none, 404);
      await log(context, "notification rule removed", { id, name: removed });
      return context.body(null, 204);
    },
  );

  api.openapi(
    route("administrator", {
      method: "post",
      path: "/notifications/{id}/test",
      summary: "Send a test now, or the summary of the last seven days",
      request: { params: byId },
      responses: {
        204: { description: "The receiver took it" },
        404: json(failure, "No rule has this number"),
        502: json(failure, "The receiver did not take it"),
      },
    }),
    async (context) => {
      const rule = await ruleById(database, context.req.valid("param").id);
      if (!rule) return context.json(none, 404);
      const sending = { version, mailer, signal: context.req.raw.signal };
      const { team } = rule;
      const posted =
        rule.kind === "weekly"
          ? await sendWeek(
              rule,
              await summaryOf(database, team === null ? "all" : [team], Date.now()),
              team === null ? undefined : (await listTeams(database, [team]))[0]?.name,
              sending,
            )
          : await sendWords(rule, testWords(rule.name), { kind: "test", rule: rule.name }, sending);
      await log(context, "notification tested", { id: rule.id, name: rule.name, outcome: posted.outcome });
      // What waits is tried again, too.
      news.tell("findings");
      if (posted.outcome === "taken") return context.body(null, 204);
      return context.json({ error: `${shownTarget(rule)} ${posted.reason}.` }, 502);
    },
  );
}

function whyNotThere(
  { kind, type, target, secret, token }: z.infer<typeof ruleRequest>,
  hasMailServer: boolean,
): string | undefined {
  if (secret !== null && type !== "webhook") return "A secret signs what a webhook gets; others take none.";
  if (token !== null && !["webhook", "ntfy", "otlp"].includes(type))
    return "Only webhooks, ntfy and OTLP take a token.";
  if (type === "mail") {
    if (!hasMailServer) return `bulkhead ${noMailServer}.`;
    const wrong = target.split(",").find((each) => !isMailAddress(each.trim()));
    return wrong === undefined ? undefined : `${wrong.trim()} is not a mail address.`;
  }
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return "The address has to be such as https://host/path.";
  if (type === "otlp") {
    return kind === "weekly"
      ? "OTLP takes each change as it comes; a weekly summary is for people."
      : whyNoCollector(url);
  }
  if (type === "ntfy" && !ntfyAddress(url)) return "The address names no topic: https://ntfy.sh/TOPIC.";
  return undefined;
}
