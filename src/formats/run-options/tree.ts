import { keyedIn } from "../../model/facts/table.ts";
import { flagNameOf } from "../run-command/read/flags.ts";
import { hole, type Word, wordOf } from "../run-command/word.ts";
import { made, splitWords, type UnknownKey, wordAt } from "./words.ts";

/** A value of a file that describes containers by keys, whatever its syntax. */
export type Tree =
  | { readonly kind: "text"; readonly word: Word }
  | { readonly kind: "list"; readonly items: readonly Tree[] }
  | { readonly kind: "map"; readonly members: readonly Member[]; readonly at: Span };

export interface Member {
  readonly key: string;
  readonly at: Span;
  readonly value: Tree;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The options of docker run that a value is. */
export type Rule = (value: Tree) => readonly Word[];
export type Rules = Readonly<Record<string, Rule>>;

/** A word of which nothing is known but that it is one word. */
export function openWord(at: Span, source: string, reason: string): Word {
  return wordOf([{ text: hole, at, written: undefined, exact: false }], at, [{ source, reason }]);
}

/** A word that is put together from several, from the first of them to the last. */
export function joined(...parts: readonly (string | Word)[]): Word {
  const words = parts.filter((part) => typeof part !== "string");
  const start = Math.min(...words.map(({ at }) => at.start));
  const end = Math.max(...words.map(({ at }) => at.end));
  const pieces = parts.flatMap((part) =>
    typeof part === "string"
      ? [{ text: part, at: { start, end: start }, written: undefined, exact: false }]
      : part.pieces,
  );
  return wordOf(
    pieces,
    { start, end },
    words.flatMap(({ holes }) => holes),
  );
}

/** The texts of a list, or one text instead of a list. Lists in it are flattened. */
export function wordsIn(tree: Tree | undefined): readonly Word[] {
  return itemsIn(tree).flatMap((item) => wordIn(item) ?? []);
}

export function wordIn(tree: Tree | undefined): Word | undefined {
  return tree?.kind === "text" && tree.word.text !== "" ? tree.word : undefined;
}

export function memberOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.members.findLast((member) => member.key === key)?.value : undefined;
}

export function wordAtKey(tree: Tree | undefined, key: string): Word | undefined {
  return wordIn(memberOf(tree, key));
}

export function optionOf(name: string, word: Word): readonly Word[] {
  return [made(`--${name}`, { text: "", start: word.at.start }), word];
}

/** One value. */
export const as =
  (name: string): Rule =>
  (tree) => {
    const word = wordIn(tree);
    return word ? optionOf(name, word) : [];
  };

/** One option for each item. */
export const each =
  (name: string): Rule =>
  (tree) =>
    wordsIn(tree).flatMap((word) => optionOf(name, word));

/** `--flag=true`. */
export const flag =
  (name: string): Rule =>
  (tree) => {
    const word = wordIn(tree);
    return word ? [joined(`--${name}=`, truth(word))] : [];
  };

/** A yes of YAML, as docker takes it. */
function truth(word: Word): Word {
  const said = word.text.toLowerCase();
  const known = /^(?:yes|on|y)$/.test(said) ? "true" : /^(?:no|off|n)$/.test(said) ? "false" : undefined;
  if (known === undefined) return word;
  return wordOf([{ text: known, at: word.at, written: undefined, exact: false }], word.at);
}

/** `name=value` for each member; of what is no map it is not known what it holds. */
export const pairs =
  (name: string, separator = "="): Rule =>
  (tree) => {
    if (tree.kind !== "map") return wordsIn(tree).flatMap((word) => optionOf(name, word));
    return tree.members.flatMap(({ key, at, value }) => {
      const word = wordIn(value) ?? emptyWord(at.end);
      return optionOf(name, joined(keyWord(key, at), separator, word));
    });
  };

/** The items of a list, or one item instead of a list. Lists in it are flattened. */
export function itemsIn(tree: Tree | undefined): readonly Tree[] {
  if (!tree) return [];
  return tree.kind === "list" ? tree.items.flatMap(itemsIn) : [tree];
}

/** A computed key has a hole for what is not known of it. */
export function keyWord(key: string, at: Span): Word {
  const holes = Array.from(key.matchAll(new RegExp(hole, "g")), () => ({
    source: "…",
    reason: "this key is computed",
  }));
  return wordOf([{ text: key, at, written: undefined, exact: false }], at, holes);
}

function emptyWord(start: number): Word {
  const at = { start, end: start };
  return wordOf([{ text: "", at, written: undefined, exact: false }], at);
}

export type MountField = readonly [name: string, value: Word | undefined];

/** `--mount` for each item. */
export const mounts =
  (fields: (item: Tree) => readonly MountField[]): Rule =>
  (tree) =>
    itemsIn(tree).flatMap((item) => {
      const value = wordIn(item) ?? mountWord(fields(item));
      return value ? optionOf("mount", value) : [];
    });

/** The options of a volume's driver: one of them can make the volume a folder of the host. */
export function driverOptions(options: Tree | undefined): readonly MountField[] {
  if (options?.kind !== "map") return [["volume-opt", wordIn(options)]];
  return options.members.map(({ key, value }) => [`volume-opt=${key}`, wordIn(value)]);
}

/** Networks by name. */
export const networks: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const word = wordIn(item) ?? wordAtKey(item, "name");
    return word ? optionOf("network", word) : [];
  });

/** `test` of a health check: a command, or `NONE`. */
export const health: Rule = (tree) =>
  itemsIn(tree).flatMap((item) => {
    const [first] = wordsIn(item.kind === "text" ? item : memberOf(item, "test"));
    if (!first) return [];
    return first.text === "NONE"
      ? [joined("--no-healthcheck", keyWord("", first.at))]
      : optionOf("health-cmd", first);
  });

/** `type=bind,source=/a,target=/b`, from the fields that are given. */
export function mountWord(fields: readonly MountField[]): Word | undefined {
  const given = fields.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  if (given.length === 0) return undefined;
  return joined(...given.flatMap(([name, value], index) => [index === 0 ? `${name}=` : `,${name}=`, value]));
}

/** The rules for keys that are one flag of docker run, by the table of facts; sizes have a unit of the tool's own. */
export function keyedRules(source: "ansible" | "terraform", size: (name: string) => Rule = as): Rules {
  return Object.fromEntries(
    keyedIn(source).map(({ field, key, row: { kind } }) => {
      const name = flagNameOf(field) ?? key;
      const rule = kind === "switch" ? flag : kind === "bytes" ? size : as;
      return [key, rule(name)];
    }),
  );
}

/** The words of all members that a rule is known for. */
export function wordsOf(tree: Tree, rules: Rules): readonly Word[] {
  if (tree.kind !== "map") return [];
  return tree.members.flatMap(({ key, value }) =>
    Object.hasOwn(rules, key) ? (rules[key]?.(value) ?? []) : [],
  );
}

/** The words of a text, as a shell splits them, or of a list. */
export function commandIn(tree: Tree | undefined): readonly Word[] {
  const word = wordIn(tree);
  if (!word || word.holes.length > 0) return wordsIn(tree);
  return splitWords({ text: word.text, start: word.at.start }).map(wordAt);
}

/** The members that no rule reads and that may say anything of what a container may do. */
export function unknownKeys(
  tree: Tree,
  rules: Rules,
  irrelevant: ReadonlySet<string>,
): readonly UnknownKey[] {
  if (tree.kind !== "map") return [];
  return tree.members
    .filter(({ key }) => !Object.hasOwn(rules, key) && !irrelevant.has(key))
    .map(({ key, at }) => ({ key: key.replaceAll(hole, "…"), at }));
}
