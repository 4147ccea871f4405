import { failed, ok } from "../base/result.ts";
import type { Control, Example } from "../controls/control.ts";
import { readCompose } from "../formats/compose/read.ts";
import { readDockerdLine } from "../formats/daemon-json/dockerd.ts";
import { readDaemonJson } from "../formats/daemon-json/read.ts";
import { readDockerfile } from "../formats/dockerfile/read.ts";
import { readRunLine } from "../formats/run-command/read.ts";
import type { Files, Reading } from "../model/reading.ts";
import { containersByFile, contextOf } from "./contexts.ts";
import { type ControlResult, evaluate } from "./evaluate.ts";
import { spellRemedy } from "./spell.ts";

const names: Readonly<Record<Example["syntax"], string>> = {
  compose: "compose.yaml",
  run: "run.sh",
  dockerfile: "Dockerfile",
  "daemon.json": "daemon.json",
  dockerd: "dockerd",
};

/** What the control says of an example: one answer for each subject that the text holds and the control judges. */
export function judgeExample(control: Control, example: Example): readonly ControlResult[] {
  const { subjects } = readExample(example);
  const around = { files: containersByFile(subjects), engine: undefined, live: new Map(), running: [] };
  const rules = { controls: [control], ignores: [], severities: {}, today: "2000-01-01", spell: spellRemedy };
  return subjects.flatMap((subject) => evaluate(subject, contextOf(subject, around), rules));
}

export function readExample({ syntax, text }: Example): Reading {
  const file = names[syntax];
  const io = oneFile(file, text);
  switch (syntax) {
    case "compose":
      return readCompose({ files: [file], io });
    case "run":
      return readRunLine(text, file, io);
    case "dockerfile":
      return readDockerfile(text, file);
    case "daemon.json":
      return readDaemonJson(text, file);
    case "dockerd":
      return readDockerdLine(text, file);
  }
}

function oneFile(name: string, text: string): Files {
  return {
    read: (path) => (path === name ? ok(text) : failed("it does not exist")),
    exists: (path) => path === name,
    environment: {},
    home: "/root",
  };
}
