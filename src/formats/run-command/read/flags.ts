import type { ContainerLists, ContainerScalars } from "../../../model/container.ts";
import type { Kind } from "../../../model/facts/row.ts";
import { keyedIn, type ScalarFact } from "../../../model/facts/table.ts";
import { irrelevantFlags } from "../../values/irrelevant.ts";
import { textOf, type Word } from "../word.ts";

/**
 * One flag of `docker run` and `docker create`.
 *
 * `takes` is how its value is spelled; a `boolean` takes one only behind `=`. `field` is the fact that it sets, where
 * it sets just one that the model knows; a flag that can be repeated sets an item of a list.
 */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly takes: Takes;
  readonly field?: keyof ContainerScalars | keyof ContainerLists;
  /** A name that Docker hides from `--help` and still reads as this other one. */
  readonly aliasOf?: string;
  /** The flag of docker run that this one of another command reads as; "" where it has none. */
  readonly as?: string;
}

/** What docker run calls it. */
export function runName({ name, as }: Flag): string {
  return as ?? name;
}

type Takes = "boolean" | "text" | "integer" | "decimal" | "bytes" | "duration" | "namespace" | "item";

/** How a flag takes a fact's value. */
export const takesOf: Readonly<Partial<Record<Kind, Takes>>> = {
  text: "text",
  switch: "boolean",
  namespace: "namespace",
  bytes: "bytes",
  cpus: "decimal",
  microseconds: "integer",
  integer: "integer",
};

/** The flags that set a fact of the table. */
const keyed: readonly Flag[] = keyedIn("run").map(({ field, key, row }) => ({
  ...{ name: key, takes: takesOf[row.kind] ?? "text", field },
  ...(row.short === undefined ? {} : { short: row.short }),
}));

/**
 * Every other flag of docker/cli 26 to 29.8, hidden and deprecated ones too
 * (https://github.com/docker/cli/blob/master/cli/command/container/opts.go, run.go and create.go).
 */
const table = [
  { name: "annotation", takes: "item", field: "annotations" },
  { name: "blkio-weight-device", takes: "item", field: "blkioDeviceLimits" },
  { name: "cap-add", takes: "item", field: "capAdd" },
  { name: "cap-drop", takes: "item", field: "capDrop" },
  { name: "device", takes: "item", field: "devices" },
  { name: "device-cgroup-rule", takes: "item", field: "deviceCgroupRules" },
  { name: "device-read-bps", takes: "item", field: "blkioDeviceLimits" },
  { name: "device-read-iops", takes: "item", field: "blkioDeviceLimits" },
  { name: "device-write-bps", takes: "item", field: "blkioDeviceLimits" },
  { name: "device-write-iops", takes: "item", field: "blkioDeviceLimits" },
  { name: "entrypoint", takes: "text", field: "entrypoint" },
  { name: "env", short: "e", takes: "item", field: "environment" },
  { name: "env-file", takes: "item" },
  { name: "gpus", takes: "item", field: "devices" },
  { name: "group-add", takes: "item", field: "groupAdd" },
  { name: "health-cmd", takes: "text" },
  { name: "label", short: "l", takes: "item", field: "labels" },
  { name: "label-file", takes: "item" },
  { name: "link", takes: "item", field: "links" },
  { name: "log-opt", takes: "item", field: "logOptions" },
  { name: "mount", takes: "item", field: "mounts" },
  { name: "net", takes: "namespace", aliasOf: "network" },
  { name: "network", takes: "namespace", field: "networkMode" },
  { name: "no-healthcheck", takes: "boolean", field: "healthcheck" },
  { name: "publish", short: "p", takes: "item", field: "ports" },
  { name: "restart", takes: "text", field: "restart" },
  { name: "security-opt", takes: "item" },
  { name: "storage-opt", takes: "item", field: "storageOpt" },
  { name: "sysctl", takes: "item", field: "sysctls" },
  { name: "tmpfs", takes: "item", field: "mounts" },
  { name: "ulimit", takes: "item", field: "ulimits" },
  { name: "use-api-socket", takes: "boolean" },
  { name: "volume", short: "v", takes: "item", field: "mounts" },
  { name: "volumes-from", takes: "item", field: "volumesFrom" },
] as const satisfies readonly Flag[];

export const flags: readonly Flag[] = [...irrelevantFlags, ...keyed, ...table];

/** The flag of docker run for a fact, whether the table has it or code reads it. */
export function flagNameOf(field: ScalarFact): string | undefined {
  return flags.find((flag) => flag.field === field && !flag.aliasOf)?.name;
}

type Row = (typeof table)[number];

/** A reader for each flag of the table above: a new flag does not compile before. */
type NamesOf<R extends Row> = Exclude<R, { readonly aliasOf: string }>["name"];
type Switch = Extract<Row, { readonly takes: "boolean" }>;
export type ValueReaders<Reader> = Readonly<Record<NamesOf<Exclude<Row, Switch>>, Reader>>;
export type SwitchReaders<Reader> = Readonly<Record<NamesOf<Switch>, Reader>>;

/** The flags of `docker` itself, which stand in front of the subcommand (docker/cli: cli/flags/options.go). */
export const globalFlags: readonly Flag[] = [
  { name: "config", takes: "text" },
  { name: "context", short: "c", takes: "text" },
  { name: "debug", short: "D", takes: "boolean" },
  { name: "help", takes: "boolean" },
  { name: "host", short: "H", takes: "item" },
  { name: "log-level", short: "l", takes: "text" },
  { name: "tls", takes: "boolean" },
  { name: "tlscacert", takes: "text" },
  { name: "tlscert", takes: "text" },
  { name: "tlskey", takes: "text" },
  { name: "tlsverify", takes: "boolean" },
  { name: "version", short: "v", takes: "boolean" },
];

/** Flags of podman run that docker run does not have (podman-run(1)), and that take no value. */
const alone =
  /^--(?:env-host|http-proxy|no-hostname|no-hosts|passwd|read-only-tmpfs|replace|rmi|systemd|tls-verify|unsetenv-all)(?:=|$)/;

/** Those that take one. */
const withValue =
  /^--(?:arch|authfile|cgroup-conf|cgroups|chrootdirs|conmon-pidfile|creds|decryption-key|gidmap|gpus|group-entry|health-(?:log-\w+|max-log-\w+|on-failure|startup-[\w-]+)|hostuser|image-volume|init-path|intel-rdt-closid|log-level|os|passwd-entry|personality|pidfile|pod|pod-id-file|preserve-fds?|rdt-class|requires|retry|retry-delay|sdnotify|seccomp-policy|secret|shm-size-systemd|subgidname|subuidname|timeout|tz|uidmap|umask|unsetenv|variant)$/;

/** Ways to remap users that Docker has no word for: each is stricter than the host's namespace. */
const remapping = /^(?:auto|keep-id|nomap|ns|private)(?::|$)/;

/** The words of `podman run` as docker run would take them: what only Podman knows is left out, up to the image. */
export function withoutPodmanFlags(words: readonly Word[]): readonly Word[] {
  const kept: Word[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (!word) break;
    const text = textOf(word) ?? "";
    const [name = "", value] = text.split(/=(.*)/s);
    const next = words[index + 1];
    if (alone.test(text)) continue;
    const given = value ?? (next && textOf(next)) ?? "";
    if (withValue.test(name) || (name === "--userns" && remapping.test(given))) {
      if (value === undefined) index += 1;
      continue;
    }
    kept.push(word);
  }
  return kept;
}
