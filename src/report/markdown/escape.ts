import { visible } from "../../base/visible.ts";

/**
 * Text from outside as Markdown that shows exactly that text: no emphasis, link, HTML, mention (`@team` would
 * write to people), issue number, maths or table cell comes out of it.
 */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\\`*_[\]{}|~#$^=]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "&#64;")
    .replaceAll("://", "&#58;//")
    .replaceAll("www.", "www&#46;");
}

/** The same inside an HTML block, where Markdown is not read: a `<summary>`. */
export function markdownHtml(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("@", "&#64;");
}

/** Code in a line; the fence is longer than any inside. In a table the caller escapes pipes. */
export function codeSpan(text: string): string {
  const shown = visible(text);
  const fence = "`".repeat(longestRun(shown) + 1);
  const padded = shown.startsWith("`") || shown.endsWith("`") ? ` ${shown} ` : shown;
  return shown === "" ? "" : `${fence}${padded}${fence}`;
}

/** A block of code. */
export function fenced(text: string): string {
  const lines = text.split("\n").map(visible).join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(lines) + 1));
  return `${fence}\n${lines}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
