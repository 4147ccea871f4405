import type { EnvironmentVariable, Healthcheck, NameValue } from "../../model/container-values.ts";
import { type Fact, type FactList, set, unresolved, unset } from "../../model/fact.ts";
import { gap } from "../../model/gap.ts";
import { image } from "../../model/image.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { readInstructions } from "./instructions.ts";
import { type Joined, spanOf } from "./joined.ts";
import { type Build, readStages, type Stage } from "./stages.ts";
import type { Assigned } from "./variables.ts";

type Locate = (joined: Joined) => FileOrigin;

export interface DockerfileOptions {
  /** The stage to build (`--target`): a name, or a number from 0. */
  readonly target?: string;
  /** Build arguments (`--build-arg`). */
  readonly args?: readonly NameValue[];
}

/**
 * Reads a Dockerfile into the image that it builds: the last stage, or `target`, with what it inherits from the
 * stages below it. Never throws; what docker build would refuse is a gap, and the rest is read all the same.
 */
export function readDockerfile(text: string, file: string, options: DockerfileOptions = {}): Reading {
  if (text.includes("\0")) return refusal(file, "the file is binary, not a Dockerfile");
  const locate = locator(file, text);
  const build = readStages(readInstructions(text), options.args);
  const at: Locate = (joined) => locate(spanOf(joined, 0, joined.text.length));
  const gaps = build.problems.map(({ reason, span }) => gap(reason, { location: locate(span) }));
  const secrets = build.assigned.flatMap(({ value }) => (value?.text ? [at(value)] : []));
  const last = build.stages.at(-1);
  if (!last) {
    const reason = text.trim() === "" ? "the file is empty" : "the file is no Dockerfile: it has no FROM";
    return { subjects: [], gaps: [gap(reason, { file }), ...gaps], secrets };
  }
  const stage = options.target === undefined ? last : targeted(build.stages, options.target);
  if (!stage) {
    return {
      subjects: [],
      gaps: [...gaps, gap("the target is no stage of this Dockerfile", { file })],
      secrets,
    };
  }
  const built = build.stages.slice(0, stage.index + 1);
  const ancestry = ancestryOf(stage);
  const name = stage.name ?? file;
  const id = `${file}#${name}`;
  const end = (stage.steps.findLast((step) => !step.inherited)?.instruction ?? stage.from).span.end;
  const view = image("declared", {
    user: userOf(ancestry, at),
    base: baseOf(ancestry.at(-1) ?? stage, at),
    healthcheck: healthcheckOf(ancestry, at),
    references: referencesOf(built, at),
    environment: assignedOf(build, "ENV", at),
    buildArguments: assignedOf(build, "ARG", at),
  });
  const location = locate({ start: stage.from.span.start, end });
  const subject = {
    kind: "image",
    id,
    name,
    stableId: id,
    source: "dockerfile",
    location,
    views: [view],
  } as const;
  return { subjects: [subject], gaps, secrets };
}

function refusal(file: string, reason: string): Reading {
  return { subjects: [], gaps: [gap(reason, { file })], secrets: [] };
}

function targeted(stages: readonly Stage[], target: string): Stage | undefined {
  const wanted = target.toLowerCase();
  const named = stages.findLast((stage) => stage.name?.toLowerCase() === wanted);
  return named ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined);
}

/** The stage and those it starts from, nearest first. */
function ancestryOf(stage: Stage): readonly Stage[] {
  const found = [stage];
  for (let at = stage; at.base.from === "stage"; at = at.base.stage) found.push(at.base.stage);
  return found;
}

function userOf(ancestry: readonly Stage[], at: Locate): Fact<string> {
  for (const { steps } of ancestry) {
    const last = steps.findLast(
      ({ instruction }) => instruction.keyword === "USER" && instruction.rest.text !== "",
    );
    if (!last?.value) continue;
    const origin = at(last.instruction.rest);
    return last.value.reason === undefined
      ? set(last.value.text, origin)
      : unresolved(last.value.reason, origin);
  }
  return unset;
}

function baseOf({ base }: Stage, at: Locate): Fact<string> {
  if (base.from === "image") return set(base.reference, at(base.at));
  if (base.from === "scratch") return set("scratch", at(base.at));
  return base.from === "unresolved" ? unresolved(base.reason, at(base.at)) : unset;
}

function healthcheckOf(ancestry: readonly Stage[], at: Locate): Fact<Healthcheck> {
  for (const { steps } of ancestry) {
    const last = steps.findLast(({ instruction }) => instruction.keyword === "HEALTHCHECK");
    if (!last) continue;
    const { rest } = last.instruction;
    return set(/^none$/i.test(rest.text) ? "none" : "command", at(rest));
  }
  return unset;
}

function referencesOf(stages: readonly Stage[], at: Locate): FactList<string> {
  return stages.flatMap(({ base }): FactList<string> => {
    if (base.from === "image") return [set(base.reference, at(base.at))];
    return base.from === "unresolved" ? [unresolved(base.reason, at(base.at))] : [];
  });
}

function assignedOf(build: Build, keyword: Assigned["keyword"], at: Locate): FactList<EnvironmentVariable> {
  return build.assigned
    .filter((each) => each.keyword === keyword)
    .map(({ name, value, whole, expansion }) =>
      set({ name, value: expansion?.text }, at(value?.text ? value : whole)),
    );
}
