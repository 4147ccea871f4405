import { mkdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileOf, type Input } from "../../audit/inputs/inputs.ts";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { createFile } from "../../fix/apply.ts";
import type { ChangedTexts } from "../../fix/changed-texts.ts";
import { isRunInput } from "../../fix/verify/run-source.ts";
import { type ScriptHost, scriptHostOf } from "../../formats/run-command/script-host.ts";
import type { Learnt } from "../../learn/learnt.ts";
import type { ProfilePlace } from "../../learn/request.ts";
import type { LearnOptions } from "./options.ts";

/** Files whose commands run in the folder that a checkout is in: a path of this machine means nothing there. */
const shared: readonly (ScriptHost | undefined)[] = ["markdown", "makefile", "github-actions", "gitlab-ci"];

/**
 * Where the profiles of a source go: beside its file, or beside what --output names. A Compose file names them from its
 * own folder; docker run takes the path from wherever it is started.
 */
export function profilePlace(input: Input, { output, as }: LearnOptions): ProfilePlace {
  const own = input.format === "run-line" ? "" : fileOf(input);
  const folder = dirname(output ?? own);
  const isShared = input.format === "script" && shared.includes(scriptHostOf(own));
  const isAbsolute = isRunInput(input) && !isShared && as !== "compose";
  const project = input.format === "compose" ? `${basename(resolve(folder))}-` : "";
  return {
    folder,
    appArmorName: (name) => `bulkhead-${project}${name}`.replaceAll(/[^\w.-]/g, "-"),
    pathOf: (kind, name) => {
      const path = `${kind}/${name}${kind === "seccomp" ? ".json" : ""}`;
      return isAbsolute ? resolve(folder, path) : path;
    },
  };
}

interface Profile {
  readonly file: string;
  readonly text: string;
}

/** The files that go beside the hardened one. */
export function profilesOf({ seccomp, apparmor, profiles: { folder } }: Learnt): readonly Profile[] {
  return [seccomp, apparmor].flatMap((profile) =>
    profile ? [{ file: resolve(folder, profile.path), text: profile.text }] : [],
  );
}

/** Adds the profiles to the texts that are to be written. */
export function addProfiles(texts: ChangedTexts, profiles: readonly Profile[]): void {
  for (const { file: path, text } of profiles) {
    const file = relativeTo(process.cwd(), path);
    const before = texts.io.exists(file) ? texts.io.read(file) : undefined;
    if (before?.ok) texts.make([{ file, start: 0, end: before.value.length, text }]);
    else texts.append(file, text, { mode: 0o644, secrets: [] });
  }
}

function relativeTo(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** Writes the profiles beside what --output names. */
export function writeProfiles(profiles: readonly Profile[]): Result<void> {
  try {
    for (const { file } of profiles) mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    return failed(`the profiles were not written: ${whyUnwritten(error)}`);
  }
  for (const { file, text } of profiles) {
    const written = createFile(file, text);
    if (!written.ok) return failed(`${file} was not written: ${written.reason}`);
  }
  return ok(undefined);
}
