/** A finding's fix, as reports print it. */
export interface Fix {
  readonly kind: string;
  readonly summary: string;
  readonly snippet: string | null;
  readonly breaks: string | null;
}

interface Mended {
  readonly control: string;
  readonly subject: string;
  /** Docker compose made the container: it would undo what is changed elsewhere than in its file. */
  readonly isOfCompose: boolean;
  /** The file on the host that fails, too. */
  readonly file: string | undefined;
  readonly fix: Fix | null;
}

/** A word for a shell. Hosts say what a container is called: it may try to be more than a name. */
export function quoted(word: string): string {
  // What a terminal would act on, or not show, is no part of a command that somebody copies.
  const shown = word.replace(/\p{C}/gu, "\ufffd");
  return /^[\w./:@=][\w./:@=-]*$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/**
 * The command that mends this finding on its host; undefined where none can. `bulkhead fix` says what it does, and puts the old
 * container back if the new one does not start.
 */
export function fixCommand({ control, subject, isOfCompose, file, fix }: Mended): string | undefined {
  if (!fix || fix.kind === "manual") return undefined;
  const accepted = fix.kind === "decision" ? ` --accept ${quoted(control)}` : "";
  const command = (target: string, how: string) =>
    `sudo bulkhead fix ${quoted(target)} --only ${quoted(control)}${accepted} ${how}`;
  if (subject === "engine") return command("engine", "--apply");
  if (!subject.startsWith("container:")) return undefined;
  if (file !== undefined) return command(file, "--apply");
  return isOfCompose ? undefined : command(subject, "--recreate");
}
