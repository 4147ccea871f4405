import * as z from "zod/mini";
import { outcomes as benchmarkOutcomes } from "../src/audit/benchmark/benchmark.ts";
import { sources } from "../src/formats/formats.ts";
import { levels } from "../src/model/level.ts";
import { outcomes } from "../src/model/proof.ts";
import { severities } from "../src/model/severity.ts";
import { verdicts } from "../src/model/verdict.ts";
import { changeKinds } from "../src/watch/change.ts";
import { learn, learnInPlace, verify, why } from "./trial-schemas.ts";

const severity = z.enum(severities);
const level = z.enum(levels);
const verdict = z.enum(verdicts);
const count = z.int().check(z.minimum(0));
const kinds = z.enum(["safe", "behavioural", "decision", "manual"]);
const version = z.literal(1);

const inFile = z
  .object({
    file: z.string(),
    startLine: count,
    startColumn: count,
    endLine: count,
    endColumn: count,
  })
  .check(
    z.meta({
      description: "A range: lines and columns count from 1, columns in UTF-16 units, end exclusive.",
    }),
  );
const location = z.union([
  inFile,
  z
    .object({ pointer: z.string() })
    .check(z.meta({ description: "A JSON pointer into the Engine API's document." })),
  z
    .object({ kernel: z.string(), field: z.optional(z.string()) })
    .check(z.meta({ description: "A file of the kernel's, and its field." })),
]);

const gap = z.object({
  file: z.nullable(z.string()),
  subject: z.nullable(z.string()),
  reason: z.string(),
  location: z.nullable(inFile),
});

const suppressed = z.nullable(
  z.object({ kind: z.enum(["comment", "config"]), reason: z.string(), until: z.nullable(z.string()) }),
);

const finding = z.object({
  control: z.string(),
  verdict,
  severity,
  subject: z.string(),
  message: z.string(),
  level,
  locations: z.array(location),
  fix: z.nullable(
    z.object({
      kind: kinds,
      summary: z.string(),
      snippet: z.nullable(z.string()),
      breaks: z.nullable(z.string()),
    }),
  ),
  suppressed,
  fingerprint: z.string(),
  baseline: z.nullable(z.enum(["new", "unchanged"])),
  views: z.array(z.object({ level, verdict, observed: z.nullable(z.string()) })),
  since: z.optional(
    z.record(z.string(), z.object({ after: z.nullable(z.string()), seen: z.string() })).check(
      z.meta({
        description:
          "Of drift that watch saw: for each field, the last look at which the kernel and the Engine agreed (null: never seen) and the first at which they did not.",
      }),
    ),
  ),
});

const probe = z.object({
  probe: z.string(),
  control: z.string(),
  outcome: z.enum(outcomes),
  evidence: z.string(),
  by: z.optional(z.array(z.string())),
});
const notApplicable = z.array(z.object({ probe: z.string(), control: z.string(), reason: z.string() }));
const deviations = z.array(z.object({ controls: z.array(z.string()), message: z.string() }));
const where = z.enum(["twin", "inPlace"]);

const totals = z.record(z.enum(benchmarkOutcomes), count);
const benchmark = z.object({
  id: z.string(),
  title: z.string(),
  totals,
  sections: z.array(
    z.object({
      number: z.string(),
      title: z.string(),
      totals,
      results: z.array(
        z.object({
          number: z.string(),
          title: z.string(),
          level: z.union([z.literal(1), z.literal(2)]),
          scored: z.boolean(),
          outcome: z.enum(benchmarkOutcomes),
          controls: z.array(z.string()),
          evidence: z.array(
            z.object({
              subject: z.string(),
              control: z.string(),
              level,
              message: z.string(),
              locations: z.array(location),
              suppressed,
            }),
          ),
          more: count,
          remedy: z.nullable(z.string()),
        }),
      ),
    }),
  ),
});

const audit = z.object({
  schemaVersion: version,
  tool: z.object({ name: z.literal("bulkhead"), version: z.string() }),
  subjects: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["container", "engine", "image", "exec"]),
      name: z.string(),
      source: z.enum(sources),
      location: z.nullable(inFile),
      verdicts: z.record(z.string(), verdict),
    }),
  ),
  findings: z.array(finding),
  gaps: z.array(gap),
  summary: z.object({
    pass: count,
    fail: count,
    unknown: count,
    notApplicable: count,
    suppressed: count,
    bySeverity: z.partialRecord(severity, count),
  }),
  looked: z.array(z.string()),
  failOn: z.enum([...severities, "none"]),
  fixed: z.nullable(z.array(z.object({ fingerprint: z.string(), control: z.string(), subject: z.string() }))),
  benchmark: z.optional(benchmark),
  proofs: z.optional(
    z.array(
      z.object({
        subject: z.string(),
        where,
        probes: z.array(probe),
        notApplicable,
        deviations: z.optional(deviations),
      }),
    ),
  ),
});

const baseline = z.object({
  schemaVersion: version,
  findings: z.array(z.object({ fingerprint: z.string(), control: z.string(), subject: z.string() })),
});

const change = z.object({
  time: z.string(),
  change: z.enum(changeKinds),
  finding,
  cause: z.union([
    z.object({ kind: z.literal("sweep"), missed: z.optional(z.literal(true)) }),
    z.object({ kind: z.enum(["start", "reconnect", "prove"]) }),
    z.object({
      kind: z.literal("acceptance"),
      accepted: z.nullable(z.object({ reason: z.string(), until: z.string() })),
    }),
    z.object({ kind: z.literal("file"), path: z.string() }),
    z.object({
      ...{ kind: z.literal("kernel"), call: z.string(), process: z.string(), pid: count },
      parents: z.optional(z.array(z.string())),
      user: z.optional(z.string()),
      ended: z.optional(z.literal(true)),
    }),
    z.object({
      kind: z.literal("event"),
      type: z.string(),
      action: z.string(),
      actor: z.object({ id: z.string(), name: z.nullable(z.string()) }),
      process: z.nullable(z.string()),
      time: z.string(),
      by: z.optional(z.nullable(z.object({ client: z.string(), listener: z.string() }))),
      limits: z.optional(z.array(z.object({ field: z.string(), before: z.string(), after: z.string() }))),
    }),
  ]),
  was: z.optional(z.string()),
});

const step = z.object({
  controls: z.array(z.string()),
  kind: kinds,
  summary: z.string(),
  snippet: z.nullable(z.string()),
  breaks: z.nullable(z.string()),
  accepted: z.optional(z.boolean()),
});

const fix = z.object({
  schemaVersion: version,
  subjects: z.array(
    z.object({
      subject: z.string(),
      patches: z.array(step),
      refused: z.array(z.extend(step, { reason: z.string() })),
    }),
  ),
  files: z.array(z.object({ file: z.string(), edits: count, written: z.boolean() })),
  gaps: z.array(
    z.object({ file: z.nullable(z.string()), subject: z.nullable(z.string()), reason: z.string() }),
  ),
  summary: z.object({ safe: count, behavioural: count, decision: count, manual: count, refused: count }),
});

const proof = z.object({
  schemaVersion: version,
  subject: z.string(),
  probes: z.array(probe),
  where,
  notApplicable,
  missing: z.array(z.string()),
  summary: z.record(z.enum([...outcomes, "notTried"]), count),
  deviations,
});

const proofs = z.object({ schemaVersion: version, proofs: z.array(proof), unproven: z.array(z.string()) });

/** The documents that commands print as JSON, by the name of their schema in docs/schemas. */
const documents = {
  audit: { title: "bulkhead audit --format json", schema: audit },
  baseline: { title: "bulkhead audit --write-baseline FILE", schema: baseline },
  change: { title: "one line of bulkhead watch --format jsonl", schema: change },
  fix: { title: "bulkhead fix --format json", schema: fix },
  proof: { title: "bulkhead prove --format json", schema: proof },
  proofs: { title: "bulkhead prove --all --format json", schema: proofs },
  verify: { title: "bulkhead fix --verify --format json", schema: verify },
  learn: { title: "bulkhead learn --format json", schema: learn },
  "learn-in-place": { title: "bulkhead learn --in-place --format json", schema: learnInPlace },
  why: { title: "bulkhead why --format json", schema: why },
} as const;

export type DocumentName = keyof typeof documents;
export const documentNames = Object.keys(documents) as readonly DocumentName[];

/**
 * A document's JSON Schema, draft 7. Members may be added later, so the published schema allows others; `strict` does not, to
 * find what it forgets.
 */
export function documentSchema(name: DocumentName, { strict = false } = {}): object {
  const { title, schema } = documents[name];
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: strict ? "output" : "input",
  });
  return { $schema, title, ...rest };
}
