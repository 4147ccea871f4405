import { readCompose } from "../../../src/formats/compose/read.ts";
import type { Container } from "../../../src/model/container.ts";
import type { Fact, FactList } from "../../../src/model/fact.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../../../src/model/origin.ts";
import type { Reading } from "../../../src/model/reading.ts";
import { memoryFiles } from "../memory-files.ts";

type Texts = Readonly<Record<string, string>>;

export interface ComposeProject {
  readonly reading: Reading;
  service(name: string): Container;
  /** The texts where a fact, or each item of a list, stands: `file:text`, or `text` in the first file. */
  written(fact: Fact<unknown> | FactList<unknown>): readonly string[];
  /** The text at a place. */
  at(origin: FileOrigin): string;
  readonly reasons: readonly string[];
}

/** Reads files that live in a table; the first is the Compose file unless `files` names others. */
export function composeProject(
  texts: Texts | string,
  options: {
    readonly files?: readonly string[];
    readonly environment?: Texts;
    readonly profiles?: readonly string[];
    readonly envFiles?: readonly string[];
    readonly projectDirectory?: string;
  } = {},
): ComposeProject {
  const table = typeof texts === "string" ? { "compose.yaml": texts } : texts;
  const { environment = {}, files = Object.keys(table).slice(0, 1), ...rest } = options;
  const reading = readCompose({ files, io: memoryFiles(table, environment), ...rest });
  const at = (origin: FileOrigin) => slice(table[origin.file] ?? "", origin);
  const spell = (origin: Origin) => {
    if (!isFileOrigin(origin)) return "";
    return origin.file === files[0] ? at(origin) : `${origin.file}:${at(origin)}`;
  };
  return {
    reading,
    at,
    reasons: reading.gaps.map((gap) => gap.reason),
    service(name) {
      const subject = reading.subjects.find((each) => each.name === name);
      const view = subject?.kind === "container" ? subject.views[0] : undefined;
      if (!view) throw new Error(`no service ${name}`);
      return view;
    },
    written(fact) {
      const facts = "state" in fact ? [fact] : fact;
      return facts.flatMap((each) => (each.state === "unset" ? [] : each.origins.map(spell)));
    },
  };
}

function slice(text: string, { startLine, startColumn, endLine, endColumn }: FileOrigin): string {
  const lines = text.split("\n");
  const offset = (line: number, column: number) =>
    lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  return text.slice(offset(startLine, startColumn), offset(endLine, endColumn));
}
