import { credentialIn } from "./credential.ts";

/** A layer's command is looked into up to here. */
const longest = 64 * 1024;

/**
 * The credentials that a layer's command shows, by the variable's or the option's name; `a value` for one that only its shape
 * tells. Build arguments come in front: `|1 NPM_TOKEN=abc /bin/sh -c npm ci` (the classic builder), `RUN |1 NPM_TOKEN=abc
 * /bin/sh -c npm ci # buildkit`.
 */
export function credentialsInCommand(command: string): readonly string[] {
  const text = command.slice(0, longest);
  const found = new Set<string>();
  for (const [, name = "", double, single, bare = ""] of text.matchAll(assignment)) {
    const value = double ?? single ?? bare;
    // What the shell puts in is not written out.
    if (value.startsWith("$")) continue;
    if (credentialIn(name.replace(/^-+/, ""), value) !== undefined) found.add(name.replace(/^-+/, ""));
  }
  if (found.size === 0 && text.split(/\s+/).some((word) => credentialIn("", unquoted(word)) === "value"))
    found.add("a value");
  return [...found];
}

/** `NAME=value`, `NAME="two words"`, `--password=value`. */
const assignment =
  /(?<![\w$.{-])(-{0,2}[A-Za-z_][\w.-]{0,100})=(?:"([^"]{0,4096})"|'([^']{0,4096})'|([^\s"';&|]{0,4096}))/g;

function unquoted(word: string): string {
  return word.replace(/^["']|["']$/g, "");
}
