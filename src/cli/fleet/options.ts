import { type Command, InvalidArgumentError, Option } from "commander";
import { severities } from "../../model/severity.ts";
import { addColourOption, list } from "../common/common-options.ts";

/** What each part of `bulkhead fleet` takes, as commander gives it. */
export interface FleetOptions {
  readonly url?: URL;
  readonly tokenFile?: string;
  readonly format: FleetFormat;
  readonly color?: boolean;
}

export interface FleetFindingsOptions extends FleetOptions {
  readonly control?: string;
  readonly severity: readonly string[];
  /** A host's name or id. */
  readonly on?: string;
  readonly subject?: string;
  readonly image?: string;
  readonly project?: string;
  readonly search?: string;
  readonly state: (typeof findingStates)[number];
}

export const fleetFormats = ["text", "json"] as const;
export type FleetFormat = (typeof fleetFormats)[number];

const findingStates = ["open", "accepted", "resolved"] as const;

/** What `bulkhead fleet --help` says above its commands. */
export function addFleetHelp(command: Command): Command {
  return command
    .summary("list open findings and hosts of a running bulkhead serve")
    .description(
      "Ask a running bulkhead serve what is open and which hosts it knows. It needs an API token with the scope read, which you make in the page's Settings.",
    )
    .helpCommand(false)
    .addHelpText("after", fleetExamples);
}

const fleetExamples = `
Examples:
  export BULKHEAD_URL=https://bulkhead.example.org BULKHEAD_TOKEN=…
  bulkhead fleet findings --control docker-socket-mount
  bulkhead fleet hosts --format json`;

export function addFleetFindingsOptions(command: Command): Command {
  command
    .summary("list the findings of all hosts")
    .description("List findings of all hosts, the worst first.")
    .option("--control <id>", "only findings of this control")
    .option(
      "--severity <name>",
      `only these severities: ${severities.join(", ")} (repeatable, or with commas)`,
      severityList,
      [],
    )
    .option("--on <host>", "only findings of this host: its name or its id")
    .option("--subject <id>", "only findings of this subject: container:web, engine")
    .option("--image <reference>", "only findings of containers of this image")
    .option("--project <name>", "only findings of this Compose project")
    .option("--search <words>", "only findings that hold these words")
    .addOption(
      new Option("--state <name>", "open (default), accepted or resolved")
        .choices(findingStates)
        .default("open"),
    );
  return addConnection(command).addHelpText("after", findingsExamples);
}

const exitStatus = `
Exit status:
  0  listed
  2  wrong use, or bulkhead serve could not be reached or refused the token`;

const findingsExamples = `
Examples:
  bulkhead fleet findings --control docker-socket-mount
  bulkhead fleet findings --severity critical,high --project shop
  bulkhead fleet findings --format json | jq '.findings | length'
${exitStatus}`;

export function addFleetHostsOptions(command: Command): Command {
  command
    .summary("list hosts with their open findings")
    .description("List the hosts that bulkhead serve knows, with their open findings.");
  return addConnection(command).addHelpText("after", `\nExamples:\n  bulkhead fleet hosts\n${exitStatus}`);
}

function addConnection(command: Command): Command {
  command
    .option("--url <url>", "where bulkhead serve is (default: the variable BULKHEAD_URL)", webAddress)
    .option("--token-file <path>", "a file that holds the token (default: the variable BULKHEAD_TOKEN)")
    .addOption(new Option("--format <name>", "text (default) or json").choices(fleetFormats).default("text"));
  return addColourOption(command);
}

function severityList(text: string, before: readonly string[]): readonly string[] {
  const said = list(text, before);
  const strange = said.find((each) => !severities.some((severity) => severity === each));
  if (strange === undefined) return said;
  throw new InvalidArgumentError(`${strange} is not one of ${severities.join(", ")}.`);
}

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ["http:", "https:"].includes(url.protocol)) return url;
  throw new InvalidArgumentError("https://bulkhead.example.org is expected.");
}
