import type { Command, CommandWord } from "./commands.ts";
import { programOf } from "./wrappers.ts";

/** A mode that sets a setuid or setgid bit, and what it is set on. */
export interface Setuid {
  /** `chmod u+s /usr/bin/x`. */
  readonly command: string;
  readonly mode: CommandWord;
}

/** A cheap first look, so that shell is parsed only where it may matter. */
export function mayBeSetuid(text: string): boolean {
  return (
    /chmod|install|statoverride/.test(text) &&
    /[ugoa+=,][+=][rwxXtugo]*s|(?:^|[^\w])[+=][rwxXt]*s|[2-7][0-7]{3}(?![0-9])/.test(text)
  );
}

/**
 * What a command sets: `chmod u+s`, `chmod 4755`, `install -m 4755`, `dpkg-statoverride --add root root 4755 …`.
 * Taking a bit away (`chmod a-s`) is none.
 */
export function setuidOf(words: Command): Setuid | undefined {
  switch (programOf(words)) {
    case "chmod":
      return byChmod(words);
    case "install":
    case "ginstall":
      return byInstall(words);
    case "dpkg-statoverride":
      return byStatoverride(words);
    default:
      return undefined;
  }
}

/**
 * Whether a mode as chmod takes it sets the setuid or setgid bit (POSIX chmod: octal, or symbolic clauses of who,
 * operator and permissions).
 */
export function setsBit(mode: string): boolean {
  if (/^[+=]?[0-7]{4,8}$/.test(mode)) return (Number.parseInt(mode.replace(/^[+=]/, ""), 8) & 0o6000) !== 0;
  return mode.split(",").some((clause) => {
    const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
    // Of others alone there is no such bit.
    if (!match || (match[1] && !/[uga]/.test(match[1]))) return false;
    return /[+=][rwxXtugo]*s/.test(match[2] ?? "");
  });
}

function byChmod(words: Command): Setuid | undefined {
  const index = words.findIndex((word, at) => at > 0 && !word.text.startsWith("-"));
  const mode = words[index];
  return mode?.literal && setsBit(mode.text) ? found("chmod", mode, words[index + 1]) : undefined;
}

function byInstall(words: Command): Setuid | undefined {
  for (const [index, word] of words.entries()) {
    const match = /^(?:--mode=|-[bcCdDpsvZ]*m)(.*)$/.exec(word.text);
    if (!match && word.text !== "--mode") continue;
    const mode = match?.[1] ? { ...word, text: match[1] } : words[index + 1];
    if (mode?.literal && setsBit(mode.text)) return found("install -m", mode, words.at(-1));
  }
  return undefined;
}

function byStatoverride(words: Command): Setuid | undefined {
  const add = words.findIndex((word) => word.text === "--add");
  const mode = add === -1 ? undefined : words[add + 3];
  return mode?.literal && setsBit(mode.text) ? found("dpkg-statoverride", mode, words[add + 4]) : undefined;
}

function found(program: string, mode: CommandWord, target: CommandWord | undefined): Setuid {
  const path = target?.literal && /^[\w./+@:~*-]{1,80}$/.test(target.text) ? ` ${target.text}` : "";
  return { command: `${program} ${mode.text}${path}`, mode };
}
