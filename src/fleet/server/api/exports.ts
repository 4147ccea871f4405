import { Readable } from "node:stream";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { contentType } from "../../../metrics/registry.ts";
import { cell } from "../../../report/csv-cell.ts";
import { auditAfter, brokenAt } from "../../store/accounts/audit-log.ts";
import { whyDatabase } from "../../store/database.ts";
import { type FoundRow, findingsAfter } from "../../store/findings/findings.ts";
import type { FindingsQuery } from "../../store/findings/query.ts";
import { route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { metricsText } from "../metrics.ts";
import type { Service } from "../service.ts";
import { ocsfOf, sarifOf } from "./export-forms.ts";
import { queryOf, shown } from "./findings.ts";
import { findingsFilter } from "./shapes.ts";

/** Rows that are read and sent together. */
const part = 1_000;

const columns = [
  "host",
  "subject",
  "control",
  "title",
  "severity",
  "verdict",
  "message",
  "image",
  "project",
  "opened",
  "changed",
  "resolved",
] as const;

/** What leaves for other programs, as a whole: findings, the audit log, and numbers for Prometheus. */
export function addExports(api: OpenAPIHono<Carried>, service: Service) {
  const { database, say } = service;

  async function* findings(query: FindingsQuery): AsyncGenerator<FoundRow> {
    for (let id = 0; ; ) {
      const rows = await findingsAfter(database, query, id, part);
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < part) return;
      id = last.id;
    }
  }

  /** Streams lines; where the database fails in between, the answer breaks off, and is no shorter file that looks whole. */
  const send = (context: Context<Carried>, name: string, type: string, lines: AsyncGenerator<string>) =>
    context.body(Readable.toWeb(Readable.from(encoded(lines, say))) as ReadableStream, 200, {
      "content-type": type,
      "content-disposition": `attachment; filename="${name}"`,
    });

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/exports/findings.csv",
        "x-hosts": "hosts in sight",
        summary: "Every finding that the filter takes, as CSV (RFC 4180)",
        request: { query: findingsFilter },
        responses: { 200: { description: "A row for each finding" } },
      }),
      (context) => {
        const query = queryOf(context.req.valid("query"), sightOf(context));
        async function* lines() {
          yield `${columns.join(",")}\r\n`;
          for await (const row of findings(query)) yield `${csvRow(row, service)}\r\n`;
        }
        return send(context, "findings.csv", "text/csv; charset=utf-8", lines());
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/exports/findings.json",
        "x-hosts": "hosts in sight",
        summary: "Every finding that the filter takes, as one JSON document",
        request: { query: findingsFilter },
        responses: { 200: { description: "schemaVersion and findings" } },
      }),
      (context) => {
        const query = queryOf(context.req.valid("query"), sightOf(context));
        async function* lines() {
          let before = '{"schemaVersion":1,"findings":[\n';
          for await (const row of findings(query)) {
            yield before + JSON.stringify(shown(row, service));
            before = ",\n";
          }
          yield before.startsWith("{") ? `${before}]}\n` : "\n]}\n";
        }
        return send(context, "findings.json", "application/json", lines());
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/exports/findings.sarif",
        "x-hosts": "hosts in sight",
        summary: "Every finding that the filter takes, as SARIF 2.1.0 for other dashboards",
        request: { query: findingsFilter },
        responses: { 200: { description: "A run with a result for each finding" } },
      }),
      (context) => {
        const rows = findings(queryOf(context.req.valid("query"), sightOf(context)));
        return send(context, "findings.sarif", "application/sarif+json", sarifOf(rows, service));
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/exports/findings.ocsf.jsonl",
        "x-hosts": "hosts in sight",
        summary: "Every finding that the filter takes, as OCSF 1.4 Compliance Findings, one a line",
        request: { query: findingsFilter },
        responses: { 200: { description: "A JSON object for each finding" } },
      }),
      (context) => {
        const rows = findings(queryOf(context.req.valid("query"), sightOf(context)));
        async function* lines() {
          for await (const row of rows) yield `${JSON.stringify(ocsfOf(row, service))}\n`;
        }
        return send(context, "findings.ocsf.jsonl", "application/jsonl", lines());
      },
    )

    .openapi(
      route("administrator", {
        method: "get",
        path: "/exports/audit-log.jsonl",
        summary: "The whole audit log, a JSON object a line, oldest first, with the hashes that chain it",
        responses: { 200: { description: "Its last line says whether the chain holds" } },
      }),
      (context) => {
        async function* lines() {
          for (let id = 0; ; ) {
            const rows = await auditAfter(database, id, part);
            for (const row of rows) yield `${JSON.stringify(row)}\n`;
            const last = rows.at(-1);
            if (!last || rows.length < part) break;
            id = last.id;
          }
          yield `${JSON.stringify({ brokenAt: (await brokenAt(database)) ?? null })}\n`;
        }
        return send(context, "audit-log.jsonl", "application/jsonl", lines());
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "get",
          path: "/metrics",
          "x-hosts": "hosts in sight",
          summary: "Counts in Prometheus' text form; also at /metrics",
          responses: {
            200: { description: "Open findings by severity, team and control, hosts, queues, refusals" },
          },
        },
        "metrics",
      ),
      async (context) =>
        context.body(await metricsText(service, Date.now(), sightOf(context)), 200, {
          "content-type": contentType,
        }),
    );
}

/** Lines in parts of some size. */
async function* encoded(
  lines: AsyncGenerator<string>,
  say: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let waiting = "";
  try {
    for await (const line of lines) {
      waiting += line;
      if (waiting.length < 64 * 1024) continue;
      yield encoder.encode(waiting);
      waiting = "";
    }
    yield encoder.encode(waiting);
  } catch (error) {
    say(`an export broke off: ${whyDatabase(error)}`);
    throw error;
  }
}

function csvRow(row: FoundRow, service: Service): string {
  const { hostName, opened, changed, resolved, ...rest } = shown(row, service);
  const said = {
    ...rest,
    host: hostName,
    opened: iso(opened),
    changed: iso(changed),
    resolved: resolved === null ? "" : iso(resolved),
  };
  return columns.map((column) => cell(said[column] ?? "")).join(",");
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
