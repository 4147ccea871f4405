import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { guidanceOf } from "../../../controls/guidance.ts";
import { findControl } from "../../../controls/registry.ts";
import { severities } from "../../../model/severity.ts";
import { isAtLeast } from "../../store/findings/counts.ts";
import {
  assign,
  type FoundRow,
  findingsPage,
  findingWithChanges,
  notesOf,
} from "../../store/findings/findings.ts";
import { groupFindings } from "../../store/findings/groups.ts";
import { everything, type FindingsQuery } from "../../store/findings/query.ts";
import type { Sight } from "../../store/teams/sight.ts";
import { accountOf, auditFor, body, json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { openLately } from "../lately.ts";
import type { Service } from "../service.ts";
import {
  assigned,
  assignRequest,
  controlDetail,
  failure,
  findingDetail,
  findingGroups,
  findings,
  type findingsFilter,
  findingsRequest,
  groupsRequest,
} from "./shapes.ts";

/** What is wrong: as a list, in groups, and one of them with its history. */
export function addFindings(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news, titleOf } = service;
  const log = auditFor(service);
  const lately = openLately();

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/findings",
        "x-hosts": "hosts in sight",
        summary: "Findings, worst first",
        request: { query: findingsRequest },
        responses: { 200: json(findings, "A page of them, and how many there are in all") },
      }),
      async (context) => {
        const { offset, limit, sort, ...filter } = context.req.valid("query");
        const query = queryOf(filter, sightOf(context));
        const { bySeverity: counts, rows } = await findingsPage(database, query, { offset, limit }, sort);
        const total = [...counts]
          .filter(([severity]) => query.severities.length === 0 || query.severities.includes(severity))
          .reduce((sum, [, number]) => sum + number, 0);
        const all = [...counts.values()].reduce((sum, number) => sum + number, 0);
        return context.json(
          {
            total,
            mayBeMore: isAtLeast(query, all),
            bySeverity: Object.fromEntries(counts),
            findings: await listed(rows, service),
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/findings/groups",
        "x-hosts": "hosts in sight",
        summary: "Findings by what they share, the worst group first",
        request: { query: groupsRequest },
        responses: { 200: json(findingGroups, "A page of groups") },
      }),
      async (context) => {
        const { offset, limit, by, ...filter } = context.req.valid("query");
        const query = queryOf(filter, sightOf(context));
        const groups = await lately(JSON.stringify([query, by, offset, limit]), () =>
          groupFindings(database, query, by, { offset, limit }),
        );
        return context.json(
          {
            groups: groups.map(({ weight, ...group }) => ({
              ...group,
              title: by === "control" ? titleOf(group.key) : "",
              severity: severityOf(weight),
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/findings/{id}",
        "x-hosts": "hosts in sight",
        summary: "One finding, with all that became of it",
        request: { params: z.object({ id: z.coerce.number().int() }) },
        responses: { 200: json(findingDetail, "The finding"), 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const row = await findingWithChanges(database, id, sightOf(context));
        if (!row) return context.json({ error: "Finding not found. It may be too old." }, 404);
        const { document, changes, ...rest } = row;
        const { assignments } = await notesOf(database, [id]);
        const finding: Record<string, unknown> = JSON.parse(document);
        return context.json(
          {
            ...rest,
            title: titleOf(String(finding.control)),
            cis: cisOf(finding.control),
            assignment: assignmentOf(assignments.get(id)),
            finding,
            changes: changes.map(({ cause, severity, ...change }) => ({
              ...change,
              severity: knownSeverity(severity),
              cause: JSON.parse(cause) as unknown,
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/controls/{id}",
        "x-hosts": "no host",
        summary: "What a control is about: why it matters, what may break, when to let it be",
        request: { params: z.object({ id: z.string() }) },
        responses: { 200: json(controlDetail, "The control"), 404: json(failure, "Not found") },
      }),
      (context) => {
        const { id } = context.req.valid("param");
        const control = findControl(id);
        const title = titleOf(id);
        if (title === "") return context.json({ error: "Control not found." }, 404);
        const { symptom, cause, action, letItBe } = guidanceOf(id) ?? {};
        const guidance =
          symptom === undefined || cause === undefined || action === undefined || letItBe === undefined
            ? null
            : { symptom, cause, action, letItBe };
        return context.json(
          {
            ...{ id, title, severity: control?.severity ?? ("high" as const), guidance },
            ...{ why: control?.why ?? "bulkhead serve finds this itself.", cis: cisOf(id) },
            references: [...(control?.references ?? [])],
          },
          200,
        );
      },
    )

    .openapi(
      route("operator", {
        method: "post",
        path: "/assignments",
        "x-hosts": "hosts in sight",
        summary: "Say who looks after open findings, until when; or that nobody does",
        request: { body: body(assignRequest) },
        responses: {
          200: json(assigned, "Those that are open and in sight"),
          409: json(failure, "None of them is"),
        },
      }),
      async (context) => {
        const { findings: ids, ...said } = context.req.valid("json");
        const author = accountOf(context).name;
        const found = await assign(database, ids, { ...said, author, time: Date.now() }, sightOf(context));
        if (found.length === 0) return context.json({ error: "None of these findings is open." }, 409);
        const { assignee, due } = said;
        await log(context, "findings assigned", { findings: found.length, assignee, due });
        news.tell("findings");
        return context.json({ findings: [...found] }, 200);
      },
    );
}

/** The numbers of the CIS Docker Benchmark that a control answers. */
export function cisOf(control: unknown): string[] {
  return [...(findControl(String(control))?.cis ?? [])];
}

type Notes = Awaited<ReturnType<typeof notesOf>>;

function assignmentOf(row: ReturnType<Notes["assignments"]["get"]>) {
  if (!row) return null;
  const { finding: _, ...said } = row;
  return said;
}

/** Rows with who looks after each and what brought its last change about. */
export async function listed(rows: readonly FoundRow[], service: Service) {
  const { assignments, causes } = await notesOf(
    service.database,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => {
    const last = causes.get(row.id);
    return {
      ...shown(row, service),
      assignment: assignmentOf(assignments.get(row.id)),
      last: last ? { change: last.change, cause: JSON.parse(last.cause) as unknown } : null,
    };
  });
}

export function queryOf(
  { severity, q, ...filter }: z.infer<typeof findingsFilter>,
  sight: Sight,
): FindingsQuery {
  const severities = severity === undefined ? [] : severity.split(",");
  return { ...everything, ...filter, severities, text: q, sight };
}

export function shown(row: FoundRow, { titleOf }: Service) {
  return { ...row, severity: knownSeverity(row.severity), title: titleOf(row.control) };
}

export function severityOf(weight: number) {
  return severities[weight] ?? "info";
}

export function knownSeverity(text: string) {
  return severities.find((severity) => severity === text) ?? "info";
}
