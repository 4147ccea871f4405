import { Lexer } from "yaml";

/** Texts below this cannot cost much, whatever they hold. */
const harmless = 100_000;

/** docker compose itself stops at 100,000 values (compose-go: loader/reset.go), each of some five tokens. */
const mostTokens = 600_000;

/** Open brackets, or dashes on one line. */
const deepest = 200;

const scalarFollows = "\x1f";

/**
 * Why a text is not worth parsing: a parser needs some hundred bytes for each bracket, so that a few megabytes of them
 * would take all memory. Undefined for any text that may be a Compose file.
 */
export function excessOf(text: string): string | undefined {
  if (text.length < harmless) return undefined;
  let tokens = 0;
  let brackets = 0;
  let dashes = 0;
  let before = "";
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (before !== scalarFollows) {
      if (token === "[" || token === "{") brackets += 1;
      else if (token === "]" || token === "}") brackets -= 1;
      else if (token === "-" || token === "?") dashes += 1;
      else if (token.includes("\n")) dashes = 0;
    }
    if (brackets > deepest || dashes > deepest) return "it is nested too deeply to be read";
    if (tokens > mostTokens)
      return "it is too large to be read: docker compose itself stops at 100,000 values";
    before = token;
  }
  return undefined;
}
