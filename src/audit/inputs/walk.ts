import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ignore, { type Ignore } from "ignore";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type FormatName, formatNames, formats } from "../../formats/formats.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { Files } from "../../model/reading.ts";
import type { DiskFiles } from "./disk-files.ts";

interface Walk {
  /** Paths below the folder, in the form that the folder was given, sorted. */
  readonly files: readonly string[];
  /** Symbolic links to files, and those that lead nowhere. They are not followed. */
  readonly links: readonly string[];
  readonly gaps: readonly Gap[];
}

interface IgnoreRules {
  readonly base: string;
  readonly rules: Ignore;
}

/** Folders that hold other people's files by the thousand, whether or not a .gitignore says so. */
const skipped = new Set([".git", ".hg", ".svn", "node_modules"]);

/**
 * Every file below the folder that .gitignore files (there, above it up to the repository's root, and below) and
 * `exclude` (the same syntax) leave in. Symbolic links are not followed.
 */
export function walk(folder: string, exclude: readonly string[] = []): Walk {
  const files: string[] = [];
  const links: string[] = [];
  const gaps: Gap[] = [];
  const start = resolve(folder);
  const excluded = exclude.length > 0 ? [{ base: start, rules: ignore().add([...exclude]) }] : [];
  const outer = [...rulesAbove(start), ...excluded];
  visit(folder, start, outer);
  return { files: files.toSorted(), links: links.toSorted(), gaps };

  function visit(shown: string, absolute: string, inherited: readonly IgnoreRules[]): void {
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(absolute, { withFileTypes: true });
    } catch (error) {
      const reason = shown.includes("\uFFFD")
        ? unspeakable
        : `the folder cannot be read: ${whyUnread(error)}`;
      gaps.push(gap(reason, { file: shown }));
      return;
    }
    const own = entries.some((entry) => entry.name === ".gitignore") ? rulesIn(absolute) : undefined;
    const rules = own ? [...inherited, own] : inherited;
    for (const entry of entries) {
      const path = join(absolute, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name) && !isIgnored(rules, `${path}/`))
          visit(join(shown, entry.name), path, rules);
      } else if (entry.isFile() && !isIgnored(rules, path)) {
        files.push(join(shown, entry.name));
      } else if (entry.isSymbolicLink() && !isFolder(path) && !isIgnored(rules, path)) {
        links.push(join(shown, entry.name));
      }
    }
  }
}

/** Also by a link. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The last .gitignore that says something about the path decides, as git has it. */
function isIgnored(rules: readonly IgnoreRules[], path: string): boolean {
  for (const { base, rules: own } of rules.toReversed()) {
    const below = relative(base, path) + (path.endsWith("/") ? "/" : "");
    if (below === "" || below.startsWith("..")) continue;
    const said = own.test(below);
    if (said.ignored) return true;
    if (said.unignored) return false;
  }
  return false;
}

function rulesIn(folder: string): IgnoreRules | undefined {
  try {
    return { base: folder, rules: ignore().add(readFileSync(join(folder, ".gitignore"), "utf8")) };
  } catch {
    return undefined;
  }
}

/** The .gitignore files of the folders above, up to the one that holds .git; none outside a repository. */
function rulesAbove(folder: string): readonly IgnoreRules[] {
  const above: IgnoreRules[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const own = at === folder ? undefined : rulesIn(at);
    if (own) above.unshift(own);
    if (holdsGit(at)) return above;
    if (dirname(at) === at) return [];
  }
}

function holdsGit(folder: string): boolean {
  try {
    return readdirSync(folder).includes(".git");
  } catch {
    return false;
  }
}

/**
 * What the file is, by its name first and its text where the name does not show it. A file that a walk found
 * and that cannot be read is a failure only if its name says that it is ours.
 */
export function classify(path: string, io: DiskFiles): Result<FormatName | undefined> {
  const byName = formatOfName(path);
  const opens = formatNames.some((name) => formats[name].recognise.opens?.(path));
  if ((byName || opens) && isUnspeakable(path, io)) return failed(unspeakable);
  if (byName) return ok(byName);
  const opensScript = formatNames.some((name) => formats[name].recognise.opensScript?.(path));
  if (!opens && !(opensScript && io.startsWith(path, "#!"))) return ok(undefined);
  const text = io.read(path);
  const format = text.ok ? formatOfText(path, text.value) : undefined;
  if (!format) io.forget(path);
  return ok(format);
}

/** For a file that was named: reading is tried whatever the name, and failing to is an answer. */
export function classifyNamed(path: string, io: Files): Result<FormatName> {
  const byName = formatOfName(path);
  if (byName) return ok(byName);
  const text = io.read(path);
  if (!text.ok) return text;
  const format = formatOfText(path, text.value) ?? formatOfShape(text.value);
  return format
    ? ok(format)
    : failed("it is not a Compose file, a Dockerfile, a daemon.json or a script that runs docker");
}

/** Why a file or folder cannot be opened whose name holds other bytes than UTF-8's. */
const unspeakable = "its name is not UTF-8, so it cannot be opened: rename it";

/** Node replaces the bytes of such a name, so no file has the name that Node gives. */
function isUnspeakable(path: string, io: Pick<Files, "exists">): boolean {
  return path.includes("\uFFFD") && !io.exists(path);
}

/** What a file's name alone shows. */
export function formatOfName(path: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.name?.(path));
}

function formatOfText(path: string, text: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.text?.(text, path));
}

/** For a text without a name that shows it: standard input, or a file that was named all the same. */
function formatOfShape(text: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.shape?.(text));
}

/** For a text without a file. */
export function formatOfGiven(text: string): FormatName | undefined {
  return formatOfShape(text) ?? formatNames.find((name) => formats[name].recognise.given?.(text));
}
