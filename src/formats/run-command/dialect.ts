import { failed, ok, type Result } from "../../base/result.ts";
import type { Container } from "../../model/container.ts";
import type { ShortLived } from "../../model/container-values.ts";
import { keyedIn, keyOf } from "../../model/facts/table.ts";
import { unseenIn } from "../../model/sight.ts";
import type { Source } from "../../model/subject.ts";
import { beyondSwarm, swarmSight } from "../values/swarm-sight.ts";
import { type FlagTable, flagTable } from "./read/arguments.ts";
import { type Flag, flags, takesOf } from "./read/flags.ts";
import { unseenInRun } from "./read/line-facts.ts";
import type { FlagText } from "./write/flag-texts.ts";

/** Flags that `docker service create` and `docker service update` both have (docker/cli 26 to 29: cli/command/service/opts.go). */
const common: readonly Flag[] = [
  ...keyedIn("swarm").map(({ field, key, row }) => ({
    ...{ name: key, takes: takesOf[row.kind] ?? "text", field, as: keyOf(field, "run") ?? key },
    ...(row.short === undefined || key.startsWith("limit-") ? {} : { short: row.short }),
  })),
  { name: "cap-add", takes: "item", field: "capAdd" },
  { name: "cap-drop", takes: "item", field: "capDrop" },
  { name: "credential-spec", takes: "item" },
  { name: "detach", short: "d", takes: "boolean" },
  { name: "endpoint-mode", takes: "text" },
  { name: "entrypoint", takes: "text", field: "entrypoint" },
  { name: "health-cmd", takes: "text" },
  { name: "health-interval", takes: "duration" },
  { name: "health-retries", takes: "integer" },
  { name: "health-start-interval", takes: "duration" },
  { name: "health-start-period", takes: "duration" },
  { name: "health-timeout", takes: "duration" },
  { name: "help", takes: "boolean" },
  { name: "hostname", takes: "text" },
  { name: "init", takes: "boolean" },
  { name: "isolation", takes: "text" },
  { name: "log-opt", takes: "item", field: "logOptions" },
  { name: "max-concurrent", takes: "integer" },
  { name: "no-healthcheck", takes: "boolean", field: "healthcheck" },
  { name: "no-resolve-image", takes: "boolean" },
  { name: "quiet", short: "q", takes: "boolean" },
  { name: "replicas", takes: "integer" },
  { name: "replicas-max-per-node", takes: "integer" },
  { name: "reserve-cpu", takes: "decimal" },
  { name: "reserve-memory", takes: "bytes" },
  { name: "restart-condition", takes: "text" },
  { name: "restart-delay", takes: "duration" },
  { name: "restart-max-attempts", takes: "integer" },
  { name: "restart-window", takes: "duration" },
  ...(["rollback", "update"] as const).flatMap((what): readonly Flag[] => [
    { name: `${what}-delay`, takes: "duration" },
    { name: `${what}-failure-action`, takes: "text" },
    { name: `${what}-max-failure-ratio`, takes: "decimal" },
    { name: `${what}-monitor`, takes: "duration" },
    { name: `${what}-order`, takes: "text" },
    { name: `${what}-parallelism`, takes: "integer" },
  ]),
  { name: "stop-grace-period", takes: "duration" },
  { name: "stop-signal", takes: "text" },
  { name: "tty", short: "t", takes: "boolean" },
  { name: "with-registry-auth", takes: "boolean" },
  { name: "workdir", short: "w", takes: "text" },
];

/** What `create` is given as a list, and `update` by `-add` and `-rm`. */
const lists: readonly Flag[] = [
  { name: "config", takes: "item" },
  { name: "constraint", takes: "item" },
  { name: "container-label", as: "label", takes: "item", field: "labels" },
  { name: "dns", takes: "item" },
  { name: "dns-option", takes: "item" },
  { name: "dns-search", takes: "item" },
  { name: "env", as: "env", short: "e", takes: "item", field: "environment" },
  { name: "generic-resource", takes: "item" },
  { name: "group", as: "group-add", takes: "item", field: "groupAdd" },
  { name: "host", takes: "item" },
  // Labels of the service, which its containers do not get.
  { name: "label", as: "", short: "l", takes: "item" },
  { name: "mount", as: "mount", takes: "item", field: "mounts" },
  { name: "network", as: "network", takes: "namespace", field: "networkMode" },
  { name: "placement-pref", takes: "item" },
  { name: "publish", as: "publish", short: "p", takes: "item", field: "ports" },
  { name: "secret", takes: "item" },
  { name: "sysctl", as: "sysctl", takes: "item", field: "sysctls" },
  { name: "ulimit", as: "ulimit", takes: "item", field: "ulimits" },
];

export const serviceCreateFlags: readonly Flag[] = [
  ...common,
  ...lists,
  { name: "env-file", takes: "item" },
  { name: "mode", takes: "text" },
  { name: "name", takes: "text" },
];

const serviceUpdateFlags: readonly Flag[] = [
  ...common,
  ...lists.flatMap(({ short: _, ...flag }): readonly Flag[] => [
    { ...flag, name: `${flag.name}-add` },
    { name: `${flag.name}-rm`, as: "", takes: "item" },
  ]),
  { name: "args", takes: "text" },
  { name: "force", takes: "boolean" },
  { name: "image", takes: "text" },
  { name: "rollback", takes: "boolean" },
];

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
