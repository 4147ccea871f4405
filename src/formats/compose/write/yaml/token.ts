import type { ParsedNode } from "yaml";
import { resolvePlain } from "../../yaml/scalar.ts";

export type Quote = "single" | "double";

/** How to write a text: like the scalar that it replaces, else with the file's usual quotes. */
export interface TokenStyle {
  readonly quote: Quote;
  readonly inFlow: boolean;
  /** Quotes even what needs none, as people do for ports and numbers that are texts. */
  readonly quoted?: boolean;
}

/**
 * A text as a YAML scalar that docker compose reads back as that text: dollars are to be doubled by the caller where they
 * are no variables.
 */
export function spellText(text: string, style: TokenStyle, like?: ParsedNode | null): string {
  const type = like && "type" in like ? like.type : undefined;
  if (type === "QUOTE_SINGLE") return inQuotes(text, "single");
  if (type === "QUOTE_DOUBLE") return inQuotes(text, "double");
  if (!style.quoted && isPlain(text, style.inFlow)) return text;
  return inQuotes(text, style.quote);
}

export function inQuotes(text: string, quote: Quote): string {
  return quote === "single" && /^[\x20-\x7e\u00a0-\ud7ff]*$/.test(text)
    ? `'${text.replaceAll("'", "''")}'`
    : JSON.stringify(text);
}

/** Whether a text stands for itself without quotes, in YAML 1.1 and 1.2 alike. */
export function isPlain(text: string, inFlow: boolean): boolean {
  if (!/^[^\s\-?:,[\]{}#&*!|>'"%@`][\x21-\x7e]*(?: [\x21-\x7e]+)*$/.test(text)) return false;
  if (/: |:$| #/.test(text) || (inFlow && /[,[\]{}]/.test(text))) return false;
  if (/^(?:y|n|yes|no|on|off|[\d:]+)$/i.test(text) || text === "<<" || text === "=") return false;
  return typeof resolvePlain(text).value === "string";
}

/** A literal text in a file where `$` begins a variable. A whole `${NAME}` stays one. */
export function escapeDollars(text: string): string {
  return text.replace(/\$(?!\{\w+\})/g, "$$$$");
}

/** Splits at colons, but not inside `${…}` and not behind a drive letter. */
export function splitAtColons(text: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "{" && (depth > 0 || text[index - 1] === "$")) depth += 1;
    else if (char === "}" && depth > 0) depth -= 1;
    if (char === ":" && depth === 0 && !/^[A-Za-z]$/.test(part)) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}

/** Splits options at commas, but not inside `${…}`. */
export function splitOptions(text: string): readonly string[] {
  return text.split(/,(?![^{]*\})/);
}
