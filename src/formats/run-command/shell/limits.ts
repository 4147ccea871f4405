/** Far beyond what anybody writes, and about what Linux lets a command line hold (execve(2), ARG_MAX). */
export const mostArguments = 20_000;

/** Commands of one file that are read: more than any file that people write has. */
export const mostCommands = 10_000;

/**
 * Why a text is more than the parser should be given, so that no input takes longer than its length warrants; undefined
 * for what people write.
 */
export function tooMuch(text: string): string | undefined {
  // The parser reads the inside of each substitution again: depth times length is what it takes.
  if (deepest(text) * text.length > 40_000_000) return "it is nested too deeply to be read";
  // bash itself stops at 16 on a line (parse.y, HEREDOC_MAX).
  if (mostHeredocs(text) > 100) return "a line has too many here-documents to be read";
  return undefined;
}

/** How deep `$(`, `${` and the like stand in one another, at most. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [found] of text.matchAll(/[$<>]\(|\$[{[]|[)}\]]/g)) {
    depth = found.length === 2 ? depth + 1 : Math.max(0, depth - 1);
    most = Math.max(most, depth);
  }
  return most;
}

/** How many `<<` stand on one line, at most. */
function mostHeredocs(text: string): number {
  let count = 0;
  let most = 0;
  for (const [found] of text.matchAll(/<<|\n/g)) {
    count = found === "\n" ? 0 : count + 1;
    most = Math.max(most, count);
  }
  return most;
}
