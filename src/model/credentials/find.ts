import { isAuthName, isCredentialName, isLiteral, isReference, spelledOf } from "./names.ts";
import { inert, type PasswordOptions, passwordOptions, shells, starters } from "./programs.ts";
import { type Command, commandsOf, plainText } from "./shell.ts";
import { entropyOf, type Token, tokensIn } from "./tokens.ts";

/** A credential that is written out in a text. */
export interface Credential {
  /** What names it: `DB_PASSWORD`, `redis-server --requirepass`, `a URL`, `a token (github-pat)`. */
  readonly name: string;
  /** `name`: by the name of the whole value. `value`: by a shape or a place within it. */
  readonly by: "name" | "value";
  /** The credential itself, for a mask: never print it. */
  readonly value: string;
}

/** A credential with what it stands in: `its command`, `the label x`, `RUN`. */
export interface WrittenCredential extends Credential {
  readonly where: string;
  /** It is in an env file that git tracks; `unknown` where git's index cannot be read. */
  readonly isTracked?: true | "unknown";
}

/** Longer texts are not searched to their end: a credential stands near the beginning. */
const longest = 64 * 1024;

/**
 * The credentials of a named value: a variable, a label, an option. A placeholder such as `changeme` is one: it is what
 * runs. A variable's name (`${DB_PASSWORD}`), a path, a switch or a number of seconds is none.
 */
export function credentialsInValue(name: string, value: string): readonly Credential[] {
  const text = value.slice(0, longest);
  const bare = text.trim();
  if (bare.length < 2 || (isReference(bare) && tokensIn(bare).length === 0))
    return isShortSecret(name, bare) ? [{ name, by: "name", value: bare }] : [];
  const inside = [
    ...shapesIn(text),
    ...(/[\s=]/.test(bare) ? assignmentsIn(text, name) : []),
    ...(/^[[{]/.test(bare) ? pairsIn(text) : []),
  ];
  if (inside.length > 0) return inside;
  if (isCredentialName(name) && isLiteral(name, bare)) return [{ name, by: "name", value: bare }];
  if (isRandomKey(name, bare)) return [{ name, by: "name", value: bare }];
  return /\s-{1,2}[A-Za-z]|^-{1,2}[A-Za-z]/.test(text) ? unique(optionsIn(text.split(/\s+/), "")) : [];
}

function isShortSecret(name: string, text: string): boolean {
  return text.length === 1 && !isReference(text) && isCredentialName(name) && isLiteral(name, text);
}

/** `FOO_KEY` is many things; one with a long random value is a key. */
function isRandomKey(name: string, text: string): boolean {
  const spelled = spelledOf(name);
  if (
    !/(?:^|_)KEY$/.test(spelled) ||
    /PUBLI[CS]|GPG|PGP|SORT|PARTITION|HOST_KEY|CACHE|FOREIGN|PRIMARY/.test(spelled)
  )
    return false;
  return /^(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{20,200}$/.test(text) && entropyOf(text) > 3.5;
}

/** The credentials of a command line that is given as a list: `["redis-server", "--requirepass", "x"]`. */
export function credentialsInArguments(words: readonly string[]): readonly Credential[] {
  const bounded = words.slice(0, 2000).map((word) => word.slice(0, longest));
  return unique(inCommand({ words: bounded, body: undefined, input: undefined }, 0));
}

/** The credentials of a shell script, with its here-documents. */
export function credentialsInScript(script: string): readonly Credential[] {
  const text = script.slice(0, longest);
  return unique(inScript(text, 0));
}

/** The credentials of a configuration file of whatever syntax: `password = x`, `"password": "x"`, `requirepass x`. */
export function credentialsInLines(text: string): readonly Credential[] {
  const bounded = text.slice(0, longest);
  return unique([
    ...shapesIn(bounded),
    ...assignmentsIn(bounded),
    ...directivesIn(bounded),
    ...pairsIn(bounded),
  ]);
}

/** A shell in a shell in a shell: deeper nobody nests. */
const deepest = 4;

function inScript(text: string, depth: number): readonly Credential[] {
  const commands = commandsOf(text);
  const texts = commands.flatMap(({ body }) => (body === undefined ? [] : credentialsInLines(body)));
  return [
    ...shapesIn(text),
    ...commands.flatMap((command) => inCommand(command, depth)),
    ...texts,
    ...sqlIn(text),
    ...powershellIn(text),
    ...pairsIn(text),
    ...written(commands),
  ];
}

/** What `echo` and `printf` write may be lines of a configuration file. */
function written(commands: readonly Command[]): readonly Credential[] {
  return commands
    .filter(({ words }) => /^(?:.*\/)?(?:echo|printf)$/.test(words[0] ?? ""))
    .flatMap(({ words }) => {
      const text = plainText(words.slice(1).join(" ")).replaceAll("\\n", "\n");
      return [...assignmentsIn(text), ...directivesIn(text)];
    });
}

function inCommand(command: Command, depth: number): readonly Credential[] {
  const { words } = command;
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const set = words
    .slice(0, first < 0 ? words.length : first)
    .flatMap((word) => ofAssignment(word))
    .flat();
  const start = first < 0 ? words.length : skipStarters(words, first);
  // Without a program's name the words are arguments of the image's own.
  const isNameless = words[start]?.startsWith("-") ?? false;
  const program = isNameless ? "" : nameOf(words[start] ?? "");
  const shell = words.findIndex((word, index) => index >= start && shells.has(nameOf(word)));
  const nested = shell >= 0 && !inert.has(program) ? scriptOf(words.slice(shell)) : undefined;
  if (nested !== undefined && depth < deepest) return [...set, ...inScript(nested, depth + 1)];
  if (/^(?:e|f)?grep$|^rg$|^g?awk$|^perl$|^test$|^\[/.test(program))
    return [...set, ...words.flatMap((word) => tokensIn(word).map(ofToken))];
  if (program === "sed") return [...set, ...words.slice(start + 1).flatMap(ofSubstitution)];
  const rest = words.slice(isNameless ? start : start + 1);
  const isQuiet = program === "echo" || program === "printf";
  return [
    ...set,
    ...words.flatMap((word) => shapesIn(plainText(word))),
    ...(isQuiet ? [] : optionsIn(rest, program)),
    ...(inert.has(program) ? [] : rest.flatMap((word, index) => byProgram(word, index + start + 1, command))),
    ...byProgram(words[start] ?? "", start, command),
    ...rest.flatMap((word) => [...ofAssignment(word), ...ofHeader(word)]),
  ];
}

function nameOf(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

function skipStarters(words: readonly string[], from: number): number {
  let at = from;
  for (
    let own = starters.get(nameOf(words[at] ?? ""));
    own !== undefined;
    own = starters.get(nameOf(words[at] ?? ""))
  ) {
    const isReadingInput = nameOf(words[at] ?? "") === "sudo" && words[at + 1] === "-S";
    if (isReadingInput) return at;
    at += 1;
    while (at < words.length && /^-|^[A-Za-z_]\w*=/.test(words[at] ?? "")) at += 1;
    at += own;
  }
  return at;
}

/** The script of `sh -c SCRIPT`. */
function scriptOf(words: readonly string[]): string | undefined {
  const flag = words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  return flag < 0 ? undefined : plainText(words[flag + 1] ?? "");
}

/** `--password x`, `--password=x`, `-storepass x`: an option whose name says that its value is a credential. */
function optionsIn(words: readonly string[], program: string): readonly Credential[] {
  return words.flatMap((word, index): readonly Credential[] => {
    const match = /^--?([A-Za-z][\w.-]{2,80})(?:=([\s\S]*))?$/.exec(word);
    const name = match?.[1];
    if (!match || name === undefined || !isCredentialName(name)) return [];
    if (
      /^(?:secrets?|credentials?|passwords|pass)$/i.test(name) &&
      match[2] === undefined &&
      !/cli$/.test(program)
    ) {
      // `docker build --secret id=x`, `docker service create --secret NAME`.
      if (/^secrets?$/i.test(name)) return [];
    }
    const value = match[2] ?? words[index + 1] ?? "";
    if (match[2] === undefined && /^(?:-|id=|source=|src=|type=)/.test(value)) return [];
    return isSecretText(value, name)
      ? [found(`${program === "" ? "" : `${program} `}${word.split("=", 1)[0]}`, value)]
      : [];
  });
}

function isSecretText(value: string, name = "password"): boolean {
  const text = value.trim();
  if (text === "" || text.length > 2000 || isReference(text) || /^\d{1,3}$/.test(text)) return false;
  if (/^(?:@|file:|env:|fd:|stdin$|prompt$)/.test(text) || /^[-+|>&;]/.test(text)) return false;
  return isLiteral(name, text);
}

function found(name: string, value: string, by: Credential["by"] = "value"): Credential {
  return { name, by, value: plainText(value) };
}

/** The credential that a program gets by an option that only its manual says to be one. */
function byProgram(word: string, at: number, command: Command): readonly Credential[] {
  const name = nameOf(word);
  const rows = byName().get(name);
  if (!rows) return [];
  const rest = command.words.slice(at + 1);
  return rows.flatMap((row) => ofRow(row, name, rest, command));
}

let rowsByName: ReadonlyMap<string, readonly PasswordOptions[]> | undefined;

function byName(): ReadonlyMap<string, readonly PasswordOptions[]> {
  if (rowsByName) return rowsByName;
  const rows = new Map<string, PasswordOptions[]>();
  for (const row of passwordOptions) {
    for (const program of row.programs) rows.set(program, [...(rows.get(program) ?? []), row]);
  }
  rowsByName = rows;
  return rows;
}

function ofRow(
  row: PasswordOptions,
  program: string,
  rest: readonly string[],
  command: Command,
): readonly Credential[] {
  const { needs, options = {}, pairs = {} } = row;
  const needed = needs ? rest.findIndex((word) => needs.test(word)) : -1;
  if (needs && needed < 0) return [];
  const given = [
    ...Object.entries(options).flatMap(([option, how]) =>
      optionValues(rest, option, how).map((value) => ({ option, value })),
    ),
    ...Object.entries(pairs).flatMap(([option, between]) =>
      optionValues(rest, option, "bundled").flatMap((value) => {
        const cut = value.indexOf(between);
        return cut < 0 ? [] : [{ option, value: value.slice(cut + 1) }];
      }),
    ),
    ...(row.behind !== undefined
      ? [{ option: rest[needed] ?? "", value: afterUser(rest[needed + row.behind] ?? "", row.between) }]
      : []),
    ...(row.last ? [{ option: "", value: rest.length > 1 ? (rest.at(-1) ?? "") : "" }] : []),
  ];
  const direct = given.flatMap(({ option, value }) => {
    const text = program === "openssl" ? value.replace(/^pass:/, "") : value.replace(/^token=/, "");
    return isSecretText(text) ? [found(`${program} ${option.split("=", 1)[0]}`.trim(), text)] : [];
  });
  return [...direct, ...(row.input ? ofInput(row.input, program, command) : [])];
}

/** `x` of `bob:x`; the whole word where it names no user. */
function afterUser(word: string, between: string | undefined): string {
  return between === undefined ? word : word.slice(word.indexOf(between) + 1);
}

/** The values of an option: `-pX`, `-p X`, `--pass=X`, `--pass X`; `-fsu X` where letters may stand together. */
function optionValues(
  words: readonly string[],
  option: string,
  how: "attached" | "either" | "bundled",
): readonly string[] {
  const isBundle = (word: string) =>
    how === "bundled" &&
    option.length === 2 &&
    /^-[A-Za-z]{2,8}$/.test(word) &&
    word.endsWith(option.slice(1));
  return words.flatMap((word, index) => {
    if (word === option || isBundle(word))
      return how !== "attached" && words[index + 1] !== undefined ? [words[index + 1] ?? ""] : [];
    if (option.startsWith("--")) return word.startsWith(`${option}=`) ? [word.slice(option.length + 1)] : [];
    return word.startsWith(option) && option.length === 2 && !word.startsWith("--")
      ? [word.slice(2).replace(/^=/, "")]
      : [];
  });
}

/** What a program reads: a here-document, a here-string, or what `echo` or `printf` writes. */
function ofInput(
  kind: "password" | "user:password",
  program: string,
  { body, input }: Command,
): readonly Credential[] {
  const isWriter = input && /^(?:.*\/)?(?:echo|printf)$/.test(input.words[0] ?? "");
  const words = (input?.words ?? []).slice(1).filter((word) => !/^-[neE]+$|^%s(?:\\n)?$/.test(word));
  const text = body ?? (isWriter ? words.join(" ").replaceAll("\\n", "\n") : undefined);
  if (text === undefined) return [];
  return text.split("\n").flatMap((line) => {
    const value = kind === "password" ? line.trim() : /^[^\s:]+:(\S+)/.exec(line.trim())?.[1];
    return value !== undefined && isSecretText(value) ? [found(program, value)] : [];
  });
}

/** `NAME=value`, also within a word: `-Dspring.datasource.password=x`, `username=x,password=y`. */
function ofAssignment(word: string): readonly Credential[] {
  return word.includes("=") ? assignmentsIn(plainText(word)) : [];
}

/** What a `sed` script puts in. */
function ofSubstitution(word: string): readonly Credential[] {
  const match = /^s(.)((?:\\.|(?!\1)[^\\])*)\1((?:\\.|(?!\1)[^\\])*)\1/.exec(word);
  return match ? [...assignmentsIn(match[3] ?? ""), ...directivesIn(match[3] ?? "")] : shapesIn(word);
}

/** `Authorization: Bearer x`, `PRIVATE-TOKEN: x`. */
function ofHeader(word: string): readonly Credential[] {
  const match = /^([A-Za-z][\w-]{2,60}):\s*(?:(Basic|Bearer|Token|ApiKey|Digest)\s+)?(\S+)\s*$/i.exec(word);
  const [, name = "", scheme, value = ""] = match ?? [];
  if (!match || !(isCredentialName(name) || /^(?:proxy-)?authorization$/i.test(name) || scheme)) return [];
  return isSecretText(value) && value.length > 3 ? [found(name, value)] : [];
}

/** A password inside a longer value; the group is the password. */
const carriers: readonly (readonly [name: string, pattern: RegExp])[] = [
  // scheme://user:password@host
  ["a URL", /[a-z][a-z\d+.-]{0,30}:\/\/[^\s/:@?#'"]{0,200}:([^\s/@'"]{1,500})@/gi],
  // scheme://token@host: only what is too long and too random for a user's name
  ["a URL", /https?:\/\/([A-Za-z0-9_-]{20,200})@/gi],
  // user:password@tcp(host), Go's MySQL driver
  ["a data source name", /(?:^|[\s"'=])[^\s:@/"'=]{1,100}:([^\s@"']{1,500})@(?:tcp|unix)\(/g],
  // Server=db;User Id=sa;Password=…
  ["a connection string", /(?:^|;)\s{0,10}(?:Password|Pwd)\s{0,10}=\s{0,10}([^;\s"']{1,500})/gi],
  // https://host/?token=…
  [
    "a URL",
    /[?&](?:password|passwd|token|secret|api_?key|access_?key|access_token|auth_token|client_secret)=([^&\s#"']{1,500})/gi,
  ],
  // Authorization=Basic …, in a label or a header
  ["a header", /\b(?:Basic|Bearer)\s+([A-Za-z0-9+/_.=-]{12,2000})(?![\w])/g],
  ["an authToken", /:_authToken=([^\s"']{6,500})/g],
];

function ofToken({ issuer, value }: Token): Credential {
  if (issuer !== "password-hash") return found(`a token (${issuer})`, value);
  // `found` would take its backslashes out.
  return { name: passwordHash, by: "value", value };
}

/** What can be guessed at without asking the server, and is not the password itself. */
export const passwordHash = "a password hash";

function shapesIn(text: string): readonly Credential[] {
  const tokens = tokensIn(text).map(ofToken);
  // Each of them needs one of these, and most values have neither.
  if (!/[@=]|Basic |Bearer /.test(text)) return tokens;
  const carried = carriers.flatMap(([name, pattern]) =>
    [...text.matchAll(pattern)].flatMap(([, value]) =>
      value !== undefined && !isReference(value) && !/^\$\{?\w|^%/.test(value) ? [found(name, value)] : [],
    ),
  );
  return [...tokens, ...carried];
}

/** `NAME=value`, `NAME="two words"`, `--password=value`. */
const assignment =
  /(?<![\w$.{@-])(-{0,2}[A-Za-z_][\w.:-]{0,100}) ?(?:=|:=) ?(?:\\?"([^"]{0,4096}?)\\?"|'([^']{0,4096})'|([^\s"';&|,]{0,4096}))/g;

function assignmentsIn(text: string, whole = ""): readonly Credential[] {
  if (!text.includes("=")) return [];
  return [...text.matchAll(assignment)].flatMap(([, key = "", double, single, bare = ""]) => {
    const value = double ?? single ?? bare;
    const name = key.replace(/^-D|^-+/, "");
    if (name === whole || !isCredentialName(name) || isReference(value.trim()) || value.startsWith("$"))
      return [];
    // An expression that looks for it, or code that reads it: `password=.*`, `token=get(…)`.
    if (/^(?:[.[(\\^]|\w+[([]|process\.env|os\.)/.test(value) && double === undefined && single === undefined)
      return [];
    return isLiteral(name, value.trim()) && (!isAuthName(name) || value.length > 3)
      ? [found(name, value.trim())]
      : [];
  });
}

/** `"password": "x"`, `password: x` on a line of its own, `<password>x</password>`, an `auth` of a registry. */
function pairsIn(text: string): readonly Credential[] {
  if (!/[:>]/.test(text)) return [];
  const pairs = [
    ...text.matchAll(/\\?["']([\w.-]{2,80})\\?["']\s{0,10}:\s{0,10}\\?["']([^"'\\]{1,2000})\\?["']/g),
    ...text.matchAll(
      /^[ \t]*(?:- )?([A-Za-z_][\w.-]{1,80}):[ \t]+["']?([^\s"'#][^"'\n]{0,500}?)["']?[ \t]*(?:#.*)?$/gm,
    ),
    ...text.matchAll(/<([A-Za-z][\w.-]{2,60})>([^<>]{1,500})<\/\1>/g),
  ];
  return pairs.flatMap(([, name = "", value = ""]) => {
    if (name === "auth")
      return /^[\w+/]{8,}={0,2}$/.test(value) && isPair(value) ? [found("a registry's auth", value)] : [];
    return isCredentialName(name) && !isReference(value.trim()) && isLiteral(name, value.trim())
      ? [found(name, value.trim())]
      : [];
  });
}

/** Base64 of `user:password`. */
function isPair(value: string): boolean {
  const text = Buffer.from(value, "base64").toString("latin1");
  return /^[\x20-\x7e]{3,}$/.test(text) && /[^:]:[^:]/.test(text);
}

/** Directives of configuration files that take a password behind a blank, and lines of .netrc. */
function directivesIn(text: string): readonly Credential[] {
  const patterns = [
    /^[ \t]{0,40}(requirepass|masterauth|auth-pass|rootpw|bindpw|credentials)[ \t]{1,40}["']?([^\s"']{1,500})["']?/gim,
    /\b(password)\s+([^\s"'\\]{1,500})(?=[\s"'\\]|$)/g,
  ];
  return patterns.flatMap((pattern, index) => {
    if (index === 1 && !/\bmachine\s+\S+\s+login\b/.test(text)) return [];
    return [...text.matchAll(pattern)].flatMap(([, name = "", value = ""]) =>
      isSecretText(value) ? [found(name, value)] : [],
    );
  });
}

function sqlIn(text: string): readonly Credential[] {
  const pattern =
    /\b(?:IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)|PASSWORD|PASSWORD\s*\()\s*\(?\\?'([^'\\]{1,200})\\?'/gi;
  if (!/IDENTIFIED|PASSWORD/i.test(text)) return [];
  return [...text.matchAll(pattern)].flatMap(([, value = ""]) =>
    isSecretText(value) ? [found("SQL", value)] : [],
  );
}

/** How PowerShell and cmd set a variable (about_Environment_Variables), which is a word of a command to a POSIX shell. */
const powershell = [
  /\$(?:env:|global:|script:)?([A-Za-z_]\w{1,80})[ \t]{0,9}=[ \t]{0,9}\\?(["'])([^"'\r\n\\]{1,500})\\?\2/gi,
  /SetEnvironmentVariable\(\s{0,9}["']([\w.-]{1,80})(["'])\s{0,9},\s{0,9}["']([^"'\r\n]{1,500})["']/gi,
  /\b(?:Set|New)-Item\s+(?:-Path\s+)?["']?env:[\\/]?(\w{1,80})(["']?)\s+(?:-Value\s+)?["']?([^\s"']{1,500})/gi,
  /\bsetx(?:\.exe)?\s+(?:\/[a-z]\s+)?(\w{1,80})(\s)\s{0,9}["']?([^\s"']{1,500})/gi,
  /\bConvertTo-Secure(String)\s+(?:-String\s+)?(["'])([^"'\r\n]{1,500})["']/gi,
];

function powershellIn(text: string): readonly Credential[] {
  if (!/\$\w|env:|setx|Secure|SetEnv/i.test(text)) return [];
  return powershell.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, name = "", , value = ""]) => {
      const isKnown = isCredentialName(name) || name === "String";
      return isKnown && !value.includes("$") && isSecretText(value, name === "String" ? "password" : name)
        ? [found(name === "String" ? "ConvertTo-SecureString" : name, value)]
        : [];
    }),
  );
}

/** Each value once, by the name that says most. */
function unique(all: readonly Credential[]): readonly Credential[] {
  const byValue = new Map<string, Credential>();
  for (const each of all) if (!byValue.has(each.value)) byValue.set(each.value, each);
  return [...byValue.values()];
}
