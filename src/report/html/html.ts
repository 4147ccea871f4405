import { createHash } from "node:crypto";
import { visible } from "../../base/visible.ts";
import colours from "./colours.css?raw";
import page from "./page.css?raw";

/** Markup that is safe to print as it is. Only `html` makes it, so that nothing reaches a page unescaped. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | undefined | readonly Html[];

/** A template of markup: what is put into it is escaped, unless it is markup already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = strings.map((fixed, index) => fixed + markupOf(parts[index])).join("");
  return { markup };
}

export const noHtml: Html = { markup: "" };

function markupOf(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  if ("markup" in part) return part.markup;
  return part.map((one) => one.markup).join("");
}

/** Text for an element or a quoted attribute; characters that cannot be seen are spelled out. */
export function escapeHtml(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Text of several lines, for a `<pre>`. */
export function htmlLines(text: string): Html {
  return { markup: text.split("\n").map(escapeHtml).join("\n") };
}

/** A sentence in which `code` stands in backticks. An option (`--cap-add`) is code with and without them. */
export function prose(text: string): Html {
  const parts = text.split("`");
  // An odd backtick out is a character like any other.
  if (parts.length % 2 === 0) return withOptions(text);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : withOptions(part)))}`;
}

/** Left as words, they break after their hyphens. */
function withOptions(text: string): Html {
  const parts = text.split(/(?<![\w-])(--[a-z][\w-]*\w)/);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

const css = `${colours}${page}`;

/**
 * One self-contained page: no network, no font, no image. Its content security policy allows exactly its own style sheet and
 * script, so that markup that should slip through could do nothing.
 */
export function pageHtml(title: string, body: Html, script: string | undefined): string {
  const scripts = script === undefined ? "" : ` script-src '${sha256(script)}';`;
  const policy = `default-src 'none'; style-src '${sha256(css)}';${scripts} base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${{ markup: css }}</style>
</head>
<body>
${body}${{ markup: script === undefined ? "" : `<script>${script}</script>\n` }}</body>
</html>
`.markup;
}

function sha256(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
