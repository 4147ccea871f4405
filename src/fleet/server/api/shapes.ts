import { z } from "@hono/zod-openapi";
import { outcomes } from "../../../audit/benchmark/benchmark.ts";
import { labelsOf, mostLabels, parseLabel } from "../../../base/labels.ts";
import { severities } from "../../../model/severity.ts";
import { settingGroups } from "../../protocol/report.ts";
import { roles } from "../../store/accounts/roles.ts";
import { groupings } from "../../store/findings/groups.ts";
import { findingStates, sorts } from "../../store/findings/query.ts";
import { hostSorts } from "../../store/hosts/overview.ts";
import { trendGroups } from "../../store/hosts/trends.ts";

/** The shapes of /api/v1: they check what comes in, describe it in OpenAPI, and give the page its types. Times are milliseconds since 1970. */

export const time = z.number().int();
export const severity = z.enum(severities);
export const role = z.enum(roles);

/** A name for people: control characters could hide something. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._@+-]+$/u, "letters, digits and . _ @ + - are allowed");

export const label = z
  .string()
  .max(130)
  .refine((text) => parseLabel(text).ok, "a label such as env=prod is expected");

/** The labels of a host, each name once. */
export const labels = z
  .array(label)
  .max(mostLabels)
  .refine((texts) => labelsOf(texts).ok, "a label's name is given twice");

/** Numbers of teams; null: not limited to teams. */
export const teamIds = z
  .array(z.number().int())
  .max(100)
  .refine((teams) => new Set(teams).size === teams.length, "a team is named twice")
  .nullable();

export const failure = z.object({ error: z.string() }).openapi("Failure");

export const bySeverity = z.record(z.string(), z.number().int());

export const finding = z
  .object({
    id: z.number().int(),
    host: z.string(),
    hostName: z.string(),
    subject: z.string(),
    control: z.string(),
    title: z.string(),
    area: z.string(),
    severity,
    verdict: z.string(),
    message: z.string(),
    image: z.string().nullable(),
    project: z.string().nullable(),
    opened: time,
    changed: time,
    resolved: time.nullable(),
  })
  .openapi("Finding");

/** A day as bulkhead.yaml writes it. */
const day = z.iso.date();

const assignment = z.object({
  assignee: z.string(),
  due: day.nullable(),
  comment: z.string(),
  author: z.string(),
  time,
});

export const assignRequest = z
  .object({
    findings: z.array(z.number().int()).min(1).max(500),
    /** Null: nobody looks after them any more. */
    assignee: name.nullable(),
    due: day.nullable().default(null),
    comment: z.string().trim().max(1_000).default(""),
  })
  .openapi("Assign");

export const assigned = z.object({ findings: z.array(z.number().int()) }).openapi("Assigned");

/** A finding in a list, with who looks after it and what brought its last change about. */
const listed = finding.extend({
  assignment: assignment.nullable(),
  last: z.object({ change: z.string(), cause: z.unknown() }).nullable(),
});

export const findings = z
  .object({
    total: z.number().int(),
    /** A search counts up to a thousand: there may be more. */
    mayBeMore: z.boolean(),
    bySeverity,
    findings: z.array(listed),
  })
  .openapi("Findings");

export const findingGroups = z
  .object({
    groups: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        title: z.string(),
        severity,
        findings: z.number().int(),
        hosts: z.number().int(),
        subjects: z.number().int(),
        newest: time,
      }),
    ),
  })
  .openapi("FindingGroups");

export const change = z
  .object({
    id: z.number().int(),
    time,
    change: z.string(),
    severity,
    verdict: z.string(),
    message: z.string(),
    /** What brought it about, as in `watch --format jsonl`. */
    cause: z.unknown(),
    finding: z.number().int(),
    control: z.string(),
    subject: z.string(),
    host: z.string(),
    hostName: z.string(),
  })
  .openapi("Change");

/** Numbers of the CIS Docker Benchmark. */
const cis = z.array(z.string());

export const controlDetail = z
  .object({
    id: z.string(),
    title: z.string(),
    severity,
    why: z.string(),
    cis,
    references: z.array(z.string()),
    guidance: z
      .object({ symptom: z.string(), cause: z.string(), action: z.string(), letItBe: z.string() })
      .nullable(),
  })
  .openapi("Control");

export const findingDetail = z
  .object({
    id: z.number().int(),
    host: z.string(),
    hostName: z.string(),
    title: z.string(),
    cis,
    opened: time,
    resolved: time.nullable(),
    image: z.string().nullable(),
    project: z.string().nullable(),
    /** The number of the acceptance that covers it. */
    acceptance: z.number().int().nullable(),
    assignment: assignment.nullable(),
    /** As `bulkhead audit --format json` prints it. */
    finding: z.record(z.string(), z.unknown()),
    changes: z.array(
      change.pick({ time: true, change: true, severity: true, verdict: true, message: true, cause: true }),
    ),
  })
  .openapi("FindingDetail");

export const host = z
  .object({
    id: z.string(),
    name: z.string(),
    engine: z.string(),
    version: z.string(),
    connected: z.boolean(),
    seen: time,
    containers: z.number().int(),
    running: z.number().int(),
    bySeverity,
    labels: z.record(z.string(), z.string()),
    /** Whether an administrator set its labels. */
    pinned: z.boolean(),
    /** The labels that it tells of itself. */
    toldLabels: z.record(z.string(), z.string()),
  })
  .openapi("Host");

export const hosts = z.object({ total: z.number().int(), hosts: z.array(host) }).openapi("Hosts");

export const hostDetail = host
  .extend({
    list: z.array(
      z.object({
        name: z.string(),
        image: z.string().nullable(),
        project: z.string().nullable(),
        running: z.boolean(),
        bySeverity,
        /** When it was proven last, by a job or by its host's watch; null if it was not. */
        proven: time.nullable(),
      }),
    ),
    changes: z.array(change),
  })
  .openapi("HostDetail");

export const hostPortrait = z
  .object({
    /** Null if the host sent none yet. */
    taken: time.nullable(),
    settings: z.array(
      z.object({
        group: z.enum(settingGroups),
        name: z.string(),
        /** Null if it is not known. */
        value: z.string().nullable(),
        /** Where it was read, or why it is not known. */
        from: z.string(),
      }),
    ),
    /** Newest first. */
    changes: z.array(
      z.object({
        time,
        group: z.string(),
        name: z.string(),
        before: z.string().nullable(),
        after: z.string().nullable(),
      }),
    ),
    benchmark: z
      .object({
        title: z.string(),
        sections: z.array(
          z.object({
            number: z.string(),
            title: z.string(),
            results: z.array(
              z.object({
                number: z.string(),
                title: z.string(),
                level: z.number().int(),
                scored: z.boolean(),
                controls: z.array(z.string()),
                outcome: z.enum(outcomes),
                evidence: z.array(z.object({ subject: z.string(), message: z.string() })),
                /** How much evidence is not shown. */
                more: z.number().int(),
                remedy: z.string().nullable(),
              }),
            ),
          }),
        ),
      })
      .nullable(),
  })
  .openapi("HostPortrait");

export const containerDetail = z
  .object({
    host: z.string(),
    hostName: z.string(),
    name: z.string(),
    image: z.string().nullable(),
    project: z.string().nullable(),
    running: z.boolean(),
    findings: z.array(
      z.object({
        id: z.number().int(),
        title: z.string(),
        cis,
        opened: time,
        acceptance: z.number().int().nullable(),
        finding: z.record(z.string(), z.unknown()),
      }),
    ),
    changes: z.array(change),
  })
  .openapi("ContainerDetail");

export const overview = z
  .object({
    bySeverity,
    unknown: z.number().int(),
    /** Since the time that was asked for; of each a thousand at most are counted. */
    since: time,
    changed: z.object({
      opened: z.number().int(),
      worse: z.number().int(),
      mended: z.number().int(),
      accepted: z.number().int(),
    }),
    /** What opened since then and is still open. */
    fresh: z.array(listed),
    trend: z.array(z.object({ time, bySeverity })),
    matrix: z.array(z.object({ host: z.string(), area: z.string(), severity, findings: z.number().int() })),
    riskiest: z.array(
      z.object({
        host: z.string(),
        hostName: z.string(),
        subject: z.string(),
        severity,
        findings: z.number().int(),
        /** The controls of its worst findings. */
        why: z.array(z.string()),
      }),
    ),
    /** The riskiest hosts, which the matrix is of. */
    hosts: z.array(host),
    hostCount: z.number().int(),
    /** Hosts that nothing was heard of for five minutes, a hundred at most. */
    silent: z.array(host.pick({ id: true, name: true, seen: true })),
    silentCount: z.number().int(),
  })
  .openapi("Overview");

export const trendLines = z
  .object({
    times: z.array(time),
    series: z.array(
      z.object({
        /** The severity, the control, or the number of a host or a team. */
        key: z.string(),
        name: z.string(),
        /** One for each time; null where nobody knows. */
        values: z.array(z.number().nullable()),
      }),
    ),
  })
  .openapi("Trends");

export const auditLog = z
  .object({
    entries: z.array(
      z.object({
        id: z.number().int(),
        time,
        who: z.string(),
        what: z.string(),
        detail: z.record(z.string(), z.unknown()),
        hash: z.string(),
      }),
    ),
  })
  .openapi("AuditLog");

export const chain = z
  .object({
    /** The first entry that was changed or taken out; null if the chain holds. */
    brokenAt: z.number().int().nullable(),
  })
  .openapi("Chain");

const pageOf = {
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};

const text = z.string().max(200).optional();

export const findingsFilter = z.object({
  state: z.enum(findingStates).default("open"),
  /** Several with commas. */
  severity: z
    .string()
    .max(60)
    .regex(/^(?:info|low|medium|high|critical)(?:,(?:info|low|medium|high|critical))*$/)
    .optional(),
  control: text,
  host: text,
  subject: text,
  image: z.string().max(500).optional(),
  project: text,
  area: z.string().max(10).optional(),
  verdict: z.enum(["fail", "unknown"]).optional(),
  /** It came into its state from this time on, and before that one. */
  since: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(0).optional(),
  /** Of its host. */
  label: label.optional(),
  team: z.coerce.number().int().optional(),
  /** Who looks after it. */
  assignee: text,
  /** Part of a control, a subject, a host, an image or the message. */
  q: text,
});

/** Something changed there from this time on, and before that one. */
const changedIn = {
  since: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(0).optional(),
};

export const hostsRequest = z.object({
  /** Part of the name. */
  q: text,
  sort: z.enum(hostSorts).default("name"),
  ...changedIn,
  ...pageOf,
  limit: pageOf.limit.default(500),
});
export const imagesRequest = z.object(changedIn);

export const trendsRequest = z.object({
  by: z.enum(trendGroups).default("severity"),
  days: z.coerce.number().int().min(1).max(90).default(30),
});
export const overviewRequest = z.object({ since: z.coerce.number().int().min(0).optional() });
export const findingsRequest = findingsFilter.extend({ sort: z.enum(sorts).default("worst"), ...pageOf });
export const groupsRequest = findingsFilter.extend({ by: z.enum(groupings).default("control"), ...pageOf });
export const auditRequest = z.object({
  /** Entries with a smaller number. */
  before: z.coerce.number().int().optional(),
  /** Milliseconds since 1970: entries from this time on, and before that one. */
  since: z.coerce.number().int().optional(),
  until: z.coerce.number().int().optional(),
  limit: pageOf.limit,
});

export type HostPortrait = z.infer<typeof hostPortrait>;
