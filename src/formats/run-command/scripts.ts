import { container } from "../../model/container.ts";
import {
  credentialsInScript,
  credentialsInValue,
  type WrittenCredential,
} from "../../model/credentials/find.ts";
import { isOrdinaryWord, secretValuesOf } from "../../model/credentials/mask.ts";
import { exec } from "../../model/exec.ts";
import { type SetFact, set } from "../../model/fact.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { emptyReading, type Files, type Reading } from "../../model/reading.ts";
import type { EngineSubject, ExecSubject } from "../../model/subject.ts";
import { locator } from "../values/positions.ts";
import { type Act, actSubjects } from "./acts.ts";
import { folderOf } from "./folder.ts";
import { type HostedCommand, readingOfCommands, readText } from "./hosted-commands.ts";
import { readGithubActions } from "./hosts/github-actions.ts";
import { readGitlabCi } from "./hosts/gitlab-ci.ts";
import { type Host, type Hosted, type HostedEngine, readShellScript, type ShellText } from "./hosts/host.ts";
import { readMakefile } from "./hosts/makefile.ts";
import { readMarkdown } from "./hosts/markdown.ts";
import { readSystemdUnit } from "./hosts/systemd.ts";
import { append, type Passage, passage, rangeAt } from "./passage.ts";
import type { Surroundings } from "./read/line-facts.ts";
import { isScriptOfDocker, type ScriptHost } from "./script-host.ts";
import { mostCommands } from "./shell/limits.ts";
import type { Binding } from "./shell/scope.ts";
import type { Found } from "./subjects.ts";
import { readWrittenFiles } from "./written-files.ts";

const hosts: Readonly<Record<ScriptHost, Host>> = {
  shell: readShellScript,
  markdown: readMarkdown,
  makefile: readMakefile,
  "github-actions": readGithubActions,
  "gitlab-ci": readGitlabCi,
  systemd: readSystemdUnit,
};

/**
 * Reads every `docker run` and `docker create` in a file of the kind, with exact places in it. What could not be parsed
 * is a gap, where it may hold one. Never throws.
 */
export function readScript(text: string, file: string, host: ScriptHost, io: Files): Reading {
  const words = { "github-actions": /docker|container|services/i, "gitlab-ci": /image|services|docker/i }[
    host as string
  ];
  const mayHold = words ? words.test(text) : isScriptOfDocker(text);
  if (!mayHold) return emptyReading;
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  return readHosted(hosts[host](text, around), around);
}

/** What a file holds for the shell, beside containers that it `describes` in its own words. */
export function readHosted(hosted: Hosted, around: Surroundings, described: readonly Found[] = []): Reading {
  const { file } = around;
  const { commands, gaps, engines, acts, texts, variables } = commandsIn(hosted, around);
  const reading = readingOfCommands(commands, around, gaps, described);
  const filesOfDockerd = readWrittenFiles(acts, file, around.locate);
  const known = new Set(reading.subjects.flatMap(secretValuesOf));
  const scripts = texts.filter(({ prose }) => !prose);
  const written = onePlace([
    ...scripts.flatMap(({ source }) => credentialsOf(source, known, around)),
    ...[...scripts.map((each) => each.variables), variables].flatMap((each) =>
      [...(each ?? [])].flatMap(([name, binding]) => credentialsOfVariable(name, binding, known, around)),
    ),
  ]);
  return {
    ...reading,
    gaps: [...reading.gaps, ...filesOfDockerd.gaps],
    secrets: [
      ...reading.secrets,
      ...filesOfDockerd.secrets,
      ...written.flatMap(({ origins }) => origins.filter(isFileOrigin)),
    ],
    subjects: [
      ...(written.length > 0 ? [scriptSubject(written, file)] : []),
      ...reading.subjects,
      ...engines.map((each) => engineSubject(each, around)),
      ...actSubjects(acts, file, around.locate),
      ...filesOfDockerd.subjects,
    ],
  };
}

/** The commands themselves, for the writer. */
export function commandsInScript(text: string, host: ScriptHost, around: Surroundings) {
  return commandsIn(hosts[host](text, around), around);
}

function commandsIn(
  hosted: Hosted,
  around: Surroundings,
): ReturnType<typeof readText> & {
  readonly engines: readonly HostedEngine[];
  readonly texts: readonly ShellText[];
  readonly variables: Hosted["variables"];
} {
  const commands = hosted.commands.map((command): HostedCommand => ({ ...command, prose: false }));
  const gaps = [...hosted.gaps];
  const acts: Act[] = [...(hosted.acts ?? [])];
  for (const each of hosted.texts) {
    // One more than are read tells that there are more.
    if (commands.length > mostCommands) break;
    const read = readText(each, around);
    append(commands, read.commands);
    append(acts, read.acts);
    append(gaps, read.gaps);
  }
  return {
    commands,
    gaps,
    acts,
    texts: hosted.texts,
    variables: hosted.variables,
    engines: hosted.engines ?? [],
  };
}

/** The credentials that a script has written out outside of its `docker run` lines, which have their own. */
function credentialsOf(
  source: Passage,
  known: ReadonlySet<string>,
  { locate }: Surroundings,
): readonly SetFact<WrittenCredential>[] {
  return credentialsInScript(source.text).flatMap((each) => {
    const at = source.text.indexOf(each.value);
    if (known.has(each.value) || at < 0 || isOrdinaryWord(each.value)) return [];
    return [
      set({ ...each, by: "value", where: "a command" }, locate(rangeAt(source, at, at + each.value.length))),
    ];
  });
}

/** The same of a variable that the file gives to its commands. */
function credentialsOfVariable(
  name: string,
  binding: Binding,
  known: ReadonlySet<string>,
  { locate }: Surroundings,
): readonly SetFact<WrittenCredential>[] {
  if (binding.kind !== "text" || binding.holes.length > 0 || binding.pieces.length === 0) return [];
  const source = passage(binding.pieces);
  return credentialsInValue(name, source.text).flatMap((each) => {
    const at = source.text.indexOf(each.value);
    if (known.has(each.value) || at < 0 || isOrdinaryWord(each.value)) return [];
    const where = `the variable ${name}`;
    return [set({ ...each, by: "value", where }, locate(rangeAt(source, at, at + each.value.length)))];
  });
}

/** Steps share the variables of their job. */
function onePlace(found: readonly SetFact<WrittenCredential>[]): readonly SetFact<WrittenCredential>[] {
  const byPlace = new Map(found.map((each) => [JSON.stringify(each.origins), each]));
  return [...byPlace.values()];
}

/** What a script runs besides, as far as it is judged. */
function scriptSubject(credentials: readonly SetFact<WrittenCredential>[], file: string): ExecSubject {
  const id = `${file}#script`;
  return {
    kind: "exec",
    id,
    name: "script",
    stableId: id,
    source: "run-command",
    location: undefined,
    views: [exec("declared", container("declared"), { credentials })],
  };
}

function engineSubject({ view, at }: HostedEngine, { file, locate }: Surroundings): EngineSubject {
  const id = `${file}#docker:dind`;
  const location = locate(at);
  return {
    kind: "engine",
    id,
    name: "docker:dind",
    stableId: id,
    source: "gitlab-ci",
    location,
    views: [view],
  };
}
