// XML 1.0 allows tab, line feed, carriage return, and no other control character; nor lone surrogates.
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Text for an XML element. */
export function xmlText(text: string): string {
  return text.replace(forbidden, "").replace(/[&<>]/g, (character) => entities[character] ?? "");
}

/** Text for an attribute in double quotes; line breaks are kept as references. */
export function xmlAttribute(text: string): string {
  return text.replace(forbidden, "").replace(/[&<>"'\t\n\r]/g, (character) => entities[character] ?? "");
}
