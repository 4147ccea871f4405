import { failed, ok, type Result } from "../../base/result.ts";
import type { NameValue } from "../../model/container-values.ts";
import {
  type Credential,
  credentialsInArguments,
  credentialsInLines,
  credentialsInScript,
  credentialsInValue,
  type WrittenCredential,
} from "../../model/credentials/find.ts";
import { type FactList, type SetFact, set } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { type Image, image } from "../../model/image.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import { type FactsReadBy, type ImageSight, unseenIn } from "../../model/sight.ts";
import type { ImageSubject } from "../../model/subject.ts";
import { locator, type Span } from "../values/positions.ts";
import {
  ancestryOf,
  assignedOf,
  baseOf,
  commandFacts,
  exposedOf,
  healthcheckOf,
  layersOf,
  placeOf,
  startOf,
  syntaxOf,
  userOf,
  workingDirectoriesOf,
} from "./read/facts.ts";
import { type Instruction, type Instructions, readInstructions } from "./read/instructions.ts";
import { referencesOf } from "./read/references.ts";
import { type Build, readStages, type Stage } from "./read/stages.ts";
import { assignmentsOf, execForm } from "./read/words.ts";

/** What a Dockerfile tells of the image that it builds. */
export const dockerfileSight = {
  user: "read",
  base: "read",
  baseUser: { unseen: "only the base image says which user it sets" },
  healthcheck: "read",
  references: "read",
  environment: "read",
  buildArguments: "read",
  sudoCommands: "read",
  setuidCommands: "read",
  exposedPorts: "read",
  history: "read",
  builderLayers: "read",
  entrypoint: "read",
  command: "read",
  workingDirectories: "read",
  contextSecrets: { unseen: "the build context was not looked into" },
  credentials: "read",
} as const satisfies ImageSight;

const unseenFacts = unseenIn<Image>(dockerfileSight);

export interface DockerfileOptions {
  /** The stage to build (`--target`): a name, or a number from 0. */
  readonly target?: string;
  /** Build arguments (`--build-arg`). */
  readonly args?: readonly NameValue[];
  /** Whether the text will be written. Then the parsed instructions are kept. */
  readonly forWriting?: boolean;
}

/** More lines that docker build refuses than this are only counted. */
const mostGaps = 20;

/**
 * Reads a Dockerfile into the image that it builds: the last stage, or `target`, with what it inherits from the
 * stages below it. Never throws; what docker build would refuse is a gap, and the rest is read all the same.
 * Source: https://docs.docker.com/reference/dockerfile/
 */
export function readDockerfile(
  text: string,
  file: string,
  options: DockerfileOptions = {},
): DockerfileReading {
  const refuse = (reason: string): Reading => ({ subjects: [], gaps: [gap(reason, { file })], secrets: [] });
  if (text.includes("\0")) return refuse("the file is binary, not a Dockerfile");
  const locate = locator(file, text);
  const instructions = readInstructions(text);
  const build = readStages(instructions, options.args);
  const { stages, assigned, problems, tooMany } = build;
  if (tooMany) return refuse("there is too much in the file for a Dockerfile");
  const gaps = problems.slice(0, mostGaps).map(({ reason, span }) => gap(reason, { location: locate(span) }));
  if (problems.length > mostGaps) gaps.push(gap(`${problems.length - mostGaps} more such lines`, { file }));
  const assignedSecrets = assigned.flatMap(({ value }) => (value?.text ? [locate(placeOf(value))] : []));
  const secrets = [...assignedSecrets];
  const stage = builtStage(stages, options);
  if (!stage) {
    const noStage: readonly Gap[] = [gap("this is not a Dockerfile: FROM is missing", { file })];
    const noTarget: readonly Gap[] = [...gaps, gap("it has no stage of this name", { file })];
    return { subjects: [], gaps: stages.length > 0 ? noTarget : noStage, secrets };
  }
  const built = stages.slice(0, stage.index + 1);
  const ancestry = ancestryOf(stage);
  const next = stages[stage.index + 1]?.from.span.start ?? text.length;
  const inBuild = assigned.filter(({ whole }) => placeOf(whole).start < next);
  const facts: FactsReadBy<typeof dockerfileSight, Image> = {
    user: userOf(ancestry, locate),
    base: baseOf(ancestry, locate),
    healthcheck: healthcheckOf(ancestry, locate),
    history: [...syntaxOf(text, locate), ...layersOf(built, text, locate)],
    builderLayers: layersOf(
      built.filter((each) => !ancestry.includes(each)),
      text,
      locate,
    ),
    credentials: credentialsOf(built, text, instructions.escapeToken, locate),
    exposedPorts: exposedOf(ancestry, locate),
    entrypoint: startOf(ancestry, "ENTRYPOINT", locate),
    command: startOf(ancestry, "CMD", locate),
    workingDirectories: workingDirectoriesOf(ancestry, locate),
    references: referencesOf(built, (joined) => locate(placeOf(joined))),
    environment: assignedOf(inBuild, "ENV", locate),
    buildArguments: assignedOf(inBuild, "ARG", locate),
    ...commandFacts(built, ancestry, text, locate),
  };
  const view = image("declared", { ...unseenFacts, ...facts });
  const name = stage.name ?? file;
  const id = `${file}#${name}`;
  const end = stage.steps.findLast((step) => !step.inherited)?.instruction.span.end ?? stage.from.span.end;
  const subject: ImageSubject = {
    kind: "image",
    id,
    name,
    stableId: id,
    source: "dockerfile",
    location: locate({ start: stage.from.span.start, end }),
    views: [view],
  };
  const reading: DockerfileReading = { subjects: [subject], gaps, secrets };
  return options.forWriting && !options.args ? { ...reading, parts: { text, instructions, build } } : reading;
}

/** What was read, with the parsed parts for a writer. */
export interface DockerfileReading extends Reading {
  /** Left out where it is not to be written, or was read with build arguments. */
  readonly parts?: Parts;
}

/** A Dockerfile's text, taken apart. */
export interface Parts {
  readonly text: string;
  readonly instructions: Instructions;
  readonly build: Build;
}

/** Reads only the user and the base of the image. */
export function readUserAndBase(
  text: string,
  file: string,
  options: DockerfileOptions,
): Pick<Image, "user" | "base"> | undefined {
  if (text.includes("\0")) return undefined;
  const { stages, tooMany } = readStages(readInstructions(text), options.args);
  const stage = tooMany ? undefined : builtStage(stages, options);
  if (!stage) return undefined;
  const locate = locator(file, text);
  const ancestry = ancestryOf(stage);
  return { user: userOf(ancestry, locate), base: baseOf(ancestry, locate) };
}

/** Reads only the images that its stages start from or copy from; the reason where docker build would refuse it. */
export function readReferences(text: string, args: readonly NameValue[]): Result<FactList<string>> {
  if (text.includes("\0")) return failed("the file is binary, not a Dockerfile");
  const { stages, problems, tooMany } = readStages(readInstructions(text), args);
  if (tooMany) return failed("there is too much in the file for a Dockerfile");
  if (problems[0]) return failed(problems[0].reason);
  if (stages.length === 0) return failed("it has no stage");
  const locate = locator("Dockerfile", text);
  return ok(referencesOf(stages, (joined) => locate(placeOf(joined))));
}

function builtStage(stages: readonly Stage[], { target }: DockerfileOptions): Stage | undefined {
  return target === undefined ? stages.at(-1) : stageNamed(stages, target);
}

function stageNamed(stages: readonly Stage[], target: string): Stage | undefined {
  const wanted = target.toLowerCase();
  const named = stages.findLast((stage) => stage.name?.toLowerCase() === wanted);
  return named ?? (/^\d{1,6}$/.test(target) ? stages[Number(target)] : undefined);
}

/** Facts of their own, and instructions without a text that could hold a credential. */
const apart = new Set(["ENV", "ARG", "FROM", "EXPOSE", "STOPSIGNAL", "USER", "WORKDIR", "VOLUME"]);

/** The credentials that instructions have written out: RUN with its here-documents, LABEL, CMD, HEALTHCHECK, ADD of a URL. */
export function credentialsOf(
  stages: readonly Stage[],
  text: string,
  escapeToken: string,
  locate: (span: Span) => FileOrigin,
): FactList<WrittenCredential> {
  return stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction, inherited }) => {
      const { keyword, span } = instruction.trigger ?? instruction;
      const isLeft = keyword === "ENV" && instruction.trigger !== undefined;
      if (inherited || (apart.has(keyword) && !isLeft)) return [];
      return foundIn(instruction.trigger ?? instruction, text, escapeToken).map(
        ({ where, ...each }): SetFact<WrittenCredential> => {
          const from = text.slice(span.start, span.end).indexOf(each.value);
          const at =
            from < 0 ? span : { start: span.start + from, end: span.start + from + each.value.length };
          return set({ ...each, where }, locate(at));
        },
      );
    }),
  );
}

function foundIn(
  { keyword, rest, heredocs }: Instruction,
  text: string,
  escapeToken: string,
): readonly WrittenCredential[] {
  const inBodies = heredocs.flatMap(({ body }) => {
    const content = text.slice(body.start, body.end);
    // RUN <<EOF is a script; what COPY <<EOF and `cat <<EOF` write is a file.
    const isScript = keyword === "RUN" && /^\s*<</.test(rest.text);
    return isScript ? credentialsInScript(content) : credentialsInLines(content);
  });
  // An ENV of the image itself is among its variables; one behind ONBUILD is in the image that is built from it.
  if (keyword === "LABEL" || keyword === "ENV") {
    return assignmentsOf("ENV", rest, escapeToken).flatMap(({ name, value }) =>
      at(`${keyword} ${name}`, credentialsInValue(name, unquoted(value?.text ?? ""))),
    );
  }
  const words = execForm(
    keyword === "HEALTHCHECK" ? { ...rest, text: rest.text.replace(/^CMD\s+/i, "") } : rest,
  );
  const line = keyword === "HEALTHCHECK" ? rest.text.replace(/^CMD\s+/i, "") : rest.text;
  const end = heredocs.at(-1)?.body.end ?? 0;
  const from = heredocs[0]?.body.start ?? 0;
  // With its here-documents, so that a program is seen to read them; the last line is the delimiter.
  const script =
    heredocs.length === 0 ? line : `${line}\n${text.slice(from, end)}${heredocs.at(-1)?.name ?? ""}`;
  const inLine = words ? credentialsInArguments(words.map((word) => word.text)) : credentialsInScript(script);
  return at(keyword, [...inLine, ...inBodies]);
}

function at(where: string, found: readonly Credential[]): readonly WrittenCredential[] {
  return found.map((each) => ({ ...each, where }));
}

function unquoted(text: string): string {
  return text.replace(/^(["'])([\s\S]*)\1$/, "$2");
}
