import { type Command, Option } from "commander";
import {
  addColourOption,
  addComposeOptions,
  addConfigOptions,
  duration,
  list,
} from "../common/common-options.ts";
import { addTrialOptions, shellCommand, type TrialOptions } from "../common/trial-options.ts";

/** What `bulkhead learn` takes, as commander gives it. */
export interface LearnOptions extends TrialOptions {
  readonly apply?: boolean;
  readonly output?: string;
  readonly format: "text" | "json" | "diff" | "html";
  readonly skip: readonly string[];
  readonly while?: string;
  /** Milliseconds. */
  readonly for?: number;
  readonly diskLimits?: boolean;
  /** A `docker run` line without a file. */
  readonly run?: string;
  readonly as?: "run" | "compose";
  readonly inPlace?: boolean;
  /** The file to write a session to. */
  readonly record?: string;
  readonly merge?: boolean;
  /** The file that a bundle is written to. */
  readonly bundle?: string;
  /** The file of a private key, in PEM. */
  readonly sign?: string;
  /** The bundle to compare with. */
  readonly verifyBundle?: string;
  /** The file of a public key, in PEM. */
  readonly key?: string;
  readonly file: readonly string[];
  readonly profile: readonly string[];
  readonly envFile: readonly string[];
  readonly config?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly color?: boolean;
}

/** Declares the options without loading what they need. */
export function addLearnOptions(command: Command): Command {
  const named = command
    .summary("run a workload, find out what it needs, and take away the rest")
    .description(
      "Find out what a workload needs. learn runs throw-away copies of it, watches what they use, and takes away everything else. Then it runs the hardened copy to check that it still works. It shows the result as a diff; --apply writes it.",
    )
    .argument(
      "[target]",
      "a Compose file, or one service: compose.yaml#web; a script with docker run lines, or one container: run.sh#web; a quoted docker run line; image:NAME; or container:NAME with --in-place",
    )
    .option("--run <line>", "a docker run line to learn from, instead of a target")
    .addOption(
      new Option(
        "--as <form>",
        "print a hardened line or image as docker run (default) or as a Compose service",
      ).choices(["run", "compose"]),
    )
    .option("--in-place", "only watch the running container:NAME; start and change nothing")
    .option(
      "--record <file>",
      "write down the HTTP requests that you make to the running project, to be replayed by --check-http @FILE; start and change nothing",
    )
    .option("--apply", "write the result; a file is replaced whole or not at all")
    .option(
      "--while <command>",
      "a command on this machine that uses the workload in every run: a load or a test suite",
      shellCommand,
    )
    .addOption(
      new Option(
        "--for <time>",
        "how long to watch the untouched and the hardened copy, such as 10m",
      ).argParser(duration),
    )
    .option(
      "--disk-limits",
      "with --while: limit reads and writes of disks, too. The result names disks of this host, and starts only on hosts that have them",
    )
    .option("--merge", "add this run to what earlier runs saw")
    .option(
      "--bundle <file>",
      "write what the workload needs, with its images' digests, into one document (in-toto, in a DSSE envelope) that bulkhead.yaml's bundles names",
    )
    .option("--sign <key>", "with --bundle: sign it with this private key (PEM, ECDSA on P-256)")
    .option("--verify-bundle <file>", "learn again, and print what differs from a bundle; write nothing else")
    .option("--key <file>", "with --verify-bundle: the public key (PEM) that must have signed it")
    .option(
      "--skip <control>",
      "do not change what these controls judge: seccomp-profile, apparmor-profile, memory-limit (repeatable, or with commas)",
      list,
      [],
    )
    .addOption(
      new Option("--format <name>", "text (default), json, html, or diff for the diff alone")
        .choices(["text", "json", "diff", "html"])
        .default("text"),
    )
    .option("-o, --output <path>", "write the hardened file to this path, and leave the original alone");
  const placed = addComposeOptions(addTrialOptions(named))
    .option("-H, --host <address>", "the Engine's address")
    .option("--context <name>", "the docker context");
  return addColourOption(addConfigOptions(placed)).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead learn compose.yaml --check-http /         what every service needs
  bulkhead learn compose.yaml#db --check-exec 'pg_isready -U app' --apply
  bulkhead learn compose.yaml --record session.jsonl            use it in the browser, once
  bulkhead learn compose.yaml --check-http @session.jsonl       each run answers like that
  bulkhead learn container:web --in-place --for 10m --merge     only watch
  bulkhead learn compose.yaml#web --while 'npm run test:e2e' --disk-limits --apply
  bulkhead learn 'docker run -d -p 8080:80 nginx' --check-http /
  bulkhead learn image:nginx --as compose     a hardened service for your Compose file
  bulkhead learn compose.yaml --check-http / --bundle web.bundle.json --sign key.pem

Exit status:
  0  the hardened workload works, and there is nothing left to write
  1  the hardened workload works; a step was left out because it broke the workload,
     or the result is not written yet
  2  nothing was learnt: the untouched workload does not run, or two runs differ;
     or wrong use, or a file that could not be written`;
