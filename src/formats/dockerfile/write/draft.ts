import { failed, ok, type Result } from "../../../base/result.ts";
import { type Image, image } from "../../../model/image.ts";
import type { ImagePatch } from "../../../model/patch.ts";
import { locator, type Span } from "../../values/positions.ts";
import { ancestryOf, healthcheckOf, placeOf, userOf } from "../read/facts.ts";
import { type Earlier, type Instruction, type Instructions, readInstructions } from "../read/instructions.ts";
import type { Joined } from "../read/joined.ts";
import { referencesOf } from "../read/references.ts";
import { readStages, type Stage } from "../read/stages.ts";
import type { Parts } from "../read.ts";

/** A Dockerfile as far as a patch can change it. */
export interface DockerfileDraft {
  readonly text: string;
  readonly instructions: Instructions;
  /** The stage that is built: the last. */
  readonly stage: Stage;
  /** Its user, health check and references. */
  readonly image: Image;
  /** Where each of the references stands, in their order. */
  readonly references: readonly Joined[];
  /** How many things docker build would refuse in it. */
  readonly problems: number;
}

/** Fails on what is no Dockerfile. `parts` are those of this text, `earlier` is what it was before an edit. */
export function draftOf(text: string, parts?: Parts, earlier?: Earlier): Result<DockerfileDraft> {
  if (text.includes("\0")) return failed("the file is binary, not a Dockerfile");
  const read = parts?.instructions ?? readInstructions(text, earlier);
  const { stages, problems, tooMany } = parts?.build ?? readStages(read);
  const stage = stages.at(-1);
  if (tooMany) return failed("there is too much in the file for a Dockerfile");
  if (!stage) return failed("this is not a Dockerfile: FROM is missing");
  const locate = locator("", text);
  const ancestry = ancestryOf(stage);
  const references: Joined[] = [];
  const view = image("declared", {
    user: userOf(ancestry, locate),
    healthcheck: healthcheckOf(ancestry, locate),
    references: referencesOf(stages, (joined) => {
      references.push(joined);
      return locate(placeOf(joined));
    }),
  });
  return ok({
    text,
    instructions: read,
    stage,
    image: view,
    references,
    problems: problems.length,
  });
}

/** What stands in the span becomes `text`. */
export interface SpanEdit extends Span {
  readonly text: string;
}

export interface RefusedPatch {
  readonly patch: ImagePatch;
  /** A clause that can follow a colon. */
  readonly reason: string;
}

/** What the patches of one field come to. */
export interface FieldWriting {
  readonly edits: readonly SpanEdit[];
  /** The patches that the edits make. */
  readonly made: readonly ImagePatch[];
  readonly refused: readonly RefusedPatch[];
  /** How many instructions the edits add. */
  readonly added: number;
}

/** What starts the container: a person puts USER in front of it. */
const starters = new Set(["CMD", "ENTRYPOINT", "HEALTHCHECK"]);

/** What may stand among them: the user is nothing to it. */
const indifferent = new Set(["EXPOSE", "LABEL", "STOPSIGNAL", "VOLUME", "ENV", "ARG", "SHELL", "MAINTAINER"]);

/** The stage's own instructions, FROM first. */
export function ownInstructions({ stage }: DockerfileDraft): readonly Instruction[] {
  return [
    stage.from,
    ...stage.steps.flatMap(({ instruction, inherited }) => (inherited ? [] : [instruction])),
  ];
}

/**
 * Adds an instruction behind everything that the stage builds: in front of the CMD, ENTRYPOINT and HEALTHCHECK that it
 * ends with and of the comment that belongs to them, else at its end. Indentation, case and line ends are those of the
 * instruction that it stands beside.
 */
export function insertion(draft: DockerfileDraft, keyword: string, argument: string): SpanEdit {
  const { text } = draft;
  const own = ownInstructions(draft);
  const index = tailOf(own);
  const behind = own[index];
  const before = own[index - 1] ?? draft.stage.from;
  const beside = behind ?? before;
  const isLower = /^[a-z]+$/.test(text.slice(beside.keywordSpan.start, beside.keywordSpan.end));
  const line = `${indentOf(text, beside)}${isLower ? keyword.toLowerCase() : keyword} ${argument}`;
  const feed = text.indexOf("\n", before.span.end);
  const end = lineEnding(text);
  if (behind) {
    const at = commentAbove(text, startOfLine(text, behind.span.start), feed + 1);
    return { start: at, end: at, text: line + end };
  }
  if (feed === -1) return { start: text.length, end: text.length, text: end + line };
  return { start: feed + 1, end: feed + 1, text: line + end };
}

/** The first of the instructions that start the container, where nothing but such stands behind it. */
function tailOf(own: readonly Instruction[]): number {
  let first = own.length;
  for (let index = own.length - 1; index > 0; index -= 1) {
    const keyword = own[index]?.keyword ?? "";
    if (starters.has(keyword)) first = index;
    else if (!indifferent.has(keyword)) break;
  }
  return first;
}

/** Where the comment begins that stands right above a line, but not above `lowest`. */
function commentAbove(text: string, line: number, lowest: number): number {
  let at = line;
  while (at > lowest) {
    const above = startOfLine(text, at - 1);
    if (above < lowest || !/^[ \t]*#/.test(text.slice(above, at))) break;
    at = above;
  }
  return at;
}

function startOfLine(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

function indentOf(text: string, { span }: Instruction): string {
  const start = startOfLine(text, span.start);
  return /^[ \t]*/.exec(text.slice(start, span.start))?.[0] ?? "";
}

function lineEnding(text: string): string {
  const feed = text.indexOf("\n");
  return feed > 0 && text[feed - 1] === "\r" ? "\r\n" : "\n";
}
