import type { Gap } from "../../model/gap.ts";
import { openYaml, type Yaml } from "../run-command/hosts/yaml-text.ts";
import type { Surroundings } from "../run-command/read/draft.ts";
import { hole, type Word, wordOf } from "../run-command/word.ts";
import type { Described } from "./quadlet.ts";
import {
  as,
  each,
  flag,
  joined,
  keyWord,
  mapsIn,
  memberOf,
  mountWord,
  optionOf,
  pairs,
  type Rule,
  type Rules,
  type Tree,
  wordAtKey,
  wordIn,
  wordsIn,
  wordsOf,
} from "./tree.ts";
import { treeOfYaml } from "./yaml-tree.ts";

const moduleName = /^(?:community\.(?:docker|general)\.)?docker_container$/;

/** Keys under which further tasks stand. */
const taskLists = ["tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"];

const jinja = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;

/**
 * The containers of a playbook or of a role's tasks
 * (https://docs.ansible.com/projects/ansible/latest/collections/community/docker/docker_container_module.html). What Jinja fills
 * in is left open.
 */
export function describeAnsible(
  text: string,
  around: Surroundings,
): { readonly found: readonly Described[]; readonly gaps: readonly Gap[] } {
  const { yaml, gaps } = openYaml(text, around);
  if (!yaml?.root) return { found: [], gaps };
  const found: Described[] = [];
  collect(yaml, yaml.root, found, 0);
  return { found, gaps };
}

function collect(yaml: Yaml, list: unknown, found: Described[], depth: number): void {
  if (depth > 10) return;
  for (const task of yaml.items(list)) {
    for (const entry of yaml.entries(task)) {
      if (taskLists.includes(entry.key)) collect(yaml, entry.value, found, depth + 1);
      if (!moduleName.test(entry.key)) continue;
      const [first] = entry.keyPieces;
      const at = { start: first?.at.start ?? 0, end: entry.keyPieces.at(-1)?.at.end ?? 0 };
      const given = argumentsOf(treeOfYaml(yaml, entry.value, jinja));
      const rest = argumentsOf(treeOfYaml(yaml, yaml.at(task, "args"), jinja));
      const members = [given, rest].flatMap((tree) => (tree.kind === "map" ? tree.members : []));
      const described = describe({ kind: "map", members, at }, at);
      const title = titleOf(yaml.text(yaml.at(task, "name")));
      if (described) found.push({ ...described, title });
    }
  }
}

/** A task's name without what Jinja fills in, for reports and ids. */
function titleOf(name: string | undefined): string | undefined {
  const known = name
    ?.replaceAll(jinja, "")
    .replaceAll(/[^\w.-]+/g, " ")
    .trim()
    .replaceAll(" ", "-");
  return known ? known : undefined;
}

/** `docker_container: name=web image=nginx`, the old way, beside the usual map. */
function argumentsOf(tree: Tree): Tree {
  const word = wordIn(tree);
  if (!word) return tree;
  const members = [...word.text.matchAll(/(\w+)=("[^"]*"|'[^']*'|\S*)/g)].map(([, key = "", value = ""]) => {
    const text = value.replace(/^(["'])(.*)\1$/s, "$2");
    const holes = word.holes.slice(0, text.split(hole).length - 1);
    const said = wordOf([{ text, at: word.at, written: undefined, exact: false }], word.at, holes);
    return { key, at: word.at, value: { kind: "text" as const, word: said } };
  });
  return { kind: "map", members, at: word.at };
}

function describe(task: Tree, at: Described["at"]): Described | undefined {
  if (wordAtKey(task, "state")?.text === "absent") return undefined;
  const image = wordAtKey(task, "image");
  const words = wordsOf(task, rules);
  // A task without an image changes a container that is there.
  const open = keyWord(hole, at);
  const imageWord = image ?? wordOf(open.pieces, at, [{ source: "…", reason: "the task names no image" }]);
  return { words: [...words, imageWord], at };
}

/** Ansible splits a text where it wants a list. */
const list =
  (name: string): Rule =>
  (tree) => {
    const word = wordIn(tree);
    if (!word || word.holes.length > 0 || !word.text.includes(",")) return each(name)(tree);
    return word.text
      .split(",")
      .flatMap((text) =>
        optionOf(
          name,
          wordOf([{ text: text.trim(), at: word.at, written: undefined, exact: false }], word.at),
        ),
      );
  };

const rates =
  (name: string): Rule =>
  (tree) =>
    mapsIn(tree).flatMap((item) => {
      const path = wordAtKey(item, "path");
      const rate = wordAtKey(item, "rate");
      return path && rate
        ? optionOf(name, joined(path, ":", rate))
        : wordsIn(item).flatMap((word) => optionOf(name, word));
    });

const ports: Rule = (tree) =>
  wordsIn(tree).some(({ text }) => text === "all")
    ? wordsIn(tree).map((word) => joined("--publish-all=true", keyWord("", word.at)))
    : list("publish")(tree);

const mounts: Rule = (tree) =>
  mapsIn(tree).flatMap((item) => {
    const text = wordIn(item);
    const options = memberOf(item, "volume_options");
    const driverOptions = options?.kind === "map" ? options.members : [];
    const value =
      text ??
      mountWord([
        ["type", wordAtKey(item, "type")],
        ["source", wordAtKey(item, "source")],
        ["target", wordAtKey(item, "target")],
        ["readonly", switchWord(wordAtKey(item, "read_only"))],
        ["bind-propagation", wordAtKey(item, "propagation")],
        ["tmpfs-size", wordAtKey(item, "tmpfs_size")],
        ["tmpfs-mode", wordAtKey(item, "tmpfs_mode")],
        ["volume-driver", wordAtKey(item, "volume_driver")],
        ...driverOptions.map(({ key, value: option }) => [`volume-opt=${key}`, wordIn(option)] as const),
      ]);
    return value ? optionOf("mount", value) : [];
  });

function switchWord(word: Word | undefined): Word | undefined {
  if (!word || word.holes.length > 0) return word;
  return keyWord(/^(?:true|yes|on|y|1)$/i.test(word.text) ? "true" : "false", word.at);
}

const health: Rule = (tree) => {
  const test = memberOf(tree, "test");
  const [first] = wordsIn(test);
  if (!first) return [];
  return first.text === "NONE"
    ? [joined("--no-healthcheck", keyWord("", first.at))]
    : optionOf("health-cmd", first);
};

/** `nofile:1024:2048`. */
const ulimits: Rule = (tree) =>
  wordsIn(tree).flatMap((word) =>
    optionOf("ulimit", word.holes.length > 0 ? word : keyWord(word.text.replace(":", "="), word.at)),
  );

const rules: Rules = {
  auto_remove: flag("rm"),
  blkio_weight: as("blkio-weight"),
  cap_drop: list("cap-drop"),
  capabilities: list("cap-add"),
  cgroup_parent: as("cgroup-parent"),
  cgroupns_mode: as("cgroupns"),
  cpu_period: as("cpu-period"),
  cpu_quota: as("cpu-quota"),
  cpu_shares: as("cpu-shares"),
  cpus: as("cpus"),
  cpuset_cpus: as("cpuset-cpus"),
  device_cgroup_rules: list("device-cgroup-rule"),
  device_read_bps: rates("device-read-bps"),
  device_read_iops: rates("device-read-iops"),
  device_write_bps: rates("device-write-bps"),
  device_write_iops: rates("device-write-iops"),
  devices: list("device"),
  env: pairs("env"),
  groups: list("group-add"),
  healthcheck: health,
  init: flag("init"),
  ipc_mode: as("ipc"),
  labels: pairs("label"),
  log_driver: as("log-driver"),
  log_options: pairs("log-opt"),
  memory: as("memory"),
  memory_reservation: as("memory-reservation"),
  memory_swap: (tree) => {
    const word = wordIn(tree);
    return word ? optionOf("memory-swap", word.text === "unlimited" ? keyWord("-1", word.at) : word) : [];
  },
  mounts,
  name: as("name"),
  network_mode: as("network"),
  networks: (tree) =>
    mapsIn(tree).flatMap((item) => {
      const word = wordIn(item) ?? wordAtKey(item, "name");
      return word ? optionOf("network", word) : [];
    }),
  oom_killer: (tree) => {
    const word = switchWord(wordIn(tree));
    return word?.text === "false" ? [joined("--oom-kill-disable", keyWord("", word.at))] : [];
  },
  oom_score_adj: as("oom-score-adj"),
  pid_mode: as("pid"),
  pids_limit: as("pids-limit"),
  ports,
  privileged: flag("privileged"),
  published_ports: ports,
  read_only: flag("read-only"),
  runtime: as("runtime"),
  security_opts: list("security-opt"),
  storage_opts: pairs("storage-opt"),
  sysctls: pairs("sysctl"),
  tmpfs: list("tmpfs"),
  ulimits,
  user: as("user"),
  userns_mode: as("userns"),
  uts: as("uts"),
  volumes: list("volume"),
  volumes_from: list("volumes-from"),
};
