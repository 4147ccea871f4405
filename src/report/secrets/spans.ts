import {
  credentialsInArguments,
  credentialsInLines,
  credentialsInScript,
} from "../../model/credentials/find.ts";
import { mask } from "../../model/credentials/mask.ts";
import { isAuthName, isCredentialName, isLiteral } from "../../model/credentials/names.ts";

/** A part of a text, as offsets in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const knownTokens =
  /\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_\w{20,255}|\bglpat-[\w-]{20,64}|\bxox[abeoprs]-[\w-]{10,255}|\b[rs]k_live_\w{16,255}|\beyJ[\w-]{8,512}\.[\w-]{8,}(?:\.[\w-]*)?/g;
// A webhook's address is a secret from where it names one on.
const webhookPaths =
  /(?<=\bhooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{8,512}|(?<=\bdiscord(?:app)?\.com\/api\/(?:v\d{1,3}\/)?webhooks\/)[\w/-]{8,512}/gi;
// Credentials before the host of a URL. Lengths are bounded so that a hostile line costs linear time.
const urlCredentials = /:\/\/([^\s/"'`<>]{1,512})@/g;
const cutCredentials =
  /:\/\/[^\s/"'`<>@:[\]]{1,256}:(?!\d{1,5}(?![\w.-])|[A-Z_]+\b|[$*{<[%])([^\s/"'`<>@,;)\]}]{1,256})/g;
const identifier = /[A-Za-z_][A-Za-z0-9_.-]*/g;
const wholeNames = new Set(["authorization", "passphrase", "credential", "credentials", "apikey", "passwd"]);
const secretWords = new Set([
  "pass",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "secret",
  "token",
  "credential",
]);
/** In every name of a secret. */
const inSecretNames = /pass|pw|secret|token|credential|auth|key/i;
const keyWords = new Set(["api", "access", "private", "secret", "encryption", "signing", "master", "auth"]);

/**
 * Where a line holds what looks like a secret: the value of a name that says so (`DB_PASSWORD: x`,
 * `--token=x`, `ENV SECRET x`), credentials in a URL, and tokens of well-known shapes. In order, without
 * overlap. `colon`: whether `NAME: x` assigns, as in YAML and JSON, or is prose.
 */
export function secretSpans(line: string, options: { readonly colon: boolean }): readonly Span[] {
  return mergeSpans([
    ...assignedSpans(line, options.colon),
    ...urlSpans(line),
    ...(options.colon ? cutUrlSpans(line) : []),
    ...tokenSpans(line),
    ...(options.colon ? foundSpans(line) : []),
  ]);
}

/** The spans in order, overlapping ones made one, empty ones left out. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.end <= span.start) continue;
    const last = merged.at(-1);
    if (last && span.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/** Longer lines are looked through by the other rules alone. */
const longestLine = 16 * 1024;

/** What the commands and lines of a file have written out: `mysql -psecret`, `echo root:secret | chpasswd`. */
function foundSpans(line: string): readonly Span[] {
  if (line.length > longestLine) return [];
  // A command that is a list in YAML, JSON or HCL: `["redis-server", "--requirepass", "x"]`.
  const words = line.split(/[\s,[\]"']+/).filter((word) => word !== "");
  const values = [
    ...credentialsInScript(line),
    ...credentialsInLines(line),
    ...(line.includes(",") ? credentialsInArguments(words) : []),
  ].map(({ value }) => value);
  return values.flatMap((value) => {
    const at = line.indexOf(value);
    return at < 0 || value === "" || value.startsWith(mask) ? [] : [{ start: at, end: at + value.length }];
  });
}

function tokenSpans(line: string): readonly Span[] {
  return [knownTokens, webhookPaths].flatMap((pattern) =>
    [...line.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length })),
  );
}

function urlSpans(line: string): readonly Span[] {
  if (!line.includes("://")) return [];
  return [...line.matchAll(urlCredentials)].flatMap((match) => {
    const credentials = match[1] ?? "";
    const start = match.index + "://".length;
    const colon = credentials.indexOf(":");
    // Elsewhere a user alone may be a token; ssh takes none there.
    if (colon < 0 && /(?:^|[^a-z0-9+.-])ssh$/i.test(line.slice(Math.max(0, match.index - 4), match.index)))
      return [];
    return [{ start: start + colon + 1, end: start + credentials.length }];
  });
}

/** Credentials of a URL whose `@` and host were cut off, or stand on the next line: what follows the colon is not a port. */
function cutUrlSpans(line: string): readonly Span[] {
  if (!line.includes("://")) return [];
  return [...line.matchAll(cutCredentials)].flatMap((match) => {
    const value = match[1] ?? "";
    const end = match.index + match[0].length;
    return isHarmless(value) ? [] : [{ start: end - value.length, end }];
  });
}

function assignedSpans(line: string, colon: boolean): readonly Span[] {
  if (!inSecretNames.test(line)) return [];
  const spans: Span[] = [];
  let from = 0;
  for (const match of line.matchAll(identifier)) {
    if (match.index < from || !isSecretName(match[0]) || isReference(line, match.index)) continue;
    const value = valueAfter(line, match.index, match.index + match[0].length, colon);
    if (!value || isHarmless(line.slice(value.start, value.end))) continue;
    // `docker build --secret id=key,src=key.pem` says where it is.
    if (/^secrets?$/i.test(match[0]) && /^(?:id|source|src|type|env)=/.test(line.slice(value.start)))
      continue;
    // `SMTP_AUTH: login` says how; `NEO4J_AUTH: neo4j/…` has one.
    if (isAuthName(match[0]) && !isLiteral(match[0], line.slice(value.start, value.end))) continue;
    spans.push(value);
    from = value.end;
  }
  return spans;
}

/** `$PWD` and `${PASSWORD` read a variable, they do not set one. */
function isReference(line: string, start: number): boolean {
  return line[start - 1] === "$" || (line[start - 1] === "{" && line[start - 2] === "$");
}

/** Whether a variable, key or flag of this name holds a secret: what the controls call one, and more. `…_FILE` names where one is. */
export function isSecretName(name: string): boolean {
  // Nearly every word of nearly every line leaves here.
  if (!inSecretNames.test(name)) return false;
  if (isCredentialName(name)) return true;
  const words = name
    .slice(-128)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[_.-]+/)
    .filter((word) => word !== "");
  const last = words.at(-1);
  if (last === undefined || last === "file" || last === "path") return false;
  if (words.length === 1) {
    return wholeNames.has(last) || (last !== "pwd" && secretWords.has(last)) || /password|passwd/.test(last);
  }
  if (words.some((word) => secretWords.has(word) || word.endsWith("password"))) return true;
  if (words.some((word) => wholeNames.has(word))) return true;
  return last === "key" && words.some((word) => keyWords.has(word));
}

function valueAfter(line: string, nameStart: number, nameEnd: number, colon: boolean): Span | undefined {
  const outer = line[nameStart - 1];
  const rest = (pattern: RegExp) => {
    pattern.lastIndex = nameEnd;
    return pattern.exec(line)?.[0];
  };
  const equals = rest(/["']?[ \t]{0,8}=[ \t]{0,8}/y);
  if (equals !== undefined) {
    const start = nameEnd + equals.length;
    // The whole of `"PASSWORD=two words"` is quoted, not the value alone.
    if ((outer === '"' || outer === "'") && !equals.startsWith(outer)) {
      const close = line.indexOf(outer, start);
      return { start, end: close === -1 ? line.length : close };
    }
    return { start, end: wordEnd(line, start) };
  }
  const separator = colon ? rest(/["']?[ \t]{0,8}:[ \t]+|["'][ \t]{0,8}:/y) : undefined;
  if (separator !== undefined) {
    const start = nameEnd + separator.length;
    return { start, end: scalarEnd(line, start) };
  }
  const gap = rest(/[ \t]+(?=[^\s=:-])/y);
  const isFlag = line[nameStart - 1] === "-" && line[nameStart - 2] === "-";
  const isInstruction = /^\s*(?:ENV|ARG)[ \t]+$/i.test(line.slice(Math.max(0, nameStart - 32), nameStart));
  if (gap === undefined || (!isFlag && !(isInstruction && colon))) return undefined;
  const start = nameEnd + gap.length;
  return { start, end: isFlag ? wordEnd(line, start) : line.trimEnd().length };
}

/** The end of a shell word: quotes inside it hold it together. */
function wordEnd(line: string, start: number): number {
  let quote = "";
  for (let at = start; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (quote !== "") {
      if (character === "\\" && quote === '"') at += 1;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === "\\") {
      at += 1;
    } else if (/\s/.test(character)) {
      return at;
    }
  }
  return line.length;
}

/** The end of a YAML or JSON scalar on this line: its closing quote, a comment, or the line's end. */
function scalarEnd(line: string, start: number): number {
  const quote = line[start];
  if (quote === '"' || quote === "'") {
    let at = start + 1;
    while (at < line.length && line[at] !== quote) at += line[at] === "\\" && quote === '"' ? 2 : 1;
    return Math.min(line.length, at + 1);
  }
  const comment = line.indexOf(" #", start);
  const end = comment === -1 ? line.length : comment;
  return start + line.slice(start, end).trimEnd().length;
}

/** Nothing to hide: a variable's name, a switch, a file that a secret is in, a YAML block's header. */
function isHarmless(value: string): boolean {
  if (value.length > 256) return false;
  const bare = value
    .replace(/^(["'])(.*)\1[,}\]]*$/s, "$2")
    .replace(/[,}\]]+$/, (tail) => (value.includes("${") ? tail : ""));
  return /^(?:|[:;,.!?]|true|false|yes|no|null|~|[|>][+-]?\d?|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?::?\?[^}]*)?\}|\/run\/secrets\/\S*|•+)$/i.test(
    bare.trim(),
  );
}
