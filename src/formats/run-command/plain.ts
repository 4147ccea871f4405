import { failed, ok, type Result } from "../../base/result.ts";
import { setItems } from "../../model/fact.ts";
import { dockerRun } from "./dialect.ts";
import { splitArguments } from "./read/arguments.ts";
import { reasonOf, sourceOf, textOf, type Word } from "./word.ts";
import { begin, type RunCommandFile, type Seen, type Target } from "./write/job.ts";

/** A `docker run` with every value known, as the docker CLI takes it. */
export interface PlainCommand {
  /** Long names, with the value of each; undefined for a flag that is only there. */
  readonly flags: readonly (readonly [name: string, value: string | undefined])[];
  /** The image, and what it is to run. */
  readonly rest: readonly string[];
  readonly folder: string;
  /** Values of `--env NAME` that the script sets itself. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The commands of a file by their subjects' ids, in order. Fails for one of which not every value is known. */
export function plainCommands(file: RunCommandFile): readonly (readonly [string, Result<PlainCommand>])[] {
  const { before, targets } = begin(file);
  return before.containers.map((seen) => {
    const target = targets.get(seen.id);
    return [seen.id, target ? plain(target, seen) : failed("the command is not in the file any more")];
  });
}

function plain({ line, words, reader }: Target, { view }: Seen): Result<PlainCommand> {
  if (line.dialect.source !== dockerRun.source)
    return failed(`${line.dialect.command} makes a service, not a container`);
  const open = words.find((word) => textOf(word) === undefined || word.many);
  if (open) return failed(`it says ${sourceOf(open)}, and ${reasonOf(open)}`);
  const { before, rest } = splitArguments(words, dockerRun.table);
  const flags: (readonly [string, string | undefined])[] = [];
  for (const argument of before) {
    if (argument.kind !== "flag") {
      const reason = argument.kind === "no-value" ? "has no value" : "is not a flag of docker run";
      return failed(`${argument.spelled.text} ${reason}`);
    }
    flags.push([argument.flag.name, argument.value?.text]);
  }
  const names = setItems(view.environment).map(({ value }) => value.name);
  return ok({
    flags,
    rest: rest.map((word) => word.text),
    folder: reader.around.folder.absolute,
    environment: Object.fromEntries(names.flatMap((name) => setBy(name, reader.passed(name)))),
  });
}

function setBy(name: string, word: Word | undefined): [string, string][] {
  const text = word && textOf(word);
  return text === undefined ? [] : [[name, text]];
}
