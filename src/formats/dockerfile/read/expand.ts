import { nameAt } from "./shell-words.ts";

/**
 * What is known of a variable: its value; `unset`, where it certainly has none; or that it may come from somewhere
 * else, with the reason.
 */
export type Variable =
  | { readonly known: "value"; readonly value: string }
  | { readonly known: "unset" }
  | { readonly known: "no"; readonly reason: string };

export interface Expansion {
  /** With every variable that is known put in; others stay as written (`$TAG`). */
  readonly text: string;
  /** Why it is not known in full; undefined where it is. */
  readonly reason: string | undefined;
}

const deepest = 32;
/** Values that grow beyond this many characters are not followed: `A=$A$A` forty times over is a terabyte. */
const longest = 16_384;

/**
 * Takes quotes and escapes off a word and puts variables in, as BuildKit does it: `$V`, `${V}`, `${V:-default}`,
 * `${V-default}`, `${V:+other}`, `${V:?}`, `${V#prefix}`, `${V%suffix}`, `${V/from/to}`.
 * Source: https://docs.docker.com/reference/dockerfile/#environment-replacement, moby/buildkit shell/lex.go.
 */
export function expand(word: string, escapeToken: string, lookup: (name: string) => Variable): Expansion {
  let index = 0;
  let reason: string | undefined;

  function until(stop: string, depth: number): string {
    let text = "";
    let quote = "";
    while (index < word.length) {
      const char = word[index] ?? "";
      if (quote === "" && char === stop) break;
      if (char === "$" && quote !== "'") {
        text += dollar(depth);
        if (text.length > longest) {
          reason ??= "its value is too long";
          text = text.slice(0, longest);
        }
        continue;
      }
      index += 1;
      if (char === quote) quote = "";
      else if (quote === "" && (char === "'" || char === '"')) quote = char;
      else if (char === escapeToken && quote !== "'") {
        const next = word[index] ?? "";
        if (quote === '"' && next !== '"' && next !== "$" && next !== escapeToken) text += char;
        else {
          text += next;
          index += 1;
        }
      } else text += char;
    }
    return text;
  }

  function dollar(depth: number): string {
    const start = index;
    index += 1;
    const braced = word[index] === "{";
    if (braced) index += 1;
    const name = nameAt(word, index);
    index += name.length;
    if (!braced) return name === "" ? "$" : valueFor(name, start);
    if (word[index] === "}") {
      index += 1;
      return valueFor(name, start);
    }
    return depth > deepest ? unknown(start, "it is nested too deeply") : modified(name, start, depth);
  }

  function modified(name: string, start: number, depth: number): string {
    const colon = word[index] === ":";
    if (colon) index += 1;
    const operator = word[index] ?? "";
    index += 1;
    const outer = reason;
    const operand = until("}", depth + 1);
    const inner = reason;
    reason = outer;
    index += 1;
    const variable = lookup(name);
    const value =
      variable.known === "value" && !(colon && variable.value === "") ? variable.value : undefined;
    if (operator === "-") {
      if (value !== undefined) return value;
      reason = inner;
      return operand;
    }
    if (operator === "+") {
      if (value === undefined) return "";
      reason = inner;
      return operand;
    }
    if (operator === "?" && value !== undefined) return value;
    if (!colon && value !== undefined && inner === outer && (operator === "#" || operator === "%")) {
      const rest = globTrim(value, operator, operand);
      if (rest !== undefined) return rest;
    }
    if (variable.known === "no") return unknown(start, variable.reason);
    return unknown(
      start,
      value === undefined
        ? `the variable ${name} is not set`
        : `\${${name}${operator}…} is not evaluated here`,
    );
  }

  function valueFor(name: string, start: number): string {
    const variable = lookup(name);
    if (variable.known === "value") return variable.value;
    return unknown(start, variable.known === "no" ? variable.reason : `the variable ${name} is not set`);
  }

  function unknown(start: number, why: string): string {
    reason ??= why;
    return word.slice(start, index);
  }

  return { text: until("", 0), reason };
}

const longestOperand = 128;

/**
 * `${V#pattern}`, `##`, `%` and `%%`: the value without what the pattern matches at its start or end, the shortest
 * or, with the operator doubled, the longest. `operand` begins with the second operator where it is doubled.
 * Undefined for a value or pattern too long to try, or with more than one `*`.
 */
export function globTrim(value: string, operator: "#" | "%", operand: string): string | undefined {
  const greedy = operand.startsWith(operator);
  const pattern = greedy ? operand.slice(1) : operand;
  if (value.length > longestOperand || pattern.length > longestOperand || pattern.split("*").length > 2)
    return undefined;
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  for (const length of greedy ? lengths.toReversed() : lengths) {
    const part = operator === "#" ? value.slice(0, length) : value.slice(value.length - length);
    if (!matches(pattern, part)) continue;
    return operator === "#" ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

/** Whether the pattern, with at most one `*`, can stand for the text; `?` is any character. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star === -1) return pattern.length === text.length && fits(pattern, text);
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return (
    text.length >= head.length + tail.length &&
    fits(head, text) &&
    fits(tail, text.slice(text.length - tail.length))
  );
}

function fits(pattern: string, text: string): boolean {
  for (let index = 0; index < pattern.length; index += 1) {
    if (pattern[index] !== "?" && pattern[index] !== text[index]) return false;
  }
  return true;
}
