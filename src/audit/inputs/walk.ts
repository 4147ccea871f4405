import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ignore, { type Ignore } from "ignore";
import { whyUnread } from "../../base/error-words.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { unspeakable } from "./classify.ts";

export interface Walk {
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
