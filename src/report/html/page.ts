import { createHash } from "node:crypto";
import colours from "./colours.css?raw";
import { type Html, html } from "./html.ts";
import page from "./page.css?raw";

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
