import * as z from "zod/mini";
import { notRead } from "../audit/ignores.ts";
import { comparisons, ownFacts, ownSubjects } from "../controls/own/own-control.ts";
import { controls } from "../controls/registry.ts";
import { parseBytes } from "../formats/values/bytes.ts";
import { guardSchema } from "../guard/policy/schema.ts";
import { isDate } from "../model/exemption.ts";
import { severities } from "../model/severity.ts";
import { watchSchema } from "../watch/config-schema.ts";

const control = z.enum(controls.map((each) => each.id)).check(z.meta({ description: "A control's id." }));
const severity = z.enum(severities);

const ownId = z.string().check(
  z.regex(/^own-[a-z0-9]+(?:-[a-z0-9]+)*$/, {
    error: "is not the id of a control of your own: own-NAME",
    // Else a union takes this branch for the one that was meant.
    abort: true,
  }),
  z.meta({ description: "A control of your own, from controls." }),
);
const scalarValue = z.union([z.string(), z.number(), z.boolean()]);
const textOrNumber = z.union([z.string(), z.number()]);
const pattern = z
  .string()
  .check(z.refine(isRegularExpression, "is not a regular expression that can be read"));

const comparison = {
  is: z.optional(scalarValue),
  isNot: z.optional(scalarValue),
  oneOf: z.optional(z.array(textOrNumber)),
  noneOf: z.optional(z.array(textOrNumber)),
  atMost: z.optional(textOrNumber),
  atLeast: z.optional(textOrNumber),
  matches: z.optional(pattern),
  matchesNot: z.optional(pattern),
  isSet: z.optional(z.boolean()),
};

/** A team's own control: a fact, one comparison, a severity and words. */
const ownRule = z
  .strictObject({
    id: ownId,
    title: z.string().check(z.minLength(1)),
    why: z.optional(z.string()),
    severity,
    subject: z.optional(z.enum(ownSubjects)),
    fact: z
      .string()
      .check(z.meta({ description: "A fact of the subject: memory, labels, networkMode, mounts, user, …" })),
    name: z.optional(
      z
        .string()
        .check(z.meta({ description: "Of labels, environment and the like, the name that is meant." })),
    ),
    ...comparison,
    message: z
      .string()
      .check(
        z.minLength(1),
        z.meta({ description: "What a finding says behind the subject's name; {value} is the value." }),
      ),
    fix: z.string().check(z.minLength(1)),
    bad: z.optional(
      z.array(z.string()).check(
        z.meta({
          description: "Examples that must fail: a docker run line, a Compose file, a Dockerfile.",
        }),
      ),
    ),
    good: z.optional(z.array(z.string()).check(z.meta({ description: "Examples that must not fail." }))),
  })
  .check(
    z.refine((rule) => comparisons.filter((each) => rule[each] !== undefined).length === 1, {
      error: `has one comparison: ${comparisons.join(", ")}`,
    }),
    z.refine((rule) => ownFacts(rule.subject ?? "container").includes(rule.fact), {
      error: "names no fact of its subject: docs/audit.md lists them",
      path: ["fact"],
    }),
  );

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const ignore = z.strictObject({
  control: z
    .union([control, z.array(z.union([control, ownId])), z.literal("*"), z.literal(notRead), ownId])
    .check(
      z.meta({ description: "The control that is silenced, several, * for all, or not-read for a gap." }),
    ),
  subject: z.optional(
    z.string().check(z.meta({ description: "A subject's name or id; * matches any characters." })),
  ),
  file: z.optional(
    z.string().check(z.meta({ description: "Files, in .gitignore's syntax, relative to bulkhead.yaml." })),
  ),
  image: z.optional(
    z.string().check(
      z.meta({
        description: "Containers of this image, as their configuration names it; * matches any characters.",
      }),
    ),
  ),
  project: z.optional(
    z.string().check(
      z.meta({
        description:
          "Containers that Docker Compose started for this project, by its label on them; * matches any characters.",
      }),
    ),
  ),
  reason: z.string().check(z.minLength(1), z.meta({ description: "Why this is accepted; reports show it." })),
  until: z.optional(
    z
      .string()
      .check(
        z.refine(isDate, "is not a date: YYYY-MM-DD is expected"),
        z.meta({ description: "The last day of the ignore, YYYY-MM-DD; then the finding returns." }),
      ),
  ),
});

const memorySize = z.string().check(
  z.refine((text) => (parseBytes(text) ?? 0) > 0, "is not a size: 512m or 1.5g is expected"),
  z.meta({ description: "The memory limit that is set where there is none, as Docker writes it: 512m." }),
);

const limits = z.strictObject({
  memory: z.optional(memorySize),
  cpus: z.optional(
    z
      .number()
      .check(
        z.positive("is not above 0"),
        z.meta({ description: "The CPUs that are allowed where there is no cap." }),
      ),
  ),
  pids: z.optional(
    z
      .int()
      .check(
        z.positive("is not above 0"),
        z.meta({ description: "The processes and threads that are allowed where there is no limit." }),
      ),
  ),
});

const run = z.strictObject({
  harden: z.optional(
    z.array(control).check(
      z.meta({
        description:
          "The controls that bulkhead run holds a container to, known or not what its image needs. Default: no-new-privileges, pids-limit; capabilities-drop and read-only-rootfs where the needs are known; memory-limit and cpu-limit where a limit is said.",
      }),
    ),
  ),
  limits: z.optional(
    limits.check(z.meta({ description: "Limits for bulkhead run alone, before fix.limits." })),
  ),
  exempt: z.optional(
    z
      .array(z.string())
      .check(z.meta({ description: "Images that nothing is added to; * matches any characters." })),
  ),
  override: z.optional(
    z.boolean().check(
      z.meta({
        description: "Whether what the command line says gives way to the policy. Default: it stays.",
      }),
    ),
  ),
});

/** The shape of bulkhead.yaml. docs/bulkhead.schema.json is generated from it, for editors. */
export const configSchema = z.strictObject({
  failOn: z.optional(
    z
      .enum([...severities, "none"])
      .check(z.meta({ description: "The weakest severity that makes the exit status 1. Default: high." })),
  ),
  baseline: z.optional(
    z.string().check(
      z.meta({
        description:
          "A baseline that bulkhead audit compares with, relative to this file. --baseline names another one.",
      }),
    ),
  ),
  only: z.optional(z.array(control).check(z.meta({ description: "Judge only these controls." }))),
  skip: z.optional(z.array(control).check(z.meta({ description: "Leave these controls out." }))),
  severity: z.optional(
    z.partialRecord(control, severity).check(z.meta({ description: "Severities of your own, by control." })),
  ),
  exclude: z.optional(
    z
      .array(z.string())
      .check(z.meta({ description: "Files that a folder's walk leaves out, in .gitignore's syntax." })),
  ),
  controls: z.optional(
    z
      .array(ownRule)
      .check(
        z.meta({ description: "Controls of your own. bulkhead controls --check tries their examples." }),
      ),
  ),
  advisories: z.optional(
    z.string().check(
      z.minLength(1),
      z.meta({
        description:
          "A file of newer advisories, as bulkhead advisories --format json writes them; beside bulkhead.yaml, or absolute.",
      }),
    ),
  ),
  images: z.optional(
    z
      .strictObject({
        digests: z.optional(
          z
            .boolean()
            .check(
              z.meta({ description: "Whether every image must be named by its digest (image-unpinned)." }),
            ),
        ),
        registries: z.optional(
          z.array(z.string().check(z.minLength(1))).check(
            z.meta({
              description:
                "Where images may come from: ghcr.io/team, docker.io/library (image-registry). Docker's own short names are docker.io/library.",
            }),
          ),
        ),
      })
      .check(z.meta({ description: "What is asked of images, in files and Dockerfiles." })),
  ),
  ignores: z.optional(z.array(ignore).check(z.meta({ description: "Findings that are accepted." }))),
  bundles: z.optional(
    z
      .strictObject({
        files: z.array(z.string().check(z.minLength(1))).check(
          z.meta({
            description: "Files that bulkhead learn --bundle wrote, beside bulkhead.yaml or absolute.",
          }),
        ),
        key: z.optional(
          z
            .string()
            .check(
              z.minLength(1),
              z.meta({ description: "A public key (PEM) that must have signed each of them." }),
            ),
        ),
      })
      .check(
        z.meta({
          description:
            "What runs have shown images to need, for fix, run and guard. It holds for an image by its digest, never by its name.",
        }),
      ),
  ),
  fix: z.optional(
    z
      .strictObject({
        limits: z.optional(
          limits.check(z.meta({ description: "Limits that fix and run may set; they invent none." })),
        ),
      })
      .check(z.meta({ description: "What bulkhead fix and bulkhead run write." })),
  ),
  run: z.optional(run.check(z.meta({ description: "What bulkhead run adds to docker run." }))),
  guard: z.optional(
    guardSchema.check(z.meta({ description: "What bulkhead guard lets through to the Engine." })),
  ),
  watch: z.optional(watchSchema.check(z.meta({ description: "What bulkhead watch does." }))),
});

export type Config = z.infer<typeof configSchema>;
