import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { sightOf, unseenIn } from "../../model/sight.ts";
import { dockerRun } from "../run-command/dialect.ts";
import { spanOf } from "../run-command/hosts/templates.ts";
import { openYaml, type Yaml } from "../run-command/hosts/yaml-text.ts";
import type { Range } from "../run-command/passage.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { hole, unknownWord, type Word, wordOf } from "../run-command/word.ts";
import { type Descriptions, readOptions } from "../run-options/read.ts";
import {
  as,
  commandIn,
  driverOptions,
  each,
  flag,
  health,
  itemsIn,
  joined,
  keyedRules,
  keyWord,
  type Member,
  memberOf,
  mounts,
  networks,
  openWord,
  optionOf,
  pairs,
  type Rule,
  type Rules,
  type Tree,
  unknownKeys,
  wordAtKey,
  wordIn,
  wordsIn,
  wordsOf,
} from "../run-options/tree.ts";
import { commandWords, type Described } from "../run-options/words.ts";
import { treeReader } from "../run-options/yaml-tree.ts";
import { irrelevantKeys } from "../values/irrelevant.ts";
import { jinja, otherModules } from "./modules.ts";
import { type OtherTasks, readOtherTask } from "./other-tasks.ts";

/** Reads the containers of a playbook, or of a role's tasks. */
export function readAnsible(text: string, file: string, io: Files): Reading {
  return readOptions(text, file, io, {
    describe: describeAnsible,
    dialect: {
      ...dockerRun,
      source: "ansible",
      command: "docker_container",
      silent: unseenIn(sightOf("ansible")),
    },
  });
}

const moduleName = /^(?:community\.(?:docker|general)\.)?docker_container$/;

/** Keys of `module_defaults` that cover the module. */
const defaultsName =
  /^(?:(?:community\.(?:docker|general)\.)?docker_container|group\/(?:community\.docker\.)?docker)$/;

/** Keys with further tasks. */
const taskLists = ["tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"];

/**
 * The containers of a playbook or of a role's tasks
 * (https://docs.ansible.com/projects/ansible/latest/collections/community/docker/docker_container_module.html). What Jinja fills
 * in is left open.
 */
function describeAnsible(text: string, around: Surroundings): Descriptions {
  const { yaml, gaps } = openYaml(text, around);
  if (!yaml?.root) return { found: [], gaps };
  const unread: Gap[] = [];
  const hosted: OtherTasks = { texts: [], commands: [], acts: [] };
  const leave = (at: Range, reason: string) => unread.push(gap(reason, { location: around.locate(at) }));
  const found = tasksIn(yaml, leave, hosted);
  const isEmpty = Object.values(hosted).every((list) => list.length === 0);
  return { found, gaps: [...gaps, ...unread], ...(!isEmpty && { hosted }) };
}

const otherModule = new RegExp(`^${otherModules}$`);

function tasksIn(
  yaml: Yaml,
  leave: (at: Range, reason: string) => void,
  hosted: OtherTasks,
): readonly Described[] {
  const found: Described[] = [];
  const seen = new Set<unknown>();
  const treeOf = treeReader(yaml, jinja);
  collect(yaml.root, []);
  return found;

  function collect(list: unknown, defaults: readonly Arguments[]): void {
    for (const task of yaml.items(list)) {
      // Aliases can name a task many times.
      if (seen.has(task)) continue;
      seen.add(task);
      const own = yaml
        .entries(yaml.at(task, "module_defaults"))
        .filter(({ key }) => defaultsName.test(key))
        .map(({ value }) => argumentsOf(treeOf(value)));
      const inherited = own.length === 0 ? defaults : [...defaults, ...own];
      for (const { key, keyPieces, value } of yaml.entries(task)) {
        if (taskLists.includes(key)) collect(value, inherited);
        if (otherModule.test(key)) leave(spanOf(keyPieces), `a task uses ${key}, which is not read`);
        readOtherTask({ yaml, key, task, value, at: spanOf(keyPieces) }, hosted);
        if (!moduleName.test(key)) continue;
        const further = yaml.at(task, "args");
        const given = [further, value].map((node) => argumentsOf(treeOf(node)));
        const described = describe([...inherited, ...given], spanOf(keyPieces));
        const title = titleOf(yaml.text(yaml.at(task, "name")));
        if (described) found.push({ ...described, title });
      }
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

interface Arguments {
  readonly members: readonly Member[];
  /** A template that may hold any arguments. */
  readonly open: readonly Word[];
}

/** The usual map, or `docker_container: name=web image=nginx`, the old way. */
function argumentsOf(tree: Tree): Arguments {
  const word = wordIn(tree);
  if (!word) return { members: tree.kind === "map" ? tree.members : [], open: [] };
  const holesIn = (text: string) => text.split(hole).length - 1;
  const pair = /(\w+)=("[^"]*"|'[^']*'|\S*)/g;
  const members = [...word.text.matchAll(pair)].map(({ 0: whole, 1: key = "", 2: value = "", index }) => {
    const first = holesIn(word.text.slice(0, index));
    const holes = word.holes.slice(first, first + holesIn(whole));
    const text = value.replace(/^(["'])(.*)\1$/s, "$2");
    const said = wordOf([{ text, at: word.at, written: undefined, exact: false }], word.at, holes);
    return { key, at: word.at, value: { kind: "text" as const, word: said } };
  });
  const [unknown] = word.holes;
  const isOpen = unknown !== undefined && word.text.replaceAll(pair, "").includes(hole);
  return { members, open: isOpen ? [unknownWord(word.at, unknown)] : [] };
}

/** What later arguments say counts. */
function describe(given: readonly Arguments[], at: Described["at"]): Described | undefined {
  const last = new Map(given.flatMap(({ members }) => members.map((member) => [member.key, member])));
  const task: Tree = { kind: "map", members: [...last.values()], at };
  if (wordAtKey(task, "state")?.text === "absent") return undefined;
  const open = given.flatMap((each) => each.open);
  // A task without an image changes a container that exists.
  const image = wordAtKey(task, "image") ?? openWord(at, "…", "the task names no image");
  const { option, behind } = commandWords(
    commandIn(memberOf(task, "entrypoint")),
    commandIn(memberOf(task, "command")),
  );
  const unknown = unknownKeys(task, rules, irrelevantKeys.ansible);
  return { words: [...wordsOf(task, rules), ...option, ...open, image, ...behind], unknown, at };
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
    itemsIn(tree).flatMap((item) => {
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

const mountFields = (item: Tree) =>
  [
    ["type", wordAtKey(item, "type")],
    ["source", wordAtKey(item, "source")],
    ["target", wordAtKey(item, "target")],
    ["readonly", switchWord(wordAtKey(item, "read_only"))],
    ["bind-propagation", wordAtKey(item, "propagation")],
    ["tmpfs-size", wordAtKey(item, "tmpfs_size")],
    ["tmpfs-mode", wordAtKey(item, "tmpfs_mode")],
    ["volume-driver", wordAtKey(item, "volume_driver")],
    ...driverOptions(memberOf(item, "volume_options")),
  ] as const;

function switchWord(word: Word | undefined): Word | undefined {
  if (!word || word.holes.length > 0) return word;
  return keyWord(/^(?:true|yes|on|y|1)$/i.test(word.text) ? "true" : "false", word.at);
}

/** GPUs and the like. */
const deviceRequests: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const word = wordIn(item) ?? (item.kind === "map" ? keyWord("all", item.at) : undefined);
    return word ? optionOf("gpus", word) : [];
  });

const variableFile: Rule = (tree) =>
  wordsIn(tree).flatMap(({ at, text }) =>
    optionOf("env", openWord(at, text, "Ansible reads this file on the target host")),
  );

/** `nofile:1024:2048`. */
const ulimits: Rule = (tree) =>
  wordsIn(tree).flatMap((word) =>
    optionOf("ulimit", word.holes.length > 0 ? word : keyWord(word.text.replace(":", "="), word.at)),
  );

/** Options with more than a value; the others are in the table of facts. */
const rules: Rules = {
  ...keyedRules("ansible"),
  auto_remove: flag("rm"),
  cap_drop: list("cap-drop"),
  capabilities: list("cap-add"),
  device_cgroup_rules: list("device-cgroup-rule"),
  device_read_bps: rates("device-read-bps"),
  device_read_iops: rates("device-read-iops"),
  device_write_bps: rates("device-write-bps"),
  device_write_iops: rates("device-write-iops"),
  devices: list("device"),
  device_requests: deviceRequests,
  env: pairs("env"),
  env_file: variableFile,
  groups: list("group-add"),
  healthcheck: health,
  init: flag("init"),
  labels: pairs("label"),
  links: list("link"),
  log_opt: pairs("log-opt"),
  log_options: pairs("log-opt"),
  memory_swap: (tree) => {
    const word = wordIn(tree);
    return word ? optionOf("memory-swap", word.text === "unlimited" ? keyWord("-1", word.at) : word) : [];
  },
  mounts: mounts(mountFields),
  name: as("name"),
  networks,
  ports,
  published_ports: ports,
  security_opts: list("security-opt"),
  storage_opts: pairs("storage-opt"),
  sysctls: pairs("sysctl"),
  tmpfs: list("tmpfs"),
  ulimits,
  volumes: list("volume"),
  volumes_from: list("volumes-from"),
};
