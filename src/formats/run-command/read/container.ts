import { type Container, container as emptyContainer } from "../../../model/container.ts";
import {
  type Credential,
  credentialsInArguments,
  credentialsInScript,
  credentialsInValue,
} from "../../../model/credentials/find.ts";
import { type Fact, type FactList, set, unresolved, unset } from "../../../model/fact.ts";
import { namedLists } from "../../../model/facts/table.ts";
import { type Gap, gap } from "../../../model/gap.ts";
import { type FileOrigin, isFileOrigin } from "../../../model/origin.ts";
import { cgroupsMountedBy } from "../../values/security-options.ts";
import { type Dialect, dockerRun } from "../dialect.ts";
import type { Piece } from "../passage.ts";
import { hole, placesOf, reasonOf, sourceOf, textOf, type Word } from "../word.ts";
import { applyBoolean, applyValue, securityFacts } from "./apply.ts";
import { type Argument, type Arguments, splitArguments } from "./arguments.ts";
import { runName } from "./flags.ts";
import {
  addItem,
  addValue,
  finish,
  type LineFacts,
  newLineFacts,
  notKnown,
  originOf,
  refuse,
  type Surroundings,
} from "./line-facts.ts";
import { parseBoolean } from "./scalars.ts";

/** The flags of one line, read. */
export interface ReadContainer {
  readonly container: Container;
  /** `--name`, where it is known. */
  readonly name: string | undefined;
  /** The image as written, for naming. */
  readonly image: string | undefined;
  /** Whether `--help` stands there: Docker prints its usage and runs nothing. */
  readonly help: boolean;
  readonly gaps: readonly Gap[];
  readonly secrets: readonly FileOrigin[];
}

/**
 * Reads the words behind `run` or `create`. `passed` gives the variables that the docker CLI finds in its environment,
 * as far as they are known.
 */
export function readContainer(
  words: readonly Word[],
  around: Surroundings,
  passed: (name: string) => Word | undefined = () => undefined,
  dialect: Dialect = dockerRun,
): ReadContainer {
  const split = splitArguments(words, dialect.table);
  const lineFacts = newLineFacts(around, dialect.silent);
  let name: string | undefined;
  let help = false;
  let healthFlag: Word | undefined;
  for (const argument of split.before) {
    if (argument.kind !== "flag") {
      reportOdd(lineFacts, argument, dialect);
      continue;
    }
    const { flag, value, spelled } = argument;
    if (flag.name === "help") help = true;
    else if (flag.name === "name") name = (value && textOf(value)) || undefined;
    else if (flag.name.startsWith("health-")) healthFlag = spelled;
    if (flag.takes === "boolean") applyBoolean(lineFacts, flag, value, spelled);
    else if (value) applyValue(lineFacts, flag, value, passed);
  }
  const { healthcheck } = lineFacts.scalars;
  if (healthFlag && healthcheck.state === "set" && healthcheck.value === "none") {
    refuse(lineFacts, "--no-healthcheck stands beside --health-… flags", healthFlag);
  }
  const isUpdate = dialect.operand === "service";
  const [operand] = split.rest;
  const imageWord = isUpdate ? lastValue(split, "image") : operand;
  const image = isUpdate && !imageWord ? lineFacts.scalars.image : readImage(lineFacts, split, imageWord);
  readCredentials(lineFacts, split, isUpdate);
  lastOfEachName(lineFacts);
  const given = split.rest.slice(1, mostCommandWords + 1);
  for (const word of given) addCommandWord(lineFacts, word);
  const beyond = split.rest[mostCommandWords + 1];
  if (beyond)
    addItem(
      lineFacts,
      "command",
      unresolved("the command has more words than are read", originOf(lineFacts, beyond)),
    );
  const security = dialect.hasSecurityOptions ? securityFacts(lineFacts) : {};
  const fileSystems = dialect.hasSecurityOptions ? cgroupsMountedBy(lineFacts.securityOptions) : [];
  const read = finish(lineFacts, { ...security, image, fileSystems });
  const whole = leftOpen(lineFacts, split.before, read);
  const job = dialect.job ?? (isJob(split, whole) ? runOnce : undefined);
  const container = job === undefined ? whole : { ...whole, job };
  return {
    container,
    name: isUpdate ? (operand && textOf(operand)) || undefined : name,
    image: imageWord && sourceOf(imageWord),
    help,
    gaps: lineFacts.gaps,
    secrets: lineFacts.secrets,
  };
}

/** Options that matter stand near the front. */
const mostCommandWords = 200;

const runOnce = { why: "with --rm it runs once and is removed", isOfCi: false } as const;

/** `--rm` in the foreground, and without a port: it ends with its command. */
function isJob(split: Arguments, { ports, publishAllPorts }: Container): boolean {
  return (
    isOn(split, "rm") === true &&
    isOn(split, "detach") === false &&
    ports.length === 0 &&
    publishAllPorts.state === "unset"
  );
}

/** Undefined if its value is not known. */
function isOn({ before }: Arguments, name: string): boolean | undefined {
  const found = before.findLast((argument) => argument.kind === "flag" && argument.flag.name === name);
  if (found?.kind !== "flag") return false;
  if (found.value === undefined) return true;
  const value = textOf(found.value);
  return value === undefined ? undefined : parseBoolean(value);
}

/** The value of the last flag of the name. */
function lastValue({ before }: Arguments, name: string): Word | undefined {
  const found = before.findLast((argument) => argument.kind === "flag" && argument.flag.name === name);
  return found?.kind === "flag" ? found.value : undefined;
}

function readImage(lineFacts: LineFacts, split: Arguments, word: Word | undefined): Fact<string> {
  if (!word) {
    const open = split.before.find((argument) => argument.kind === "unresolved");
    return open ? unresolved(reasonOf(open.spelled), originOf(lineFacts, open.spelled)) : unset;
  }
  const text = textOf(word);
  if (text === undefined) return unresolved(reasonOf(word), originOf(lineFacts, word));
  if (!/^[a-zA-Z\d][^\s]*$/.test(text)) return refuse(lineFacts, `“${text}” is not an image`, word);
  const fact = set(text, originOf(lineFacts, word));
  // A default of the tag alone leaves the repository as it is.
  const repository = /^.*?(?=(?::[^/]*)?$)/.exec(text)?.[0].length ?? 0;
  let offset = 0;
  for (const piece of word.pieces) {
    if (offset < repository && isDefault(piece)) return { ...fact, isCallers: true };
    offset += piece.text.length;
  }
  return fact;
}

/** Whether it is the word behind `:-`: a default, which the expansion gives where the variable is not set. */
function isDefault({ at, written }: Piece): boolean {
  return written !== undefined && written.start >= at.start && written.end <= at.end;
}

function reportOdd(
  lineFacts: LineFacts,
  argument: Exclude<Argument, { kind: "flag" }>,
  dialect: Dialect,
): void {
  if (argument.kind === "unresolved") return;
  const reason =
    argument.kind === "unknown-flag"
      ? `${dialect.command} knows no flag ${argument.name} and refuses the line; the rest was judged`
      : `--${argument.flag.name} lacks its value`;
  lineFacts.gaps.push(gap(reason, { location: originOf(lineFacts, argument.spelled) }));
}

/** Where a name is given twice the last one holds, as in the maps that Docker makes of them. */
function lastOfEachName(lineFacts: LineFacts): void {
  for (const field of namedLists) {
    const list = filesFirst<{ readonly name: string }>(lineFacts, lineFacts.lists[field]);
    const last = new Map(list.map((item, index) => [item.state === "set" ? item.value.name : "", index]));
    const kept = list.filter((item, index) => item.state !== "set" || last.get(item.value.name) === index);
    Reflect.set(lineFacts.lists, field, kept);
  }
}

/** Values of --env-file and --label-file come first, in any position (docker/cli: opts/parse.go). */
function filesFirst<T>(lineFacts: LineFacts, list: FactList<T>): FactList<T> {
  const here = (item: FactList<T>[number]) =>
    item.origins.some((origin) => isFileOrigin(origin) && origin.file === lineFacts.around.file);
  return [...list.filter((item) => !here(item)), ...list.filter(here)];
}

/** Scalars that no flag sets. */
const unaffected = new Set<string>(["image", "build", "imageUser", "command"]);

/**
 * Where a word may hold any flags, or a flag is not known, every list may be longer and every scalar that nothing sets may be
 * set.
 */
function leftOpen(lineFacts: LineFacts, before: readonly Argument[], read: Container): Container {
  const open = before.find(({ kind }) => kind === "unresolved" || kind === "unknown-flag");
  if (!open) return read;
  const reason = open.kind === "unknown-flag" ? `the flag ${open.name} is not known` : reasonOf(open.spelled);
  const fact = unresolved(reason, originOf(lineFacts, open.spelled));
  const changed: Record<string, unknown> = { ...read };
  for (const [field, empty] of Object.entries(emptyContainer("declared"))) {
    if (unaffected.has(field) || field === "processes") continue;
    if (Array.isArray(empty)) changed[field] = [...(changed[field] as FactList<unknown>), fact];
    else if (isUnset(changed[field])) changed[field] = fact;
  }
  return { ...read, ...changed };
}

function isUnset(fact: unknown): boolean {
  return typeof fact === "object" && fact !== null && "state" in fact && fact.state === "unset";
}

function addCommandWord(lineFacts: LineFacts, word: Word): void {
  const text = textOf(word);
  if (text === undefined) addItem(lineFacts, "command", notKnown(lineFacts, word));
  else addValue(lineFacts, "command", text, word);
}

/** Flags whose value is NAME=VALUE of somebody's own. */
const pairs = new Set([
  "label",
  "annotation",
  "log-opt",
  "sysctl",
  "storage-opt",
  "build-arg",
  "container-label",
]);

/** Read as facts of their own. */
const apart = new Set(["env", "env-file", "label-file"]);

/** The credentials that a line has written out elsewhere than behind `-e`: in the command, labels, options, a health check. */
function readCredentials(lineFacts: LineFacts, { before, rest }: Arguments, isUpdate: boolean): void {
  for (const argument of before) {
    if (argument.kind !== "flag" || !argument.value) continue;
    const { flag, value } = argument;
    const name = runName(flag);
    if (apart.has(name)) continue;
    const text = known(value);
    const equals = text.indexOf("=");
    if (pairs.has(name) && equals > 0) {
      const key = text.slice(0, equals);
      note(
        lineFacts,
        [value],
        credentialsInValue(key, text.slice(equals + 1)),
        `${nouns[name] ?? `--${name}`} ${key}`,
      );
    } else if (name === "health-cmd") {
      note(lineFacts, [value], credentialsInScript(text), "its health check");
    } else if (name === "entrypoint") {
      note(lineFacts, [value], credentialsInScript(text), "its entrypoint");
    } else {
      note(lineFacts, [value], credentialsInValue("", text), `--${name}`);
    }
  }
  const command = isUpdate ? rest : rest.slice(1);
  const words = command.map(known);
  const scripts = words.filter((word) => /\s/.test(word));
  const found = [
    ...credentialsInArguments([...entrypointOf(before), ...words]),
    ...scripts.flatMap(credentialsInScript),
  ];
  const once = [...new Map(found.map((each) => [each.value, each])).values()];
  note(lineFacts, command, once, "its command");
}

/** The program that the words behind the image are arguments of, where the line names it. */
function entrypointOf(before: Arguments["before"]): readonly string[] {
  return before
    .flatMap((argument) =>
      argument.kind === "flag" && argument.value && runName(argument.flag) === "entrypoint"
        ? [known(argument.value)]
        : [],
    )
    .slice(-1);
}

const nouns: Readonly<Record<string, string>> = {
  label: "the label",
  annotation: "the annotation",
  "log-opt": "the log option",
  "build-arg": "the build argument",
};

/** The text of a word; what is not known of it is a variable. */
function known({ text }: Word): string {
  return text.replaceAll(hole, "${_}");
}

function note(
  lineFacts: LineFacts,
  words: readonly Word[],
  found: readonly Credential[],
  where: string,
): void {
  for (const each of found) {
    const word = words.find((one) => known(one).includes(each.value)) ?? words[0];
    if (!word) continue;
    addItem(lineFacts, "credentials", set({ ...each, where }, originOf(lineFacts, word)));
    for (const range of placesOf(word)) {
      if (range.end > range.start) lineFacts.secrets.push(lineFacts.around.locate(range));
    }
  }
}
