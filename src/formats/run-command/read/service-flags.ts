import { keyedIn, keyOf } from "../../../model/facts/table.ts";
import { type Flag, takesOf } from "./flags.ts";

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

export const serviceUpdateFlags: readonly Flag[] = [
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
