import { type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  addRule,
  listRules,
  type Rule,
  removeRule,
  ruleById,
  setPaused,
  setRule,
} from "../../store/notifications/rules.ts";
import { summaryOf } from "../../store/notifications/summary.ts";
import { knownTeams, listTeams } from "../../store/teams/teams.ts";
import { accountOf, auditFor, body, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { isSameServer, sendWords, shownTarget, whyNotThere } from "../notify/post.ts";
import { sendWeek } from "../notify/sender.ts";
import { testWords } from "../notify/words.ts";
import type { Service } from "../service.ts";
import {
  madeRule,
  pauseRequest,
  type RuleChangeRequest,
  ruleChange,
  ruleRequest,
  rules,
} from "./notification-shapes.ts";
import { failure } from "./shapes.ts";

const byId = z.object({ id: z.coerce.number().int() });

const none = { error: "No notification rule has this number." };
const taken = { error: "Another rule has this name." };

/** Who is told of what, where the page is not open. */
export function addNotifications(api: OpenAPIHono<Carried>, service: Service) {
  const { database, titleOf, mailer, version, news } = service;
  const log = auditFor(service);

  /** Why a rule cannot be. */
  async function wrongIn(asked: Omit<Rule, "id">): Promise<string | undefined> {
    if (asked.team !== null && (await knownTeams(database, [asked.team])).length === 0)
      return "No team has this number.";
    const unknown = asked.controls.find((control) => titleOf(control) === "");
    if (unknown !== undefined) return `There is no control ${unknown}.`;
    return whyNotThere(asked, mailer !== undefined);
  }

  return api
    .openapi(
      route("administrator", {
        method: "get",
        path: "/notifications",
        summary: "Notification rules, and how their last messages went",
        responses: { 200: json(rules, "By name; addresses are shown without what may be a secret") },
      }),
      async (context) => {
        const list = await listRules(database);
        const shown = list.map(({ secret, token, ...rule }) => ({
          ...rule,
          controls: [...rule.controls],
          labels: [...rule.labels],
          target: shownTarget(rule),
          hasSecret: secret !== null,
          hasToken: token !== null,
        }));
        return context.json({ hasMailServer: mailer !== undefined, rules: shown }, 200);
      },
    )

    .openapi(
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
        const asked = context.req.valid("json");
        const wrong = await wrongIn(asked);
        if (wrong !== undefined) return context.json({ error: wrong }, 409);
        const id = await addRule(database, { ...asked, author: accountOf(context).name }, Date.now());
        if (id === "taken") return context.json(taken, 409);
        await log(context, "notification rule made", detailOf({ ...asked, id }));
        return context.json({ id }, 200);
      },
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/notifications/{id}",
        summary: "Change a rule; what it tells, and by what, stays",
        request: { params: byId, body: body(ruleChange) },
        responses: {
          204: { description: "Changed" },
          404: json(failure, "No rule has this number"),
          409: json(failure, "It has the name of another, or cannot be sent"),
        },
      }),
      async (context) => {
        const rule = await ruleById(database, context.req.valid("param").id);
        if (!rule) return context.json(none, 404);
        const asked = context.req.valid("json");
        if (isTokenElsewhere(rule, asked)) {
          return context.json(
            { error: "The token belongs to the old address: give one for the new, or none." },
            409,
          );
        }
        const { id, kind, type, ...before } = rule;
        const next = { ...before, ...given(asked) };
        const wrong = await wrongIn({ ...next, kind, type });
        if (wrong !== undefined) return context.json({ error: wrong }, 409);
        const changed = await setRule(database, id, next, Date.now());
        if (changed === "taken") return context.json(taken, 409);
        if (changed === undefined) return context.json(none, 404);
        await log(context, "notification rule changed", detailOf({ ...rule, ...next }));
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/notifications/{id}/paused",
        summary: "Pause a rule, or let it go on: what changes while it is paused is not sent later",
        request: { params: byId, body: body(pauseRequest) },
        responses: { 204: { description: "Done" }, 404: json(failure, "No rule has this number") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const { paused } = context.req.valid("json");
        const name = await setPaused(database, id, paused, Date.now());
        if (name === undefined) return context.json(none, 404);
        await log(context, `notification rule ${paused ? "paused" : "resumed"}`, { id, name });
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
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
    )

    .openapi(
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

/** A token would go to a server that it was not given for: nobody may read it, so nobody may send it where they like either. */
function isTokenElsewhere(rule: Rule, { target, token }: RuleChangeRequest): boolean {
  const isKept = rule.token !== null && token === undefined;
  return isKept && target !== undefined && !isSameServer(rule.target, target);
}

/** What a change says; what it leaves out stays. */
function given({ target, secret, token, ...rest }: RuleChangeRequest) {
  return {
    ...rest,
    ...(target === undefined ? {} : { target }),
    ...(secret === undefined ? {} : { secret }),
    ...(token === undefined ? {} : { token }),
  };
}

/** For the audit log. */
function detailOf(rule: Rule): Readonly<Record<string, unknown>> {
  const { id, name, kind, team, severity, controls, labels } = rule;
  return {
    ...{ id, name, kind, to: shownTarget(rule) },
    ...(team === null ? {} : { team }),
    ...(kind === "changes" ? { severity } : {}),
    ...(controls.length === 0 ? {} : { controls: controls.join(", ") }),
    ...(labels.length === 0 ? {} : { labels: labels.join(", ") }),
  };
}
