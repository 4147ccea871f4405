import { readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { visible } from "../../base/visible.ts";
import type { ComposeOptions, InputFiles } from "../../formats/format.ts";
import { type FormatName, formatNames, formats, type InputReading } from "../../formats/formats.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { type DiskFiles, whyBroken } from "./disk-files.ts";
import { classify, classifyNamed, formatOfGiven, formatOfName, isFolder, walk } from "./walk.ts";

/** Files to be read together, with how. */
export interface Input extends InputFiles {
  readonly format: FormatName;
}

/** The file that an input is named after. */
export function fileOf({ files }: InputFiles): string {
  return files[0] ?? "";
}

/** The files as docker compose is asked to load them: behind the one that they change. */
export function loadedFiles({ files, base }: InputFiles): readonly string[] {
  return base === undefined ? files : [base, ...files];
}

export interface ReadOptions extends ComposeOptions {
  /** Whether a fix will write the inputs. Then the parsed text is kept, which takes memory. */
  readonly forWriting?: boolean | undefined;
}

/** Reads one input by its format. Never rejects for a bad text: what cannot be read is a gap. */
export async function readInput(
  { format, files, base }: Input,
  { forWriting = false, ...compose }: ReadOptions,
  io: DiskFiles,
): Promise<InputReading> {
  return await formats[format].read(files, { io, compose, forWriting, isPart: base !== undefined });
}

export interface Inputs {
  readonly inputs: readonly Input[];
  /** True if a walk found them; false if they were named. */
  readonly walked: boolean;
  readonly gaps: readonly Gap[];
  /** Files of other tools that a walk passed over. */
  readonly notes?: readonly Gap[];
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
  const { together, namesOnly } = formats[format.value];
  const group = together?.ofNamed(path, io);
  // A fix of a file that only changes another one writes that file alone.
  const isOwn = group && (!forWriting || (group.files[0] === path && !group.overlay));
  const input: Input = namesOnly?.(path, io) ?? {
    format: format.value,
    ...(isOwn ? group : { files: [path], ...(group && fileOf(group) !== path && { base: fileOf(group) }) }),
  };
  return { inputs: [input], walked: false, gaps: [] };
}

function inputsBelow(folder: string, exclude: readonly string[], forWriting: boolean, io: DiskFiles): Inputs {
  const walked = walk(folder, exclude);
  const gaps: Gap[] = [...walked.gaps, ...walked.links.flatMap((link) => unread(link, folder, io))];
  const found: { readonly file: string; readonly format: FormatName }[] = [];
  const notes: Gap[] = [];
  for (const file of walked.files) {
    const format = classify(file, io);
    if (!format.ok) gaps.push(gap(format.reason, { file }));
    else if (format.value) found.push({ file, format: format.value });
    else notes.push(...unknownTool(file, io));
  }
  const filesOf = (format: FormatName) =>
    found.flatMap((each) => (each.format === format ? [each.file] : []));
  const taken = new Set(formatNames.flatMap((name) => [...(formats[name].takes?.(filesOf(name), io) ?? [])]));
  const grouped = formatNames.flatMap((format) =>
    (formats[format].together?.ofWalk(filesOf(format), io) ?? []).map(({ files, overlay }): Input => {
      // A fix writes each file on its own, so that it writes no service twice.
      if (overlay && forWriting) return { format, files: files.slice(1), base: fileOf({ files }) };
      return { format, files, ...(overlay && { overlay }) };
    }),
  );
  const apart = found
    .filter(({ file, format }) => !formats[format].together && !taken.has(file))
    .map(({ file, format }): Input => ({ format, files: [file] }));
  return { inputs: [...grouped, ...apart], walked: true, gaps, notes };
}

/** Files of tools that run or build containers and that no format reads, by their names. */
const unknownTools: readonly (readonly [name: RegExp, what: string])[] = [
  [/(?:^|\/)\.?justfile$/i, "a justfile"],
  [/(?:^|\/)Taskfile(?:\.dist)?\.ya?ml$/i, "a Taskfile"],
  [/(?:^|\/)\.circleci\/config\.ya?ml$/, "a CircleCI configuration"],
  [/(?:^|\/)azure-pipelines[\w.-]*\.ya?ml$/, "an Azure pipeline"],
  [/(?:^|\/)\.buildkite\/[\w.-]+\.ya?ml$/, "a Buildkite pipeline"],
  [/(?:^|\/)docker-bake(?:\.override)?\.(?:hcl|json)$/, "a bake file"],
];

/** A file that mentions Docker and that bulkhead cannot read is said, so that nobody takes it for judged. */
function unknownTool(file: string, io: DiskFiles): readonly Gap[] {
  const what = unknownTools.find(([name]) => name.test(file))?.[1];
  if (what === undefined) return [];
  const text = io.read(file);
  if (text.ok && what !== "a bake file" && !/\b(?:docker|podman|nerdctl)\b/i.test(text.value)) return [];
  return [
    gap(`${visible(file)} is ${what}, which bulkhead does not read: what it does with Docker is not judged`, {
      file,
    }),
  ];
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
  const format = formatOfGiven(text);
  if (format) return { inputs: [{ format, files: [name] }], walked: false, gaps: [] };
  const reason = "it is not a Compose file, a Dockerfile, a daemon.json or a docker run line";
  return {
    inputs: [],
    walked: false,
    gaps: [gap(text.trim() === "" ? "it is empty" : reason, { file: name })],
  };
}
