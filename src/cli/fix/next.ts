import { dirname, relative, resolve } from "node:path";
import type { Survey, SurveyRequest } from "../../audit/survey.ts";
import { shellWords } from "../../base/shell-words.ts";
import { visible } from "../../base/visible.ts";
import type { RunningService, RunningServices } from "../../fix/live/running.ts";
import { complain } from "../common/complain.ts";

/** What was fixed, and how it is started. */
export interface Project {
  readonly inputs: Survey["inputs"];
  readonly compose: SurveyRequest["compose"];
  readonly running: RunningServices | undefined;
}

/** Says what to do now, what to look at and how to go back, for each project with a file that was written. */
export function sayNext({ inputs, compose, running }: Project, written: readonly string[]): void {
  const paths = new Set(written.map((file) => resolve(file)));
  const read = new Set(inputs.flatMap(({ files }) => files.map((file) => resolve(file))));
  const made = [...paths].filter((path) => !read.has(path));
  for (const input of inputs) {
    if (input.format !== "compose" || !input.files.some((file) => paths.has(resolve(file)))) continue;
    for (const [service, known] of running?.get(resolve(input.files[0] ?? "")) ?? []) {
      const lost = whatIsLost(service, known);
      if (lost !== undefined) complain(lost);
    }
    for (const line of nextSteps(input.files, compose, process.cwd(), made.filter(isBeside(input.files))))
      process.stderr.write(`bulkhead: ${visible(line)}\n`);
  }
}

/** Whether a file that a step made, such as .env, is the project's: it goes back with it. */
function isBeside(files: readonly string[]): (path: string) => boolean {
  const folders = new Set(files.map((file) => dirname(resolve(file))));
  return (path) => folders.has(dirname(path));
}

/** What the container wrote and no volume keeps. */
export function whatIsLost(
  service: string,
  { name, wrote }: Pick<RunningService, "name" | "wrote">,
): string | undefined {
  if (wrote.length === 0) return undefined;
  const more = wrote.length > 3 ? ` and ${wrote.length - 3} more` : "";
  const what = `${wrote.slice(0, 3).join(", ")}${more}`;
  return `docker compose up replaces ${name} (${service}), and what it wrote outside its volumes is gone: ${what}`;
}

/** Commands to paste, run in `folder`, for a project of these files with what it is started with. */
export function nextSteps(
  files: readonly string[],
  { profiles, envFiles }: Project["compose"],
  folder: string,
  made: readonly string[] = [],
): readonly [now: string, look: string, back: string] {
  const near = (file: string) => relative(folder, resolve(file)) || ".";
  const compose = shellWords([
    ...["docker", "compose", ...files.flatMap((file) => ["-f", near(file)])],
    ...profiles.flatMap((name) => ["--profile", name]),
    ...envFiles.flatMap((file) => ["--env-file", near(file)]),
  ]);
  const undo = shellWords(["bulkhead", "fix", "--undo", ...[...files, ...made].map(near)]);
  return [
    `now run    ${compose} up -d`,
    `then look  ${compose} ps -a; ${compose} logs --since 5m | grep -E 'Read-only|not permitted|denied|No space|unavailable'`,
    `to go back ${undo} && ${compose} up -d`,
  ];
}
