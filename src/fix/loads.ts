import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { type Input, loadedFiles } from "../audit/inputs/inputs.ts";
import type { ComposeOptions } from "../formats/format.ts";
import { composeWords, folderOf, runProgram, whyFailed } from "../trial/docker.ts";
import { replaceFile } from "./apply.ts";
import type { ChangedText } from "./changed-texts.ts";
import type { WrittenFile } from "./write-files.ts";

/** Milliseconds that docker compose may take to read a project. */
const limit = 30_000;

/** The Compose projects with one of the files that docker compose itself loads now; none where it is not installed. */
export async function loadingProjects(
  inputs: readonly Input[],
  changed: readonly ChangedText[],
  compose: ComposeOptions,
): Promise<readonly Input[]> {
  const files = new Set(changed.map(({ file }) => resolve(file)));
  const own = inputs
    .filter(({ format }) => format === "compose")
    .map((input) => ({ format: input.format, files: loadedFiles(input) }))
    .filter((input) => input.files.some((file) => files.has(resolve(file))));
  const found: Input[] = [];
  for (const input of own) if ((await whyNotLoading(input, compose)) === undefined) found.push(input);
  return found;
}

/**
 * Has docker compose load the projects again. One that no longer loads takes back what was written of it. The answer has those
 * files as not written, with why.
 */
export async function takeBackWhatBreaks(
  projects: readonly Input[],
  files: readonly WrittenFile[],
  compose: ComposeOptions,
): Promise<readonly WrittenFile[]> {
  let left = files;
  for (const input of projects) {
    const why = await whyNotLoading(input, compose);
    if (why === undefined) continue;
    const own = new Set(input.files.map((file) => resolve(file)));
    left = left.map((each) => {
      if (!each.written || (!own.has(resolve(each.text.file)) && !each.text.support?.isNew)) return each;
      const reason = `docker compose would no longer load ${input.files.join(" with ")}: ${why}`;
      const back = takeBack(each.text);
      return back === undefined
        ? { text: each.text, written: false, reason }
        : { ...each, reason: `${reason}; and it could not be taken back: ${back}` };
    });
  }
  return left;
}

/** Why it could not be taken back; undefined where it was. */
function takeBack({ file, before, after, support }: ChangedText): string | undefined {
  if (support?.isNew) {
    rmSync(file, { force: true });
    return undefined;
  }
  const done = replaceFile(file, after, before);
  return done.ok ? undefined : done.reason;
}

/** Why docker compose does not load it, in its words; undefined where it does. */
async function whyNotLoading(
  { files }: Input,
  { profiles, envFiles }: ComposeOptions,
): Promise<string | undefined> {
  const folder = folderOf({ files });
  const all = [...composeWords({ files, profiles, envFiles }), "config", "--quiet"];
  const ended = await runProgram("docker", all, { limit, folder });
  return ended.status === 0 ? undefined : whyFailed(ended, limit);
}
