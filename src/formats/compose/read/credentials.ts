import {
  type Credential,
  credentialsInArguments,
  credentialsInLines,
  credentialsInScript,
  credentialsInValue,
  type WrittenCredential,
} from "../../../model/credentials/find.ts";
import { type FactList, type SetFact, set } from "../../../model/fact.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { entriesOf, get, itemsOf, type Node, originAt, type ScalarNode } from "../yaml/node.ts";
import { asMapping } from "./key-values.ts";

type Found = SetFact<WrittenCredential>;

/** Keys whose values are names and values of somebody's own, so that a name may say that its value is a credential. */
const named =
  /^(?:labels|annotations|args|options|driver_opts|sysctls|config|additional_contexts)$|^x-|(?:^|_)headers?$/;

/** Where docker compose takes a command: as a list its words, as a text a shell's line. */
const commands =
  /^(?:command|entrypoint|healthcheck\.test|(?:pre_start|post_start|pre_stop)\.command|develop\.watch\.exec\.command)$/;

/** Read on their own, or as facts of their own. */
const apart = /^(?:environment|env_file|build\.dockerfile_inline)$/;

/**
 * The credentials that a service has written out in other keys than `environment`: commands, health checks, labels, build
 * arguments, options, extensions. A value that a variable supplies is not written out.
 */
export function readCredentials(service: Node): FactList<WrittenCredential> {
  return walk(service, [], false);
}

/**
 * Those of the project's other sections, each with the services that it belongs to by its name: `configs`, `volumes`,
 * `networks`, extensions.
 */
export function readTopLevel(
  model: Node,
): readonly { readonly section: string; readonly name: string; readonly found: readonly Found[] }[] {
  return entriesOf(model).flatMap(({ name: section, value }) => {
    if (/^(?:services|include|name|version)$/.test(section)) return [];
    if (section.startsWith("x-")) return [{ section, name: section, found: walk(value, [section], true) }];
    return entriesOf(value).map(({ name, value: each }) => ({
      section,
      name,
      found: walk(each, [section, name], false),
    }));
  });
}

function walk(node: Node, path: readonly string[], isNamed: boolean): readonly Found[] {
  const key = path.at(-1) ?? "";
  const place = path.filter((part) => part !== "").join(".");
  if (apart.test(place)) return [];
  if (commands.test(place)) return ofCommand(node, whereOf(path));
  if (node.kind === "scalar") return ofScalar(node, path, isNamed);
  const mapping = isNamed || named.test(key) ? asMapping(node) : node.kind === "map" ? node : undefined;
  const within = isNamed || named.test(key);
  if (
    mapping &&
    (node.kind === "map" || itemsOf(node).every((each) => each.kind === "scalar" && each.text.includes("=")))
  ) {
    return entriesOf(mapping).flatMap(({ name, value }) => walk(value, [...path, name], within));
  }
  return itemsOf(node).flatMap((each) => walk(each, path, within));
}

function ofScalar(node: ScalarNode, path: readonly string[], isNamed: boolean): readonly Found[] {
  const name = path.at(-1) ?? "";
  if (path[0] === "configs" && name === "content")
    return placed(node, credentialsInLines(node.authored), whereOf(path));
  const isOptions = /(?:^|_)opts?$|^o$|^options$/.test(name);
  const found = credentialsInValue(isNamed && !isOptions ? name : "", node.authored);
  return placed(node, found, whereOf(path));
}

function ofCommand(node: Node, where: string): readonly Found[] {
  if (node.kind === "scalar") return placed(node, credentialsInScript(node.authored), where);
  const items = itemsOf(node).filter((each) => each.kind === "scalar");
  const words = items.map(({ authored }) => authored);
  const [first, second] = words;
  const found =
    first === "CMD-SHELL"
      ? credentialsInScript(second ?? "")
      : credentialsInArguments(first === "CMD" ? words.slice(1) : words);
  return found.flatMap((each) => {
    const item = items.find(({ authored }) => authored.includes(each.value)) ?? items[0];
    return item ? placed(item, [each], where) : [];
  });
}

function placed(node: ScalarNode, found: readonly Credential[], where: string): readonly Found[] {
  return found.map((each) => set({ ...each, where }, placeOf(node, each.value)));
}

/** The value itself in the file; all of the text where an escape spells it otherwise. */
function placeOf({ place }: Node, value: string): FileOrigin {
  const at = place.source.text.slice(place.start, place.end).indexOf(value);
  return at < 0
    ? originAt(place)
    : originAt({ ...place, start: place.start + at, end: place.start + at + value.length });
}

function whereOf(path: readonly string[]): string {
  const [first = ""] = path;
  const last = path.at(-1) ?? "";
  if (first === "command") return "its command";
  if (first === "entrypoint") return "its entrypoint";
  if (first === "healthcheck") return "its health check";
  if (first === "labels") return `the label ${last}`;
  if (first === "configs") return `the config ${path[1] ?? ""}`;
  if (first === "build" && path[1] === "args") return `the build argument ${last}`;
  if (first === "logging") return `the log option ${last}`;
  return path.join(".");
}

/** The names of the project's configs, volumes and networks that a service uses. */
export function usesOf(service: Node, section: string): ReadonlySet<string> {
  const node = get(service, section);
  const names = [
    ...entriesOf(node).map(({ name }) => name),
    ...itemsOf(node).flatMap((each) => {
      const source = each.kind === "scalar" ? each : get(each, "source");
      return source?.kind === "scalar" ? [source.text.split(":", 1)[0] ?? ""] : [];
    }),
  ];
  return new Set(names);
}
