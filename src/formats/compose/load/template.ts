/**
 * Compose's variables in a text (https://docs.docker.com/reference/compose-file/interpolation/): `$NAME`, `${NAME}`, and
 * with an operator `:-` `-` `:?` `?` `:+` `+`, whose right side may hold variables again; `$$` is a dollar. A dollar before
 * anything else stays.
 */
export interface Substituted {
  readonly text: string;
  /** The text where what the environment supplied stays written as `${NAME}`. */
  readonly authored: string;
  /** Neither set nor given a default. `${NAME:?}` is among them: anyone who starts the file has to say it, which is good practice. */
  readonly missing: readonly string[];
  /** Not a template at all (`${}`, `${a b}`, an open brace): docker compose refuses the file. */
  readonly invalid: boolean;
}

export type Lookup = (name: string) => string | undefined;

const deepest = 50;

export function substitute(text: string, lookup: Lookup, depth = 0): Substituted {
  if (!text.includes("$")) return { text, authored: text, missing: [], invalid: false };
  if (depth > deepest) return { text, authored: text, missing: [], invalid: true };
  const parts: Substituted[] = [];
  let from = 0;
  for (let dollar = text.indexOf("$"); dollar >= 0; dollar = text.indexOf("$", from)) {
    parts.push(literal(text.slice(from, dollar)));
    const taken = substituteAt(text, dollar, lookup, depth);
    parts.push(taken.part);
    from = taken.end;
  }
  parts.push(literal(text.slice(from)));
  return {
    text: parts.map((part) => part.text).join(""),
    authored: parts.map((part) => part.authored).join(""),
    missing: parts.flatMap((part) => part.missing),
    invalid: parts.some((part) => part.invalid),
  };
}

function substituteAt(
  text: string,
  dollar: number,
  lookup: Lookup,
  depth: number,
): { readonly part: Substituted; readonly end: number } {
  const next = text[dollar + 1];
  if (next === "$") return { part: literal("$"), end: dollar + 2 };
  if (next === "{") {
    const close = closingBrace(text, dollar + 1);
    if (close < 0) return { part: { ...literal(text.slice(dollar)), invalid: true }, end: text.length };
    return { part: substituteBraced(text.slice(dollar + 2, close), lookup, depth), end: close + 1 };
  }
  const name = matchName(text, dollar + 1);
  if (name === "") return { part: literal("$"), end: dollar + 1 };
  return { part: supplied(name, lookup(name)), end: dollar + 1 + name.length };
}

function matchName(text: string, from: number): string {
  namePattern.lastIndex = from;
  return namePattern.exec(text)?.[0] ?? "";
}

const namePattern = /[_a-zA-Z][_a-zA-Z0-9]*/y;

/** The brace that closes the one at `open`; where the braces do not balance, the last on the line. */
function closingBrace(text: string, open: number): number {
  let level = 0;
  let last = -1;
  for (let index = open; index < text.length; index += 1) {
    const char = text[index];
    if (char === "\n") break;
    if (char === "{") level += 1;
    else if (char === "}") {
      last = index;
      level -= 1;
      if (level === 0) return index;
    }
  }
  return last;
}

function substituteBraced(inner: string, lookup: Lookup, depth: number): Substituted {
  const name = matchName(inner, 0);
  const operator = /^(?::?[-?+])?/.exec(inner.slice(name.length))?.[0] ?? "";
  const rest = inner.slice(name.length + operator.length);
  if (name === "" || (operator === "" && rest !== "")) {
    return { ...literal(`\${${inner}}`), invalid: true };
  }
  const value = lookup(name);
  if (operator === "") return supplied(name, value);
  const present = value !== undefined && (value !== "" || !operator.startsWith(":"));
  if (operator.endsWith("-")) {
    return present ? supplied(name, value) : substitute(rest, lookup, depth + 1);
  }
  if (operator.endsWith("+")) {
    return present ? substitute(rest, lookup, depth + 1) : literal(value ?? "");
  }
  if (present) return supplied(name, value);
  return { text: "", authored: `\${${name}}`, missing: [name], invalid: false };
}

function supplied(name: string, value: string | undefined): Substituted {
  const missing = value === undefined ? [name] : [];
  return { text: value ?? "", authored: `\${${name}}`, missing, invalid: false };
}

function literal(text: string): Substituted {
  return { text, authored: text, missing: [], invalid: false };
}
