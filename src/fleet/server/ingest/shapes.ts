import { z } from "@hono/zod-openapi";
import { outcomes } from "../../../audit/benchmark/benchmark.ts";
import type { Finding } from "../../../audit/finding.ts";
import { labelName, labelValue, mostLabels } from "../../../base/labels.ts";
import { shownName } from "../../../base/visible.ts";
import { severities } from "../../../model/severity.ts";
import type { Change } from "../../../watch/change.ts";
import { jobKinds } from "../../../watch/job-kinds.ts";
import {
  type Decision,
  type DecisionCount,
  type GuardNow,
  guardLimits,
  guardModes,
  guardVerdicts,
} from "../../protocol/guards.ts";
import { type JobsTold, jobLimits, mostProofs, type ProofTold } from "../../protocol/job.ts";
import {
  mostChanges,
  mostOpen,
  type Portrait,
  portraitLimits,
  settingGroups,
} from "../../protocol/report.ts";

/**
 * What hosts may tell. A host can be in other hands: whatever it sends has these shapes and sizes, or is refused; what is not
 * described here is left out.
 */

const short = z.string().max(500);
/** A sentence, or a snippet of a file. */
const text = z.string().max(20_000);
const id = z.string().regex(/^[a-z0-9-]{1,100}$/);
const severity = z.enum(severities);
const level = z.enum(["declared", "configured", "effective"]);
const verdict = z.enum(["pass", "fail", "unknown", "notApplicable"]);
const number = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const origin = z.union([
  z.object({
    file: short,
    startLine: number,
    startColumn: number,
    endLine: number,
    endColumn: number,
  }),
  z.object({ pointer: short }),
  z.object({ kernel: short, field: short.exactOptional() }),
]);

// "host" is what serve itself finds of a host.
const subject = z
  .string()
  .max(600)
  .regex(/^(?:engine$|container:|exec:|foreign:|image:)/);

const finding = z.object({
  control: id,
  verdict: z.enum(["fail", "unknown"]),
  severity,
  subject,
  message: text,
  level,
  locations: z.array(origin).max(200),
  fix: z
    .object({
      kind: z.enum(["safe", "behavioural", "decision", "manual"]),
      summary: text,
      snippet: text.nullable(),
      breaks: text.nullable(),
    })
    .nullable(),
  suppressed: z.null(),
  fingerprint: z.string().max(128),
  baseline: z.enum(["new", "unchanged"]).nullable(),
  views: z.array(z.object({ level, verdict, observed: text.nullable() })).max(3),
}) satisfies z.ZodType<Finding>;

const cause = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("event"),
    type: short,
    action: short,
    actor: z.object({ id: short, name: short.nullable() }),
    process: short.nullable(),
    time: z.string().max(64),
    by: z.object({ client: short, listener: short }).nullable().exactOptional(),
    limits: z
      .array(z.object({ field: short, before: short, after: short }))
      .max(10)
      .exactOptional(),
  }),
  z.object({ kind: z.literal("sweep"), missed: z.literal(true).exactOptional() }),
  z.object({ kind: z.literal("prove") }),
  z.object({
    ...{ kind: z.literal("kernel"), call: short, process: short, pid: number },
    parents: z.array(short).max(10).exactOptional(),
    user: short.exactOptional(),
    ended: z.literal(true).exactOptional(),
  }),
  z.object({ kind: z.literal("file"), path: text }),
  z.object({ kind: z.literal("start") }),
  z.object({ kind: z.literal("reconnect") }),
]);

const change = z.object({
  time: z.string().max(64),
  change: z.enum(["opened", "changed", "resolved"]),
  finding,
  cause,
  was: subject.exactOptional(),
}) satisfies z.ZodType<Change>;

const hostNow = z.object({
  // Pages, chats and mails link to a host by its name.
  name: z.string().min(1).max(255).transform(shownName),
  engine: short,
  version: z.string().max(64),
  connected: z.boolean(),
  labels: z
    .record(z.string().regex(labelName), z.string().regex(labelValue))
    .refine((labels) => Object.keys(labels).length <= mostLabels)
    .optional(),
  // A newer host may allow what is not known here.
  allows: z.array(z.string().max(32)).max(16).optional(),
  containers: z
    .array(
      z.object({
        name: z.string().min(1).max(300),
        image: short.optional(),
        project: z.string().max(300).optional(),
        running: z.boolean(),
      }),
    )
    .max(20_000)
    .optional(),
});

const line = z.string().max(portraitLimits.text);

const portrait = z.object({
  taken: number,
  settings: z
    .array(
      z.object({
        group: z.enum(settingGroups),
        name: z.string().min(1).max(200),
        value: line.nullable(),
        from: line,
      }),
    )
    .max(portraitLimits.settings),
  benchmark: z.object({
    /** `cis-1.6`. */
    id: z.string().regex(/^[a-z0-9.-]{1,100}$/),
    results: z
      .array(
        z.object({
          number: z.string().regex(/^[\d.]{1,20}$/),
          outcome: z.enum(outcomes),
          evidence: z.array(z.object({ subject: line, message: line })).max(portraitLimits.evidence),
          more: number,
          remedy: line.nullable(),
        }),
      )
      .max(portraitLimits.results),
  }),
}) satisfies z.ZodType<Portrait>;

const said = z.string().max(guardLimits.text + 100);
const saids = z.array(said).max(100);

const guard = z.object({
  log: said,
  enforces: z
    .object({
      kind: z.enum(["proxy", "authz"]),
      version: z.string().max(64),
      since: number,
      seen: number,
      clients: z
        .array(
          z.object({
            name: said,
            policy: said,
            mode: z.enum(guardModes),
            listen: saids,
            certificates: saids,
            from: saids,
            yaml: z.string().max(guardLimits.yaml),
          }),
        )
        .max(guardLimits.clients),
    })
    .nullable(),
}) satisfies z.ZodType<GuardNow>;

const decided = {
  log: said,
  client: said,
  route: said.nullable(),
  verdict: z.enum(guardVerdicts),
  mode: z.enum(guardModes),
  rules: z.array(z.string().regex(/^\S{1,100}$/)).max(guardLimits.rules),
  object: z.record(said, said).refine((object) => Object.keys(object).length <= 20),
  times: number.min(1),
};

const guards = z.object({
  number: number.min(1),
  guards: z.array(guard).max(guardLimits.guards).optional(),
  counts: z
    .array(z.object({ ...decided, hour: number }) satisfies z.ZodType<DecisionCount>)
    .max(guardLimits.counts),
  latest: z
    .array(
      z.object({
        ...decided,
        time: number,
        listener: said,
        policy: said,
        method: said,
        why: z.array(said).max(guardLimits.why),
      }) satisfies z.ZodType<Decision>,
    )
    .max(guardLimits.latest),
});

/** What became of a proof, no matter who started it. */
const proven = {
  trouble: z.string().max(jobLimits.trouble).nullable(),
  probes: z
    .array(
      z.object({
        probe: id,
        control: id,
        outcome: z.enum(["held", "notHeld", "inconclusive"]),
        evidence: z.string().max(jobLimits.evidence),
        tries: z.string().max(jobLimits.evidence),
      }),
    )
    .max(jobLimits.probes)
    .nullable(),
};

const proofs = z.object({
  number: number.min(1),
  proofs: z
    .array(
      z.object({
        container: z.string().min(1).max(300),
        time: number,
        ...proven,
      }) satisfies z.ZodType<ProofTold>,
    )
    .max(mostProofs),
});

const jobsTold = z.object({
  now: number.nullable(),
  ended: z
    .object({
      id: number,
      ...proven,
      report: z.string().max(jobLimits.report).nullable(),
    })
    .optional(),
}) satisfies z.ZodType<JobsTold>;

export const enrolRequest = z
  .object({ key: z.string().regex(/^[0-9a-f]{64}$/), host: hostNow })
  .openapi("Enrol");

export const enrolled = z
  .object({
    /** The host's id. It follows from its key. */
    id: z.string(),
  })
  .openapi("Enrolled");

export const reportRequest = z
  .object({
    sent: number,
    host: hostNow.optional(),
    first: number,
    changes: z.array(change).max(mostChanges),
    whole: z.object({ number: number.min(1), open: z.array(finding).max(mostOpen) }).optional(),
    details: z.array(finding).max(mostOpen),
    /** The name of the list of acceptances that the host has; left out by a host that takes none. */
    accepted: z.string().max(64).optional(),
    portrait: portrait.optional(),
    guards: guards.optional(),
    /** What is under way on a host that lets operators start something, and what came of it. */
    jobs: jobsTold.optional(),
    proofs: proofs.optional(),
  })
  .openapi("Report");

export const reportAnswer = z
  .object({
    last: number,
    wantsWhole: z.boolean(),
    now: number,
    protocol: number,
    /** What the host is to do; told again until it says that it has it. */
    job: z
      .object({
        id: number,
        kind: z.enum(jobKinds),
        container: z.string(),
        seconds: z.number().int().nullable(),
      })
      .optional(),
    /** What is accepted and may concern the host, where that is another list than the host has. */
    accepted: z
      .object({
        revision: z.string(),
        ignores: z.array(
          z.object({
            control: z.string(),
            subject: z.string().optional(),
            image: z.string().optional(),
            project: z.string().optional(),
            reason: z.string(),
            until: z.string(),
          }),
        ),
      })
      .optional(),
  })
  .openapi("ReportAnswer");
