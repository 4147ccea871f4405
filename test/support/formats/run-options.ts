import { readAnsible } from "../../../src/formats/ansible/read.ts";
import { readDevcontainer } from "../../../src/formats/devcontainer/read.ts";
import { readJenkins } from "../../../src/formats/jenkins/read.ts";
import { readQuadlet } from "../../../src/formats/quadlet/read.ts";
import { readTerraform } from "../../../src/formats/terraform/read.ts";
import type { Files } from "../../../src/model/reading.ts";
import type { ContainerSubject } from "../../../src/model/subject.ts";
import { memoryFiles } from "../memory-files.ts";

const readers = {
  quadlet: readQuadlet,
  devcontainer: readDevcontainer,
  jenkins: readJenkins,
  ansible: readAnsible,
  terraform: readTerraform,
} as const;

export type OptionsHost = keyof typeof readers;

export function readRunOptions(text: string, file: string, host: OptionsHost, io: Files) {
  return readers[host](text, file, io);
}

export const optionsFiles: Readonly<Record<OptionsHost, string>> = {
  quadlet: "web.container",
  devcontainer: ".devcontainer/devcontainer.json",
  jenkins: "Jenkinsfile",
  ansible: "tasks/main.yml",
  terraform: "main.tf",
};

/** The containers of the text, and what is read of the first. */
export function readOptions(host: OptionsHost, text: string) {
  const reading = readRunOptions(text, optionsFiles[host], host, memoryFiles({}));
  const subjects = reading.subjects as readonly ContainerSubject[];
  const view = subjects[0]?.views[0];
  if (!view) throw new Error("there is no container");
  return { ...reading, subjects, view };
}

/** What stands at a place of the text. */
export function writtenAt(text: string, origin: unknown): string {
  const { startLine, startColumn, endColumn } = origin as Record<string, number>;
  return text.split("\n")[(startLine ?? 1) - 1]?.slice((startColumn ?? 1) - 1, (endColumn ?? 1) - 1) ?? "";
}
