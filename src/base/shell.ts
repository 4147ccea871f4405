/** A simple command of a shell text, as far as it can be told without running it. */
export interface ShellCommand {
  /** `A=b` in front of it, as written. */
  readonly assigned: readonly string[];
  /** The program and its arguments without quotes; variables stay as written. */
  readonly words: readonly string[];
  /** Whether its output goes to the next command. */
  readonly isPiped: boolean;
}

/** More of a text than this is not looked at. */
const longest = 64 * 1024;
/** `sh -c "sh -c '…'"`: how deep scripts within scripts are followed. */
const deepest = 4;

/**
 * Every simple command of a shell text, those behind `sudo`, `env` and the like, in `$(…)` and in `sh -c` too. A plain reading
 * without expansion: it serves to recognise programs and options, not to run them.
 */
export function shellCommands(text: string, depth = 0): readonly ShellCommand[] {
  const found: ShellCommand[] = [];
  const source = text.slice(0, longest);
  let words: string[] = [];
  let word: string | undefined;
  let at = 0;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (isPiped: boolean) => {
    endWord();
    if (words.length > 0) addCommand(words, isPiped, depth, found);
    words = [];
  };
  while (at < source.length) {
    const char = source[at] ?? "";
    if (char === "\\") {
      const next = source[at + 1] ?? "";
      if (next !== "\n" && next !== "\r") word = (word ?? "") + next;
      at += next === "\r" && source[at + 2] === "\n" ? 3 : 2;
    } else if (char === "'" || char === '"') {
      const end = endOfQuote(source, at, found, depth);
      word = (word ?? "") + unquote(source.slice(at + 1, end), char);
      at = end + 1;
    } else if (
      char === "`" ||
      (char === "$" && source[at + 1] === "(") ||
      /^[<>]\(/.test(source.slice(at, at + 2))
    ) {
      const open = char === "`" ? at : at + 1;
      const end = char === "`" ? source.indexOf("`", at + 1) : endOfParentheses(source, open);
      const last = end === -1 ? source.length : end;
      if (depth < deepest) found.push(...shellCommands(source.slice(open + 1, last), depth + 1));
      word = (word ?? "") + source.slice(at, last + 1);
      at = last + 1;
    } else if (char === "#" && word === undefined) {
      const end = source.indexOf("\n", at);
      at = end === -1 ? source.length : end;
    } else if (/[\n;&|(){}]/.test(char) && !isPartOfWord(source, at)) {
      const isPipe = char === "|" && source[at + 1] !== "|" && source[at - 1] !== "|";
      endCommand(isPipe);
      at += 1;
    } else if (/\s/.test(char)) {
      endWord();
      at += 1;
    } else {
      word = (word ?? "") + char;
      at += 1;
    }
  }
  endCommand(false);
  return found;
}

/** The same for a command that is already in words, as Docker's exec form and an Engine's `Cmd` are. */
export function commandsOfWords(words: readonly string[]): readonly ShellCommand[] {
  const found: ShellCommand[] = [];
  if (words.length > 0) addCommand(words, false, 0, found);
  return found;
}

/** The words of a command that no shell reads, as docker compose splits a `command:` (mattn/go-shellwords): only quotes and escapes count. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const [match] of text.matchAll(/(?:\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\s\\'"]|['"\\])+/g))
    words.push(
      match.replaceAll(
        /\\([\s\S])|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"/g,
        (_, escaped: string | undefined, single: string | undefined, double: string | undefined) =>
          escaped ?? single ?? unquote(double ?? "", '"'),
      ),
    );
  return words;
}

/** `${X}`, `{}`, `2>&1` and `&>` end no command. */
function isPartOfWord(source: string, at: number): boolean {
  const char = source[at];
  const before = source[at - 1];
  if (char === "&") return before === ">" || before === "<" || source[at + 1] === ">";
  if (char === "{") return before === "$" || source[at + 1] === "}" || !/\s/.test(source[at + 1] ?? " ");
  if (char === "}") return !/[\s;]/.test(before ?? " ") || before === "{";
  return false;
}

function endOfQuote(source: string, start: number, found: ShellCommand[], depth: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    if (quote === '"' && source[at] === "\\") at += 1;
    else if (quote === '"' && source[at] === "$" && source[at + 1] === "(") {
      const end = endOfParentheses(source, at + 1);
      if (depth < deepest) found.push(...shellCommands(source.slice(at + 2, end), depth + 1));
      at = end;
    }
    at += 1;
  }
  return at;
}

function endOfParentheses(source: string, start: number): number {
  let depth = 0;
  let quote = "";
  for (let at = start; at < source.length; at += 1) {
    const char = source[at] ?? "";
    if (char === "\\") at += 1;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === "(") depth += 1;
    else if (char === ")" && --depth === 0) return at;
  }
  return source.length;
}

function unquote(text: string, quote: string): string {
  return quote === '"' ? text.replaceAll(/\\(["\\$`])/g, "$1").replaceAll(/\\\r?\n/g, "") : text;
}

function addCommand(all: readonly string[], isPiped: boolean, depth: number, found: ShellCommand[]): void {
  const first = all.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !keywords.has(word));
  const assigned = (first === -1 ? all : all.slice(0, first)).filter((word) => word.includes("="));
  let words = first === -1 ? [] : all.slice(first);
  found.push({ assigned, words, isPiped });
  for (let turn = 0; turn < 8; turn += 1) {
    const script = scriptOf(words);
    if (script !== undefined && depth < deepest) found.push(...shellCommands(script, depth + 1));
    const inner = behindWrapper(words);
    if (inner === undefined) return;
    words = inner.slice(inner.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
    found.push({ assigned: inner.filter((word) => /^[A-Za-z_]\w*=/.test(word)), words, isPiped });
  }
}

const keywords = new Set("if then else elif fi while until do done for case esac ! { } time".split(" "));

/** Programs that run the command behind their options, with the letters of those that take a value and the operands in front. */
const wrappers: Readonly<Record<string, { readonly values: string; readonly operands?: number }>> = {
  sudo: { values: "CDRTUghprtu" },
  doas: { values: "Cu" },
  env: { values: "CSu" },
  exec: { values: "a" },
  nice: { values: "n" },
  nohup: { values: "" },
  timeout: { values: "ks", operands: 1 },
  setsid: { values: "" },
  command: { values: "" },
  xargs: { values: "EILPadns" },
  chroot: { values: "", operands: 1 },
  gosu: { values: "", operands: 1 },
  "su-exec": { values: "", operands: 1 },
  "dumb-init": { values: "" },
  tini: { values: "" },
};

function behindWrapper(words: readonly string[]): readonly string[] | undefined {
  const wrapper = wrappers[programOf(words)];
  if (!Object.hasOwn(wrappers, programOf(words)) || !wrapper) return undefined;
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") {
      at += 1;
      break;
    }
    if (/^-[A-Za-z]$/.test(word) && wrapper.values.includes(word[1] ?? "-")) at += 1;
    else if (!word.startsWith("-")) break;
  }
  const inner = words.slice(at + (wrapper.operands ?? 0));
  return inner.some((word) => !/^[A-Za-z_]\w*=/.test(word)) ? inner : undefined;
}

const shells = /^(?:ba|da|a|z|k|mk)?sh$/;

/** The script of `sh -c SCRIPT`, also `su -c SCRIPT`. */
function scriptOf(words: readonly string[]): string | undefined {
  const program = programOf(words);
  if (!shells.test(program) && program !== "su" && program !== "runuser") return undefined;
  const flag = words.findIndex((word, index) => index > 0 && /^-[a-zA-Z]*c$|^--command$/.test(word));
  return flag === -1 ? undefined : words.slice(flag + 1).find((word) => !/^[-+]/.test(word));
}

/** `/usr/bin/curl` is `curl`. */
export function programOf(words: readonly string[]): string {
  const first = words[0] ?? "";
  return first.slice(first.lastIndexOf("/") + 1);
}

/**
 * Whether an option stands there: by its name (`--insecure`, also `--insecure=true`), or by its letter among bundled ones
 * (`-fsSLk`). `values` are the letters that take the rest of their word as a value, where the bundle ends.
 */
export function hasOption(
  words: readonly string[],
  {
    names = [],
    letter,
    values = "",
  }: { readonly names?: readonly string[]; readonly letter?: string; readonly values?: string },
): boolean {
  return words.slice(1).some((word) => {
    if (word.startsWith("--")) return names.some((name) => word === name || word.startsWith(`${name}=`));
    if (names.includes(word)) return true;
    if (letter === undefined || !/^-[A-Za-z0-9#]/.test(word)) return false;
    for (const each of word.slice(1)) {
      if (each === letter) return true;
      if (values.includes(each)) return false;
    }
    return false;
  });
}
