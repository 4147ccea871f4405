import { type Command, InvalidArgumentError, Option } from "commander";
import { severities } from "../../model/severity.ts";
import { addColourOption, count, list } from "../common/common-options.ts";

/** What each part of `bulkhead fleet` takes, as commander gives it. */
export interface FleetOptions {
  readonly url?: URL;
  readonly tokenFile?: string;
  readonly format: FleetFormat;
  readonly color?: boolean;
}

export interface FleetFindingsOptions extends FleetOptions, FindingFilters {}

export interface FindingFilters {
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

/** Open findings of the filters. */
interface ChosenOptions extends FleetOptions, Omit<FindingFilters, "state"> {
  /** Also more than one. */
  readonly all: boolean;
}

export interface FleetAcceptOptions extends ChosenOptions {
  readonly reason: string;
  /** YYYY-MM-DD, in UTC. */
  readonly until: string;
}

export interface FleetAssignOptions extends ChosenOptions {
  readonly to: string;
  /** YYYY-MM-DD. */
  readonly due?: string;
  readonly comment?: string;
}

export interface FleetEnrolOptions extends FleetOptions {
  readonly hours: number;
  readonly label: readonly string[];
}

export const fleetFormats = ["text", "json"] as const;
export type FleetFormat = (typeof fleetFormats)[number];

const findingStates = ["open", "accepted", "resolved"] as const;

/** What `bulkhead fleet --help` says above its commands. */
export function addFleetHelp(command: Command): Command {
  return command
    .summary("list and change findings and hosts of a running bulkhead serve")
    .description(
      "List the findings and hosts of a running bulkhead serve, accept and assign findings, enrol and remove hosts. It needs an API token, which you make in the page's Settings or by bulkhead serve make-token: with the scope read to list, operate to accept and assign, administer for hosts.",
    )
    .helpCommand(false)
    .addHelpText("after", fleetExamples);
}

const fleetExamples = `
Examples:
  export BULKHEAD_URL=https://bulkhead.example.org BULKHEAD_TOKEN=…
  bulkhead fleet findings --control docker-socket-mount
  bulkhead fleet hosts --format json
  bulkhead fleet accept --control log-limit --project shop --all \\
    --reason "logs go to a collector" --until 2027-03-31`;

export function addFleetFindingsOptions(command: Command): Command {
  command
    .summary("list the findings of all hosts")
    .description("List findings of all hosts, the worst first.");
  addFilters(command).addOption(
    new Option("--state <name>", "open (default), accepted or resolved")
      .choices(findingStates)
      .default("open"),
  );
  return addConnection(command).addHelpText("after", findingsExamples);
}

function addFilters(command: Command): Command {
  return command
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
    .option("--search <words>", "only findings that hold these words");
}

const changed = exitStatusOf("changed");

export function addFleetAcceptOptions(command: Command): Command {
  command
    .summary("accept open findings, with a reason and an end")
    .description(
      "Accept the open findings that the filters choose. They count again after the last day. Where serve asks for a review, they wait for a second person.",
    )
    .requiredOption("--reason <text>", "why they are accepted")
    .requiredOption("--until <day>", "the last day on which they are: YYYY-MM-DD", day);
  return addChosen(command).addHelpText(
    "after",
    `\nExamples:\n  bulkhead fleet accept --control privileged --on web1 --subject container:agent \\\n    --reason "reads the disks" --until 2027-03-31\n${changed}`,
  );
}

export function addFleetAssignOptions(command: Command): Command {
  command
    .summary("say who looks after open findings")
    .description("Assign the open findings that the filters choose.")
    .requiredOption("--to <name>", 'who looks after them; "" for nobody')
    .option("--due <day>", "the day by which: YYYY-MM-DD", day)
    .option("--comment <text>", "what to add");
  return addChosen(command).addHelpText(
    "after",
    `\nExamples:\n  bulkhead fleet assign --to ada --due 2027-01-31 --severity critical --on web1 --all\n${changed}`,
  );
}

function addChosen(command: Command): Command {
  addFilters(command).option("--all", "all that the filters choose, not only a single one", false);
  return addConnection(command);
}

export function addFleetEnrolOptions(command: Command): Command {
  command
    .summary("make a token by which hosts enrol")
    .description("Print a token by which hosts enrol, any number of them until it ends.")
    .option("--hours <number>", "how long it holds, at most 720", count, 1)
    .option("--label <key=value>", "a label of the hosts that use it (repeatable)", list, []);
  return addConnection(command).addHelpText(
    "after",
    `\nExamples:\n  bulkhead fleet enrol --hours 2 --label site=berlin >token\n${changed}`,
  );
}

export function addFleetRemoveOptions(command: Command): Command {
  command
    .summary("remove a host with all that is known of it")
    .description(
      "Remove a host with all that is known of it. Its key is worth nothing from now on: to come back it enrols again.",
    )
    .argument("<host>", "the host's name or id");
  return addConnection(command).addHelpText("after", `\nExamples:\n  bulkhead fleet remove web1\n${changed}`);
}

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("A day such as 2027-03-31 is expected.");
}

function exitStatusOf(done: string): string {
  return `
Exit status:
  0  ${done}
  2  wrong use, or bulkhead serve could not be reached or refused it`;
}

const exitStatus = exitStatusOf("listed");

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
