import {
  type Credential,
  credentialsInArguments,
  credentialsInScript,
  credentialsInValue,
} from "../../../model/credentials/find.ts";
import { set } from "../../../model/fact.ts";
import { hole, placesOf, type Word } from "../word.ts";
import type { Arguments } from "./arguments.ts";
import { runName } from "./flags.ts";
import { addItem, type LineFacts, originOf } from "./line-facts.ts";

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
export function readCredentials(lineFacts: LineFacts, { before, rest }: Arguments, isUpdate: boolean): void {
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
