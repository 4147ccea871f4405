import type { Node } from "jsonc-parser";
import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { sightOf, unseenIn } from "../../model/sight.ts";
import { dockerRun } from "../run-command/dialect.ts";
import { templateWord } from "../run-command/hosts/templates.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { sourceOf, type Word } from "../run-command/word.ts";
import { readOptions } from "../run-options/read.ts";
import {
  as,
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
  mountWord,
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
import { readJson } from "../run-options/yaml-tree.ts";
import { irrelevantKeys } from "../values/irrelevant.ts";
import { type Block, readHcl } from "./hcl.ts";

/** Reads the `docker_container` resources of a Terraform file. */
export function readTerraform(text: string, file: string, io: Files): Reading {
  return readOptions(text, file, io, {
    describe: describeTerraform,
    dialect: {
      ...dockerRun,
      source: "terraform",
      command: "docker_container",
      silent: unseenIn(sightOf("terraform")),
    },
  });
}

interface Found {
  readonly found: readonly Described[];
  readonly gaps: readonly Gap[];
}

/**
 * The `docker_container` resources of a Terraform file, in its own language or in JSON
 * (https://github.com/kreuzwerker/terraform-provider-docker/blob/master/docs/resources/container.md). What an expression makes is
 * left open, but for the name of an image that the same file declares.
 */
function describeTerraform(text: string, around: Surroundings): Found {
  if (around.file.endsWith(".json")) return describeJson(text, around);
  const { blocks, error } = readHcl(text);
  const resources = blocks.flatMap((block) => resourceOf(block));
  const gaps = error
    ? [gap(`terraform refuses this: ${error.reason}`, { location: around.locate(error.at) })]
    : [];
  return { found: containersIn(resources), gaps };
}

interface Resource {
  readonly type: string;
  readonly name: string;
  readonly body: Tree;
  readonly at: Described["at"];
}

function resourceOf({ type, labels, body, at }: Block): readonly Resource[] {
  const [kind = "", name = ""] = labels;
  return type === "resource" ? [{ type: kind, name, body, at }] : [];
}

function containersIn(resources: readonly Resource[]): readonly Described[] {
  const images = new Map(
    resources.flatMap(({ type, name, body }) => {
      const word = type === "docker_image" ? wordAtKey(body, "name") : undefined;
      return word ? [[name, word] as const] : [];
    }),
  );
  return resources
    .filter(({ type }) => type === "docker_container")
    .map(({ body, at, name }): Described => {
      const given = wordAtKey(body, "image") ?? openWord(at, "…", "the resource names no image");
      const image = declaredImage(given, images) ?? given;
      const { option, behind } = commandWords(
        wordsIn(memberOf(body, "entrypoint")),
        wordsIn(memberOf(body, "command")),
      );
      const unknown = unknownKeys(body, rules, irrelevantKeys.terraform);
      return { words: [...wordsOf(body, rules), ...option, image, ...behind], unknown, at, title: name };
    });
}

/** `docker_image.web.image_id` is what the resource `docker_image.web` names. */
function declaredImage(word: Word, images: ReadonlyMap<string, Word>): Word | undefined {
  const reference =
    /^(?:\$\{)?docker_image\.([\w-]+)(?:\[[^\]]*\])?\.(?:image_id|latest|name|repo_digest)\}?$/.exec(
      sourceOf(word),
    );
  return images.get(reference?.[1] ?? "");
}

function describeJson(text: string, around: Surroundings): Found {
  const { root, gaps } = readJson(text, around);
  if (!root) return { found: [], gaps };
  const resources = itemsIn(memberOf(treeOfJson(root), "resource")).flatMap((kinds) =>
    kinds.kind !== "map"
      ? []
      : kinds.members.flatMap(({ key: type, value }) =>
          itemsIn(value).flatMap((named) =>
            named.kind !== "map"
              ? []
              : named.members.flatMap(({ key: name, at, value: bodies }) =>
                  itemsIn(bodies).map((body): Resource => ({ type, name, body, at })),
                ),
          ),
        ),
  );
  return { found: containersIn(resources), gaps };
}

function treeOfJson(node: Node): Tree {
  const at = { start: node.offset, end: node.offset + node.length };
  if (node.type === "array") return { kind: "list", items: (node.children ?? []).map(treeOfJson) };
  if (node.type === "object") {
    const members = (node.children ?? []).flatMap((property): readonly Member[] => {
      const [key, value] = property.children ?? [];
      if (!key || !value) return [];
      const keyAt = { start: key.offset + 1, end: key.offset + key.length - 1 };
      return [{ key: String(key.value), at: keyAt, value: treeOfJson(value) }];
    });
    return { kind: "map", members, at };
  }
  const isText = node.type === "string";
  const text = node.value === null ? "" : String(node.value);
  const inner = isText ? { start: at.start + 1, end: at.end - 1 } : at;
  const exact = inner.end - inner.start === text.length;
  return {
    kind: "text",
    word: templateWord([{ text, at: inner, written: undefined, exact }], /[$%]\{[^}]*\}/g),
  };
}

/** A number of megabytes. */
const megabytes =
  (name: string): Rule =>
  (tree) => {
    const word = wordIn(tree);
    if (!word) return [];
    return optionOf(name, /^-/.test(word.text) ? word : joined(word, "m"));
  };

const mountFields = (item: Tree) => {
  const [bind] = itemsIn(memberOf(item, "bind_options"));
  const [tmpfs] = itemsIn(memberOf(item, "tmpfs_options"));
  const [volume] = itemsIn(memberOf(item, "volume_options"));
  return [
    ["type", wordAtKey(item, "type")],
    ["source", wordAtKey(item, "source")],
    ["target", wordAtKey(item, "target")],
    ["readonly", wordAtKey(item, "read_only")],
    ["bind-propagation", wordAtKey(bind, "propagation")],
    ["tmpfs-size", wordAtKey(tmpfs, "size_bytes")],
    ["volume-driver", wordAtKey(volume, "driver_name")],
    ...driverOptions(memberOf(volume, "driver_options")),
  ] as const;
};

const volumes: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const from = wordAtKey(item, "from_container");
    if (from) return optionOf("volumes-from", from);
    const source = wordAtKey(item, "host_path") ?? wordAtKey(item, "volume_name");
    const target = wordAtKey(item, "container_path");
    if (!target) return wordsIn(item).flatMap((word) => optionOf("volume", word));
    if (!source) return optionOf("volume", target);
    const isBind = wordAtKey(item, "host_path") !== undefined;
    const value = mountWord([
      [isBind ? "type=bind,source" : "type=volume,source", source],
      ["target", target],
      ["readonly", wordAtKey(item, "read_only")],
    ]);
    return value ? optionOf("mount", value) : [];
  });

const ports: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const internal = wordAtKey(item, "internal");
    if (!internal) return wordsIn(item).flatMap((word) => optionOf("publish", word));
    const ip = wordAtKey(item, "ip");
    const protocol = wordAtKey(item, "protocol");
    const address = ip ? (ip.text.includes(":") ? ["[", ip, "]:"] : [ip, ":"]) : [];
    const external = wordAtKey(item, "external");
    const front = external ? [...address, external, ":"] : ip ? [...address, ":"] : [];
    return optionOf("publish", joined(...front, internal, ...(protocol ? ["/", protocol] : [])));
  });

const devices: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const host = wordAtKey(item, "host_path");
    const inside = wordAtKey(item, "container_path") ?? host;
    const permissions = wordAtKey(item, "permissions");
    if (!host || !inside) return wordsIn(item).flatMap((word) => optionOf("device", word));
    return optionOf("device", joined(host, ":", inside, ...(permissions ? [":", permissions] : [])));
  });

const named =
  (flagName: string, key: string, value: string): Rule =>
  (tree) =>
    itemsIn(tree).flatMap((item) => {
      const label = wordAtKey(item, key);
      if (!label) return pairs(flagName)(item);
      return optionOf(flagName, joined(label, "=", wordAtKey(item, value) ?? keyWord("", label.at)));
    });

/** Arguments with more than a value; the others are in the table of facts. */
const rules: Rules = {
  ...keyedRules("terraform", megabytes),
  capabilities: (tree) =>
    itemsIn(tree).flatMap((item) =>
      item.kind === "map"
        ? wordsOf(item, { add: each("cap-add"), drop: each("cap-drop") })
        : ["cap-add", "cap-drop"].flatMap((name) => each(name)(item)),
    ),
  device_cgroup_rules: each("device-cgroup-rule"),
  devices,
  env: each("env"),
  gpus: as("gpus"),
  group_add: each("group-add"),
  healthcheck: health,
  init: flag("init"),
  labels: named("label", "label", "value"),
  // Up to version 2 of the provider.
  links: each("link"),
  log_opts: pairs("log-opt"),
  mounts: mounts(mountFields),
  name: as("name"),
  networks: each("network"),
  networks_advanced: networks,
  ports,
  rm: flag("rm"),
  security_opts: each("security-opt"),
  storage_opts: pairs("storage-opt"),
  sysctls: pairs("sysctl"),
  tmpfs: pairs("tmpfs", ":"),
  ulimit: (tree) =>
    itemsIn(tree).flatMap((item) => {
      const [name, soft, hard] = ["name", "soft", "hard"].map((key) => wordAtKey(item, key));
      return name && soft && hard ? optionOf("ulimit", joined(name, "=", soft, ":", hard)) : [];
    }),
  volumes,
};
