import { containerFromInspect as fromInspect } from "../../src/engine/documents/inspect.ts";
import { readCompose } from "../../src/formats/compose/read.ts";
import { readDockerdLine } from "../../src/formats/daemon-json/dockerd.ts";
import { readDaemonJson } from "../../src/formats/daemon-json/read.ts";
import { readDockerfile } from "../../src/formats/dockerfile/read.ts";
import { readRunLine } from "../../src/formats/run-command/read.ts";
import { readScript } from "../../src/formats/run-command/scripts.ts";
import type { Container } from "../../src/model/container.ts";
import type { Engine } from "../../src/model/engine.ts";
import type { Image } from "../../src/model/image.ts";
import type { Reading } from "../../src/model/reading.ts";
import type { SubjectKind } from "../../src/model/subject.ts";
import { memoryFiles } from "./memory-files.ts";

/** The service's facts; the first service where none is named. Indentation common to all lines is taken off. */
export function containerFromCompose(text: string, service?: string): Container {
  return container(composeReading(text), service);
}

export function composeReading(text: string): Reading {
  return readCompose({ files: ["compose.yaml"], io: memoryFiles({ "compose.yaml": dedent(text) }) });
}

/** The facts of the first container that the line runs. */
export function containerFromRun(line: string): Container {
  return container(readRunLine(line, "run.sh", memoryFiles()));
}

/** The container of this name in a workflow or a GitLab pipeline. */
export function containerFromCi(text: string, host: "github-actions" | "gitlab-ci", name: string): Container {
  return container(readScript(text, "ci.yml", host, memoryFiles()), name);
}

export function imageFromDockerfile(text: string): Image {
  const subject = only(readDockerfile(dedent(text), "Dockerfile"), "image");
  if (subject.kind !== "image" || !subject.views[0]) throw new Error("no image was read");
  return subject.views[0];
}

export function engineFromDaemonJson(text: string): Engine {
  return engine(readDaemonJson(text, "daemon.json"));
}

export function engineFromDockerd(line: string): Engine {
  return engine(readDockerdLine(line, "dockerd.txt"));
}

/** An inspect document with only what matters given. */
export function containerFromInspect(document: unknown): Container {
  return fromInspect(document);
}

function container(reading: Reading, name?: string): Container {
  const subject = only(reading, "container", name);
  if (subject.kind !== "container" || !subject.views[0]) throw new Error("no container was read");
  return subject.views[0];
}

function engine(reading: Reading): Engine {
  const subject = only(reading, "engine");
  if (subject.kind !== "engine" || !subject.views[0]) throw new Error("no engine was read");
  return subject.views[0];
}

function only(reading: Reading, kind: SubjectKind, name?: string) {
  const subject = reading.subjects.find((each) => each.kind === kind && (!name || each.name === name));
  if (!subject) {
    throw new Error(`no ${kind} was read: ${reading.gaps.map((gap) => gap.reason).join("; ") || "no gap"}`);
  }
  return subject;
}

/** Takes off the indentation that all lines share, so that tests can indent their YAML. */
export function dedent(text: string): string {
  const lines = text.replace(/^\n/, "").split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(Number.isFinite(common) ? common : 0)).join("\n");
}
