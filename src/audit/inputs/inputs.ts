import { readlinkSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { visible } from "../../base/visible.ts";
import { mentionsDockerd } from "../../formats/daemon-json/looks-like.ts";
import { takenAlong } from "../../formats/daemon-json/surroundings.ts";
import { composeFilesOf } from "../../formats/devcontainer/read.ts";
import { optionsHostOf } from "../../formats/run-options/looks-like.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { classify, classifyNamed, type FileFormat, formatOfName, formatOfShape } from "./classify.ts";
import { type ComposeProject, composeProjectOf, composeProjects } from "./compose-projects.ts";
import { type DiskFiles, whyBroken } from "./disk-files.ts";
import { isFolder, walk } from "./walk.ts";

/** A text to be read, with how. */
export type Input =
  | ({ readonly format: "compose" } & ComposeProject)
  | { readonly format: "run-line"; readonly file: string }
  | {
      readonly format: Exclude<FileFormat["format"], "compose" | "script" | "run-options">;
      readonly file: string;
    }
  | {
      readonly format: "run-options";
      readonly host: Extract<FileFormat, { format: "run-options" }>["host"];
      readonly file: string;
    }
  | {
      readonly format: "script";
      readonly host: Extract<FileFormat, { format: "script" }>["host"];
      readonly file: string;
    };

export interface Inputs {
  readonly inputs: readonly Input[];
  /** True if a walk found them; false if they were named. */
  readonly walked: boolean;
  readonly gaps: readonly Gap[];
}

/** How the inputs of a path are looked for. */
interface Search {
  /** Patterns in .gitignore's syntax that a walk leaves out. */
  readonly exclude: readonly string[];
  readonly forWriting?: boolean;
}

/** What there is to read at a path: a file as what it is, a folder's files as far as they are ours. */
export function inputsAt(path: string, { exclude, forWriting = false }: Search, io: DiskFiles): Inputs {
  if (isFolder(path)) return inputsBelow(path, exclude, forWriting, io);
  const format = classifyNamed(path, io);
  if (!format.ok) return { inputs: [], walked: false, gaps: [gap(format.reason, { file: path })] };
  const service = format.value.format === "run-options" ? composeOf(path, io) : [];
  if (service.length > 0) return { inputs: [{ format: "compose", files: service }], walked: false, gaps: [] };
  const input: Input =
    format.value.format === "compose" && !forWriting
      ? { format: "compose", ...composeProjectOf(path, io) }
      : inputOf(path, format.value);
  return { inputs: [input], walked: false, gaps: [] };
}

/** The Compose files that a devcontainer.json names. A walk finds them without it. */
function composeOf(path: string, io: DiskFiles): readonly string[] {
  const text = optionsHostOf(path) === "devcontainer" ? io.read(path) : undefined;
  return text?.ok ? composeFilesOf(text.value).map((file) => join(dirname(path), file)) : [];
}

function inputsBelow(folder: string, exclude: readonly string[], forWriting: boolean, io: DiskFiles): Inputs {
  const walked = walk(folder, exclude);
  const gaps: Gap[] = [...walked.gaps, ...walked.links.flatMap((link) => unread(link, folder, io))];
  const inputs: Input[] = [];
  const compose: string[] = [];
  for (const file of walked.files) {
    const format = classify(file, io);
    if (!format.ok) gaps.push(gap(format.reason, { file }));
    else if (format.value?.format === "compose") compose.push(file);
    else if (format.value) inputs.push(inputOf(file, format.value));
  }
  const projects = composeProjects(compose, io).map(({ files, overlay }): Input => {
    // A fix writes each file on its own, so that it writes no service twice.
    if (overlay && forWriting) return { format: "compose", files: files.slice(1) };
    return { format: "compose", files, ...(overlay && { overlay }) };
  });
  const units = inputs.flatMap((input) => (input.format === "dockerd-unit" ? [input.file] : []));
  const taken = units.length > 0 ? takenAlong(units, io) : new Set<string>();
  const apart = inputs.filter((input) => !("file" in input) || !taken.has(input.file));
  return { inputs: [...projects, ...apart], walked: true, gaps };
}

/**
 * A link with a name that is ours is a gap where its target is not read. Links are not followed out of the folder: in a
 * checkout of somebody else's, one may lead to /etc/shadow.
 */
function unread(link: string, folder: string, io: DiskFiles): readonly Gap[] {
  if (formatOfName(link) === undefined) return [];
  const broken = whyBroken(link);
  if (broken !== undefined) return [gap(broken, { file: link })];
  try {
    const target = realpathSync(link);
    const isInside = target.startsWith(join(realpathSync(folder), "/"));
    const format = isInside ? classify(target, io) : undefined;
    // The walk comes to the target, too, and says what is wrong with it.
    if (format && (!format.ok || format.value)) return [];
    const why = isInside
      ? "whose name says no format: name the link to audit it"
      : "outside this folder, and is not followed: name it to audit it";
    return [gap(`it is a link to ${visible(readlinkSync(link))}, ${why}`, { file: link })];
  } catch (error) {
    return [gap(whyUnread(error), { file: link })];
  }
}

/** A text that came without a file: standard input or `--run`. */
export function inputOfText(name: string, text: string, io: DiskFiles): Inputs {
  io.give(name, text);
  const given = io.read(name);
  if (!given.ok) return { inputs: [], walked: false, gaps: [gap(given.reason, { file: name })] };
  const format = formatOfShape(text);
  if (format) return { inputs: [inputOf(name, format)], walked: false, gaps: [] };
  if (mentionsDockerd(text)) return { inputs: [{ format: "run-line", file: name }], walked: false, gaps: [] };
  const reason = "it is not a Compose file, a Dockerfile, a daemon.json or a docker run line";
  return {
    inputs: [],
    walked: false,
    gaps: [gap(text.trim() === "" ? "it is empty" : reason, { file: name })],
  };
}

function inputOf(file: string, format: FileFormat): Input {
  if (format.format === "compose") return { format: "compose", files: [file] };
  if (format.format === "script" || format.format === "run-options") return { ...format, file };
  return { format: format.format, file };
}
