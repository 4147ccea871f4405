import type { Files, Reading } from "../../model/reading.ts";
import { dockerRun } from "../run-command/dialect.ts";
import type { ShellText } from "../run-command/hosts/host.ts";
import { fillTemplates } from "../run-command/hosts/templates.ts";
import { cutPiece, passage, written } from "../run-command/passage.ts";
import type { Word } from "../run-command/word.ts";
import { readOptions } from "../run-options/read.ts";
import { type Described, openWord, type Placed, splitWords, wordAt } from "../run-options/words.ts";

/** Reads the containers of a Jenkinsfile. */
export function readJenkins(text: string, file: string, io: Files): Reading {
  return readOptions(text, file, io, {
    describe: (given) => ({ found: describeJenkins(given), gaps: [], hosted: shellSteps(given) }),
    dialect: { ...dockerRun, source: "jenkins" },
    job: { why: "the pipeline removes it after the step", isOfCi: true },
  });
}

const string = `(?:'''([\\s\\S]*?)'''|"""([\\s\\S]*?)"""|'((?:\\\\.|[^'\\\\\\n])*)'|"((?:\\\\.|[^"\\\\\\n])*)")`;

/**
 * The containers of a Jenkinsfile: `agent { docker { image '…' args '…' } }`, and `docker.image('…').inside('…')`,
 * `.withRun('…')` and `.run('…')` (https://www.jenkins.io/doc/book/pipeline/docker/). What Groovy computes is left open.
 */
function describeJenkins(text: string): readonly Described[] {
  return [...declared(text), ...scripted(text)].toSorted((a, b) => a.at.start - b.at.start);
}

/**
 * The scripts of `sh` steps (https://www.jenkins.io/doc/pipeline/steps/workflow-durable-task-step/#sh-shell-script). What Groovy puts
 * into a text in double quotes is open.
 */
function shellSteps(
  text: string,
): { readonly texts: readonly ShellText[]; readonly commands: [] } | undefined {
  const step = new RegExp(`(?:^|[\\s;{(])sh\\s*\\(?\\s*(?:script\\s*:\\s*)?${string}`, "g");
  const texts = [...text.matchAll(step)].map((match) => {
    const { text: script, start } = stringIn(match, match.index);
    const isGroovy = (match[2] ?? match[4]) !== undefined;
    const pieces = [written(script, start)];
    if (!isGroovy) return { source: passage(pieces) };
    const filled = fillTemplates(pieces, /(?<!\\)\$(?:\{[^}]*\}|[A-Za-z_][\w.]*)/g, "groovy");
    // `\\$` is the shell's dollar.
    const source = passage(
      filled.pieces.flatMap((piece) =>
        [...piece.text.matchAll(/(?:[^\\]|\\(?![$"']))+/g)].map(({ index, 0: text }) =>
          cutPiece(piece, index, index + text.length),
        ),
      ),
    );
    return { source, variables: filled.variables };
  });
  return texts.length > 0 ? { texts, commands: [] } : undefined;
}

function declared(text: string): readonly Described[] {
  return [...text.matchAll(/\b(?:docker|dockerfile)\s*\{/g)].flatMap((match) => {
    const from = match.index + match[0].length;
    const end = closing(text, from);
    const body = text.slice(from, end);
    const image = argument(body, from, "image");
    const args = argument(body, from, "args");
    const isBuilt = match[0].startsWith("dockerfile");
    if (!image && !(isBuilt && args)) return [];
    const name = image
      ? wordAt(image)
      : openWord("the image that its Dockerfile makes is not known here", match.index);
    return [described(args, name, match.index, end + 1)];
  });
}

/** Where the block ends whose `{` is in front of `from`. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function argument(body: string, from: number, name: string): Placed | undefined {
  const match = new RegExp(`(?:^|[\\s;{])${name}\\s*[(:]?\\s*${string}`).exec(body);
  return match ? stringIn(match, from + match.index) : undefined;
}

/** The string that the match ends with. */
function stringIn(match: RegExpExecArray | RegExpMatchArray, start: number): Placed {
  const text = match.slice(-4).find((group) => group !== undefined) ?? "";
  return { text, start: start + match[0].lastIndexOf(text) };
}

function scripted(text: string): readonly Described[] {
  const call = new RegExp(
    `docker\\.image\\(\\s*${string}\\s*\\)\\s*\\.(?:inside|withRun|run)\\b\\s*\\(?`,
    "g",
  );
  return [...text.matchAll(call)].map((match) => {
    const image = match.slice(1, 5).find((group) => group !== undefined) ?? "";
    const from = match.index + match[0].length;
    const args = new RegExp(`^\\s*${string}`).exec(text.slice(from));
    const placedArgs = args ? stringIn(args, from) : undefined;
    const place = { text: image, start: match.index + match[0].indexOf(image) };
    return described(placedArgs, wordAt(place), match.index, from);
  });
}

function described(args: Placed | undefined, image: Word, start: number, end: number): Described {
  return { words: [...(args ? splitWords(args).map(wordAt) : []), image], at: { start, end } };
}
