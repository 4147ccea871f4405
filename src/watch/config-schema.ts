import * as z from "zod/mini";
import { labelName, labelValue, mostLabels } from "../base/labels.ts";
import { controls } from "../controls/registry.ts";
import { parseDuration } from "../formats/values/duration.ts";
import { severities } from "../model/severity.ts";
import { jobKinds } from "./job-kinds.ts";
import { outputsSchema } from "./outputs/destinations.ts";
import { secretPlace } from "./outputs/settings.ts";

/** What is done to a container that has a finding. */
export const reactions = ["pause", "stop", "disconnect", "quarantine"] as const;
export type Reaction = (typeof reactions)[number];

const control = z.enum(controls.map((each) => each.id)).check(z.meta({ description: "A control's id." }));

function duration(least: number, description: string) {
  return z.optional(
    z.string().check(
      z.refine(
        (text) => (parseDuration(text) ?? -1) >= least,
        `is not a duration${least > 0 ? ` of ${least / 1000}s or more` : ""}: 30s, 5m, 2h or 90d is expected`,
      ),
      z.meta({ description }),
    ),
  );
}

const reportTo = z.strictObject({
  url: z
    .string()
    .check(
      z.regex(/^https?:\/\/[^\s/?#@]+\/?$/, "is not an address such as https://bulkhead.example.org"),
      z.meta({ description: "The address of bulkhead serve, without a path." }),
    ),
  labels: z.optional(
    z
      .record(
        z
          .string()
          .check(z.regex(labelName, "is not a label's name: small letters, digits and . _ / - are allowed")),
        z
          .string()
          .check(z.regex(labelValue, "is not a label's value: letters, digits and . _ / - are allowed")),
      )
      .check(
        z.refine((labels) => Object.keys(labels).length <= mostLabels, `are more than ${mostLabels}`),
        z.meta({ description: "What this host is, by which teams see it there: env: prod." }),
      ),
  ),
  allow: z.optional(
    z.array(z.enum(jobKinds)).check(
      z.meta({
        description:
          "What operators of that bulkhead serve may start for a container of this host: prove (as root), learn, fix (which shows changes and makes none), verify (which tries them on throw-away copies). Default: nothing.",
      }),
    ),
  ),
  enrolToken: z.optional(
    secretPlace.check(
      z.meta({ description: "Where the token is by which this host enrols there, the first time." }),
    ),
  ),
});

/** The section `watch` of bulkhead.yaml. */
export const watchSchema = z.strictObject({
  interval: duration(
    1_000,
    "The time between two sweeps of the kernel: 10s. Default: 5s, or as much more as keeps sweeps below 0.2 % of a CPU.",
  ),
  kernelEvents: z.optional(
    z.boolean().check(
      z.meta({
        description:
          "Whether to have the kernel tell of setns, mount, moves between cgroups and rights gained in a container as they happen, through tracefs, and of the Engine's files as they change, through inotify. tracefs slows down each system call of the machine a little. Default: true, where watch runs as root and tracefs is there.",
      }),
    ),
  ),
  refusals: z.optional(
    z.boolean().check(
      z.meta({
        description:
          "Whether to report when a rule begins to refuse a container something, as bulkhead why does: the call, the program, and the setting to change. It traces the calls of all containers through tracefs, as root. Default: false.",
      }),
    ),
  ),
  prove: z.optional(
    z.string().check(
      z.regex(
        /^(?:(?:[01]\d|2[0-3]):[0-5]\d|(?=.*[smhd]$)[\d.smhd]+)$/,
        "is neither a time of day nor an interval: 03:30 or 24h is expected",
      ),
      z.meta({
        description:
          "When the running containers are proven again, as bulkhead prove does: a time of day (03:30, the host's clock) or an interval (24h). Default: never.",
      }),
    ),
  ),
  cooldown: duration(0, "How long a finding must stay resolved before watch reports its end. Default: 10s."),
  severity: z.optional(
    z.enum(severities).check(z.meta({ description: "Findings below it are not watched. Default: low." })),
  ),
  metrics: z.optional(
    z
      .string()
      .check(
        z.regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/, "is not an address: 127.0.0.1:9317 is expected"),
        z.meta({ description: "Where Prometheus gets metrics: 127.0.0.1:9317. Default: nowhere." }),
      ),
  ),
  outputs: z.optional(
    outputsSchema.check(z.meta({ description: "Where changes go beside standard output, several at once." })),
  ),
  reportTo: z.optional(
    reportTo.check(z.meta({ description: "The bulkhead serve that shows this host beside others." })),
  ),
  queue: z.optional(
    z.string().check(
      z.minLength(1),
      z.meta({
        description:
          "The folder for what waits to be posted. Default: /var/lib/bulkhead/queue, or below ~/.local/state for who is not root.",
      }),
    ),
  ),
  guardLogs: z.optional(
    z.array(z.string().check(z.minLength(1))).check(
      z.meta({
        description:
          "The audit logs of bulkhead guard on this machine: they name who made a call, and bulkhead serve shows what they hold. Default: none is read.",
      }),
    ),
  ),
  history: z.optional(
    z
      .strictObject({
        path: z.optional(z.string().check(z.minLength(1), z.meta({ description: "The database's file." }))),
        retention: duration(60_000, "What was resolved so long ago is forgotten: 90d. Default: 90d."),
      })
      .check(z.meta({ description: "Findings over time, which bulkhead history shows." })),
  ),
  reactions: z.optional(
    z.partialRecord(control, z.enum(reactions)).check(
      z.meta({
        description:
          "What is done, by control, to a container in which such a finding opens while bulkhead watches: pause, stop, disconnect (from its networks), or quarantine (pause, and keep evidence). Default: nothing. Never done to bulkhead itself, nor to what exempt names.",
      }),
    ),
  ),
  reactAtStart: z.optional(
    z.boolean().check(
      z.meta({
        description: "Whether reactions take what was open when the watch began, too. Default: false.",
      }),
    ),
  ),
  exempt: z.optional(
    z.array(z.string().check(z.minLength(1))).check(
      z.meta({
        description:
          "Containers to which no reaction is done, by name; * matches any characters. Default: none.",
      }),
    ),
  ),
  evidence: z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.meta({ description: "The folder for what quarantine keeps. Default: /var/lib/bulkhead/evidence." }),
      ),
  ),
});

export type WatchConfig = z.infer<typeof watchSchema>;
