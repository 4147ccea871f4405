import type { Node } from "jsonc-parser";
import type { Gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { dockerRun } from "../run-command/dialect.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { textOf, type Word } from "../run-command/word.ts";
import { readOptions } from "../run-options/read.ts";
import {
  type Described,
  made,
  named,
  openWord,
  option,
  type Placed,
  type UnknownKey,
  wordAt,
} from "../run-options/words.ts";
import { readJson } from "../run-options/yaml-tree.ts";
import { irrelevantKeys } from "../values/irrelevant.ts";

/** Reads the container of a devcontainer.json. */
export function readDevcontainer(text: string, file: string, io: Files): Reading {
  return readOptions(text, file, io, {
    describe: describeDevcontainer,
    dialect: { ...dockerRun, source: "devcontainer" },
  });
}

const syntax = { allowTrailingComma: true };

/**
 * The container of a devcontainer.json that names an image or a Dockerfile (https://containers.dev/implementors/json_reference/).
 * None where the container is a service of a Compose file, or the text is not an object.
 */
function describeDevcontainer(
  text: string,
  around: Surroundings,
): { readonly found: readonly Described[]; readonly gaps: readonly Gap[] } {
  const { root, gaps } = readJson(text, around, syntax);
  const isOwn = root?.type === "object" && !member(root, "dockerComposeFile");
  return { found: isOwn ? [describedBy(root)] : [], gaps };
}

function describedBy(root: Node): Described {
  const args = strings(member(root, "runArgs"));
  const image = member(root, "image");
  const user = member(root, "containerUser");
  const words = [
    ...args.map(wordAt),
    ...(isTrue(member(root, "privileged"))
      ? placed(member(root, "privileged")).map((at) => made("--privileged", at))
      : []),
    ...(isTrue(member(root, "init")) ? placed(member(root, "init")).map((at) => made("--init", at)) : []),
    ...strings(member(root, "capAdd")).flatMap((each) => option("cap-add", each)),
    ...strings(member(root, "securityOpt")).flatMap((each) => option("security-opt", each)),
    ...mountsOf(member(root, "mounts")).flatMap((each) => option("mount", each)),
    ...strings(member(root, "workspaceMount")).flatMap((each) => option("mount", each)),
    ...entries(member(root, "containerEnv")).flatMap(({ name, value }) => [
      made("--env", value),
      named(name, value),
    ]),
    ...portsOf(member(root, "appPort")).flatMap((each) => option("publish", each)),
    ...entries(member(root, "features")).flatMap(featureWords),
    ...strings(user).flatMap((each) => option("user", each)),
    ...strings(image).map(wordAt),
  ];
  const open =
    strings(image).length > 0
      ? []
      : [openWord("the image that its build makes is not known here", root.offset)];
  return {
    words: [...words, ...open, ...furtherTexts(root)].filter((word) => textOf(word) !== ""),
    unknown: unknownIn(root),
    at: { start: root.offset, end: root.offset + 1 },
  };
}

/** Properties that are read here (https://containers.dev/implementors/json_reference/). */
const read = [
  ...["runArgs", "image", "containerUser", "privileged", "init", "capAdd", "securityOpt", "mounts"],
  ...["workspaceMount", "containerEnv", "appPort", "features", "dockerComposeFile"],
];

function unknownIn(root: Node): readonly UnknownKey[] {
  return (root.children ?? []).flatMap(({ children: [key] = [] }) => {
    const name = String(key?.value);
    if (!key || read.includes(name) || irrelevantKeys.devcontainer.has(name)) return [];
    return [{ key: name, at: { start: key.offset + 1, end: key.offset + key.length - 1 } }];
  });
}

const lifecycle = ["initialize", "onCreate", "updateContent", "postCreate", "postStart", "postAttach"];

/** What the tool runs and sets in the container: words of a command, of which only credentials matter. */
function furtherTexts(root: Node): readonly Word[] {
  const commands = lifecycle.flatMap((name) => {
    const command = member(root, `${name}Command`);
    const each =
      command?.type === "object" ? (command.children ?? []).map(({ children }) => children?.[1]) : [command];
    return each.flatMap(strings).map(wordAt);
  });
  const build = member(root, "build");
  const pairs = [member(root, "remoteEnv"), build?.type === "object" ? member(build, "args") : undefined];
  return [...commands, ...pairs.flatMap(entries).map(({ name, value }) => named(name, value))];
}

/** Features that open the host's Engine, or need a privileged container. */
function featureWords({ name, key }: Entry) {
  if (/\/docker-(?:outside-of-docker|from-docker)(?::|$)/.test(name)) {
    return [made("--volume=/var/run/docker.sock:/var/run/docker-host.sock", key)];
  }
  return /\/(?:docker-in-docker|kubectl-helm-minikube)(?::|$)/.test(name) && name.includes("docker-in-docker")
    ? [made("--privileged", key)]
    : [];
}

function mountsOf(node: Node | undefined): readonly Placed[] {
  return (node?.children ?? []).flatMap((item) => {
    if (item.type !== "object") return strings(item);
    const parts = entries(item).map(({ name, value }) => `${name}=${value.text}`);
    return [{ text: parts.join(","), start: item.offset }];
  });
}

function portsOf(node: Node | undefined): readonly Placed[] {
  const items = node?.type === "array" ? (node.children ?? []) : node ? [node] : [];
  return items.flatMap((item) =>
    item.type === "number"
      ? [{ text: `127.0.0.1:${item.value}:${item.value}`, start: item.offset }]
      : strings(item),
  );
}

interface Entry {
  readonly name: string;
  readonly key: Placed;
  readonly value: Placed;
}

function entries(node: Node | undefined): readonly Entry[] {
  return (node?.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (!key || !value) return [];
    const [text] = placed(value);
    return [
      {
        name: String(key.value),
        key: { text: String(key.value), start: key.offset + 1 },
        value: text ?? { text: "", start: value.offset },
      },
    ];
  });
}

function member(object: Node, name: string): Node | undefined {
  return object.children?.findLast((property) => property.children?.[0]?.value === name)?.children?.[1];
}

/** A string, or the strings of an array. */
function strings(node: Node | undefined): readonly Placed[] {
  const items = node?.type === "array" ? (node.children ?? []) : node ? [node] : [];
  return items.filter((item) => item.type === "string").flatMap(placed);
}

function placed(node: Node | undefined): readonly Placed[] {
  if (!node || node.type === "object" || node.type === "array") return [];
  return [{ text: String(node.value), start: node.offset + (node.type === "string" ? 1 : 0) }];
}

function isTrue(node: Node | undefined): boolean {
  return node?.value === true;
}
