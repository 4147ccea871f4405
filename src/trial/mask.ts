import { recordAt } from "../base/json.ts";
import { mask } from "../report/redact.ts";
import type { ComposeDocument } from "./compose-config.ts";

const secretName = /pass|pwd|secret|token|key|credential|auth|dsn|url|uri/i;

/** Shorter values would mask half of every line. */
const shortest = 4;

/** Takes the values of the project's secret variables, and passwords in addresses, out of a text. */
export function masker(document: ComposeDocument): (text: string) => string {
  const values = new Set<string>();
  for (const service of Object.values(document.services)) {
    for (const [name, value] of Object.entries(recordAt(service, "environment"))) {
      if (typeof value !== "string" || value.length < shortest || !secretName.test(name)) continue;
      values.add(value.replaceAll("$$", "$"));
    }
  }
  const longestFirst = [...values].toSorted((a, b) => b.length - a.length);
  return (text) =>
    longestFirst
      .reduce((shown, value) => shown.replaceAll(value, mask), text)
      .replace(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, `$1:${mask}@`);
}
