import { type Command, InvalidArgumentError, Option } from "commander";
import { didYouMean } from "../../base/suggest.ts";
import { type Severity, severities } from "../../model/severity.ts";
import { formatNames, isFormatName } from "../../report/format-names.ts";
import {
  addColourOption,
  addComposeOptions,
  addConfigOptions,
  addEngineOptions,
  collect,
  list,
} from "../common/common-options.ts";

/** What `bulkhead audit` takes, as commander gives it. */
export interface AuditOptions {
  readonly run: readonly string[];
  readonly file: readonly string[];
  readonly profile: readonly string[];
  readonly envFile: readonly string[];
  readonly format: readonly string[];
  readonly output: readonly string[];
  readonly profileOf?: PurposeName;
  readonly failOn?: string;
  readonly severity?: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly config?: string | false;
  readonly ignoresFrom: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly host?: string;
  readonly context?: string;
  readonly proc?: string;
  readonly cgroup?: string;
  readonly pager?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly prove?: boolean;
  readonly benchmark?: string;
}

/** Declares the options without loading what they need. */
export function addAuditOptions(command: Command): Command {
  const named = command
    .summary("find what is not hardened: where, why it matters, what to do")
    .description("Find what is not hardened: where, why it matters, what to do.")
    .argument(
      "[target...]",
      "files and folders, engine, container:NAME, image:NAME, or - for standard input; without any, the files below the current folder, and the Engine if one can be reached",
    )
    .option("--run <line>", "a docker run line to audit (repeatable)", collect, []);
  const judged = addComposeOptions(named)
    .addOption(
      new Option("--format <name>", `text (default), ${formatNames.slice(1).join(", ")} (repeatable)`)
        .argParser(formats)
        .default([]),
    )
    .option(
      "-o, --output <path>",
      "write the report to a file, in the format that its extension says; the n-th --output takes the n-th --format",
      collect,
      [],
    )
    .addOption(
      new Option(
        "--fail-on <severity>",
        "exit with 1 from this severity on: info, low, medium, high (default) or critical; none for never",
      ).choices([...severities, "none"]),
    )
    .addOption(
      new Option(
        "--severity <severity>",
        "report only findings of this severity or worse: info (default), low, medium, high or critical",
      ).choices(severities),
    )
    .addOption(
      new Option(
        "--profile-of <use>",
        "weigh findings for this use: homelab, ci or production (fails from medium on); bulkhead.yaml and --fail-on win",
      ).choices(purposeNames),
    )
    .option("--only <control>", "judge only these controls (repeatable, or with commas)", list, [])
    .option("--skip <control>", "leave these controls out (repeatable, or with commas)", list, []);
  const compared = addConfigOptions(judged)
    .option(
      "--ignores-from <path>",
      "accept also what this bulkhead.yaml ignores, such as the accepted.yaml of bulkhead watch --report-to (repeatable)",
      collect,
      [],
    )
    .option("--baseline <path>", "compare with the findings in this file: only new ones count")
    .option("--write-baseline <path>", "write today's findings to the file");
  const asked = addEngineOptions(compared)
    .option(
      "--prove",
      "and prove each container of the Engine by experiment, in a throw-away twin (see bulkhead prove)",
    )
    .addOption(
      new Option(
        "--benchmark <name>",
        "judge every recommendation of the CIS Docker Benchmark, by number: cis-1.6 or cis-1.8",
      ).choices(["cis-1.6", "cis-1.8"]),
    )
    .option("-q, --quiet", "one line for each finding at or above --fail-on; with none, for each")
    .option("-v, --verbose", "every finding in full; in SARIF also what did not fail")
    .option("--no-pager", "print a long report as it is, not in $PAGER");
  return addColourOption(asked).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead audit                      all files below here, and the Engine
  bulkhead audit compose.yaml         one file
  bulkhead audit engine               the Engine and every container on it
  bulkhead audit container:web        one container
  bulkhead audit --run 'docker run -p 80:80 nginx'
  bulkhead audit engine --benchmark cis-1.6      the CIS Docker Benchmark, number by number
  bulkhead audit -o report.html       a page to hand around
  bulkhead audit --fail-on medium -o bulkhead.sarif      in a CI

Exit status:
  0  nothing at or above --fail-on
  1  something is at or above --fail-on
  2  wrong use, or something that was asked for could not be read`;

function formats(value: string, before: readonly string[]): readonly string[] {
  const names = list(value, before);
  const wrong = names.find((name) => !isFormatName(name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(
      `“${wrong}” is not one of ${formatNames.join(", ")}${didYouMean(wrong, formatNames)}.`,
    );
  return names;
}

/** What `--profile-of` sets: how much some findings weigh where these containers run, and what the audit fails for. */
interface Purpose {
  readonly failOn: Severity;
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
}

const purposeNames = ["homelab", "ci", "production"] as const;

type PurposeName = (typeof purposeNames)[number];

/** Controls whose severity depends on the case (a published database, a raw disk) are left alone. */
export const purposes: Readonly<Record<PurposeName, Purpose>> = {
  // One person's machine: what lets an intruder out of a container counts, a neighbour without limits hardly.
  homelab: {
    failOn: "high",
    severities: {
      "cpu-limit": "info",
      "memory-limit": "low",
      "pids-limit": "low",
      "read-only-rootfs": "low",
      "image-unpinned": "info",
      "engine-ulimits": "info",
      "engine-icc": "low",
      "engine-user-namespaces": "low",
      // Most homes run no SELinux; the option is there against a denied bind mount.
      "selinux-label": "low",
    },
  },
  // Jobs that live for minutes and run what others push: their images and secrets count, their endurance does not.
  ci: {
    failOn: "high",
    severities: {
      "cpu-limit": "info",
      "memory-limit": "low",
      "log-limit": "info",
      "image-healthcheck": "info",
      "image-unpinned": "medium",
      "image-root-user": "low",
      "engine-insecure-registry": "critical",
    },
  },
  // Others depend on it: what starves a neighbour or changes by itself counts too.
  production: {
    failOn: "medium",
    severities: {
      "cpu-limit": "medium",
      "image-unpinned": "medium",
      "image-healthcheck": "low",
      "log-limit": "medium",
      "engine-log-limit": "medium",
      "engine-live-restore": "medium",
      "engine-ulimits": "medium",
    },
  },
};
