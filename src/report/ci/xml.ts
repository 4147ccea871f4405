import { visible } from "../../base/visible.ts";

// What is left after control characters and lone surrogates are spelled out, and XML 1.0 forbids all the same.
const forbidden = /[\ufffe\uffff]/g;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text for an XML element; its line breaks stay. */
export function xmlText(text: string): string {
  return text.split("\n").map(xmlAttribute).join("\n");
}

/** Text for an attribute in double quotes; a line break is spelled `\n`. */
export function xmlAttribute(text: string): string {
  return visible(text)
    .replace(forbidden, "")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
