import { type Command, commandsOf, commandsOfWords } from "./commands.ts";
import type { Instruction } from "./instructions.ts";
import { cut, type Joined, join, joinedOf, spanOf, trimmed } from "./joined.ts";
import type { Stage } from "./stages.ts";
import { execForm } from "./words.ts";
import { isShell } from "./wrappers.ts";

/** What a RUN, CMD, ENTRYPOINT or HEALTHCHECK runs. `onbuild` is what only the build of a child image runs. */
export interface Executed {
  readonly stage: Stage;
  readonly inherited: boolean;
  readonly onbuild: boolean;
  readonly commands: readonly Command[];
}

/** How much shell is parsed in one file, in characters: hundreds of times what people write. */
const budget = 500_000;

/**
 * The commands of every instruction whose text may be of interest (`wanted`), in order. Shell form counts only
 * where the stage's SHELL is a POSIX one: PowerShell and cmd are not read. `skipped` is the first instruction that was
 * not looked into, because there is too much of it.
 */
export function executedIn(
  stages: readonly Stage[],
  text: string,
  wanted: (text: string) => boolean,
): { readonly executed: readonly Executed[]; readonly skipped: Instruction | undefined } {
  const found: Executed[] = [];
  const shellAtEnd = new Map<Stage, boolean>();
  let left = budget;
  let skipped: Instruction | undefined;
  for (const stage of stages) {
    let posix = stage.base.from !== "stage" || (shellAtEnd.get(stage.base.stage) ?? true);
    for (const { instruction, inherited } of stage.steps) {
      const subject = instruction.trigger ?? instruction;
      if (instruction.keyword === "SHELL") posix = isPosixShell(instruction);
      const { start, end } = instruction.span;
      if (!wanted(subject.rest.text) && !(subject.heredocs.length > 0 && wanted(text.slice(start, end))))
        continue;
      left -= end - start;
      if (left < 0) {
        skipped ??= instruction;
        continue;
      }
      const commands = commandsIn(subject, text, posix);
      const onbuild = instruction.trigger !== undefined;
      if (commands.length > 0) found.push({ stage, inherited, onbuild, commands });
    }
    shellAtEnd.set(stage, posix);
  }
  return { executed: found, skipped };
}

function isPosixShell({ rest }: Instruction): boolean {
  const program = execForm(rest)?.[0]?.text ?? "";
  const name = program.slice(Math.max(program.lastIndexOf("/"), program.lastIndexOf("\\")) + 1);
  return isShell(name) || name === "busybox" || name === "env";
}

function commandsIn(instruction: Instruction, text: string, posix: boolean): readonly Command[] {
  const { keyword, rest, heredocs } = instruction;
  if (keyword === "HEALTHCHECK") {
    const check = /^cmd\s+/i.exec(rest.text)?.[0];
    return check === undefined ? [] : commandsOfForm(trimmed(cut(rest, check.length)), posix);
  }
  if (keyword === "CMD" || keyword === "ENTRYPOINT") return commandsOfForm(rest, posix);
  if (keyword !== "RUN") return [];
  const [first] = heredocs;
  if (!first) return commandsOfForm(rest, posix);
  if (!posix) return [];
  const bodies = heredocs.map(({ body }) => ({ text: text.slice(body.start, body.end), source: body.start }));
  // A heredoc and nothing else is the script itself, unless its shebang names another interpreter.
  if (first.word.text === rest.text) {
    const body = bodies[0] ?? { text: "", source: 0 };
    const interpreter = /^#![ \t]*(\S+)(?:[ \t]+(\S+))?/.exec(body.text);
    const program = [interpreter?.[1], interpreter?.[2]].map((part) =>
      part?.slice(part.lastIndexOf("/") + 1),
    );
    if (interpreter && !isShell(program[0] === "env" ? (program[1] ?? "") : (program[0] ?? ""))) return [];
    return commandsOf(joinedOf(body.text, body.source));
  }
  const parts = heredocs.flatMap(({ name }, index) => {
    const body = bodies[index] ?? { text: "", source: 0 };
    return [
      { text: "\n", source: body.source },
      body,
      { text: name, source: body.source + body.text.length },
    ];
  });
  const line = rest.pieces.map(({ at, source }, index) => ({
    text: rest.text.slice(at, rest.pieces[index + 1]?.at ?? rest.text.length),
    source,
  }));
  return commandsOf(join([...line, ...parts]));
}

function commandsOfForm(rest: Joined, posix: boolean): readonly Command[] {
  const items = execForm(rest);
  if (!items) return posix ? commandsOf(rest) : [];
  return commandsOfWords(
    items.map(({ text, at }) => ({
      text,
      literal: true,
      span: spanOf(at, 0, at.text.length),
      exact: at.text === text ? at : undefined,
    })),
  );
}
