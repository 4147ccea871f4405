import { failed, ok, type Result } from "../../base/result.ts";
import type { Container } from "../../model/container.ts";
import type { ShortLived } from "../../model/container-values.ts";
import { unseenIn } from "../../model/sight.ts";
import type { Source } from "../../model/subject.ts";
import { beyondSwarm, swarmSight } from "../values/swarm-sight.ts";
import { type FlagTable, flagTable } from "./read/arguments.ts";
import { flags } from "./read/flags.ts";
import { unseenInRun } from "./read/line-facts.ts";
import { serviceCreateFlags, serviceUpdateFlags } from "./read/service-flags.ts";
import type { FlagText } from "./write/flag-texts.ts";

/** Where the options of docker run, or what stands for them, are said. */
export type CommandSource = Extract<
  Source,
  | "run-command"
  | "service-command"
  | "quadlet"
  | "devcontainer"
  | "jenkins"
  | "ansible"
  | "terraform"
  | "gitlab-ci"
>;

/** A command that says how containers run, with flags of its own. */
export interface Dialect {
  readonly command: string;
  readonly source: CommandSource;
  readonly table: FlagTable;
  /** What stands behind the flags. */
  readonly operand: "image" | "service";
  /** Whether `--security-opt` is one of its flags. */
  readonly hasSecurityOptions: boolean;
  /** What it begins with, before a flag is read. */
  readonly silent: Partial<Container>;
  /** A flag of docker run as this command takes it. */
  readonly spell: (flag: FlagText) => Result<FlagText>;
  /** Where all of its containers end by themselves. */
  readonly job?: ShortLived;
}

export const dockerRun: Dialect = {
  command: "docker run",
  source: "run-command",
  table: flagTable(flags),
  operand: "image",
  hasSecurityOptions: true,
  silent: unseenInRun,
  spell: ok,
};

/** A container of a workflow's job: the runner adds flags to docker create. */
export const workflowJob: Dialect = {
  ...dockerRun,
  job: { why: "the runner removes it after the job", isOfCi: true },
};

const createTable = flagTable(serviceCreateFlags);

export const serviceCreate: Dialect = {
  command: "docker service create",
  source: "service-command",
  table: createTable,
  operand: "image",
  hasSecurityOptions: false,
  silent: { ...beyondSwarm, networkDefinitions: unseenInRun.networkDefinitions ?? [] },
  spell: (flag) => spellForService(flag, createTable),
};

const updateTable = flagTable(serviceUpdateFlags);
const kept = { unseen: "docker service update leaves it as it is" } as const;

export const serviceUpdate: Dialect = {
  command: "docker service update",
  source: "service-command",
  table: updateTable,
  operand: "service",
  hasSecurityOptions: false,
  silent: unseenIn(Object.fromEntries(Object.keys(swarmSight).map((field) => [field, kept])) as never),
  spell: (flag) => spellForService(flag, updateTable),
};

function spellForService(flag: FlagText, table: FlagTable): Result<FlagText> {
  const asMount = mountOf(flag);
  const wanted = asMount ?? flag;
  const found = [...table.byName.values()].find((each) => (each.as ?? each.name) === wanted.name);
  return found
    ? ok({ name: found.name, value: wanted.value })
    : failed(`docker service has no option for --${flag.name}`);
}

/** `--volume` and `--tmpfs`, which a service says by `--mount`. */
function mountOf({ name, value = "" }: FlagText): FlagText | undefined {
  const [first = "", second, options = ""] = value.split(":");
  if (name === "volume") {
    const fields = [
      `type=${first.includes("/") ? "bind" : "volume"}`,
      ...(second === undefined ? [`target=${first}`] : [`source=${first}`, `target=${second}`]),
      ...options.split(",").flatMap(mountFields),
    ];
    return { name: "mount", value: fields.join(",") };
  }
  if (name !== "tmpfs") return undefined;
  const given = (second ?? "").split(",").flatMap((option) => {
    const [key, text] = option.split("=");
    return text !== undefined && (key === "size" || key === "mode") ? [`tmpfs-${key}=${text}`] : [];
  });
  return { name: "mount", value: ["type=tmpfs", `target=${first}`, ...given].join(",") };
}

function mountFields(option: string): readonly string[] {
  if (option === "ro") return ["readonly"];
  return /^r?(?:private|shared|slave)$/.test(option) ? [`bind-propagation=${option}`] : [];
}
