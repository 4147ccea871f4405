import { recordAt } from "../base/json.ts";
import { mask } from "../report/secrets/redact.ts";
import type { ComposeDocument } from "./compose-config.ts";

const secretName = /pass|pwd|secret|token|key|credential|auth|dsn|url|uri/i;

/** Shorter values would mask half of every line. */
const shortest = 4;

/** Takes the values of the project's secret variables, and passwords in addresses, out of a text. */
export function masker(document: ComposeDocument): (text: string) => string {
  const variables = Object.values(document.services).flatMap((service) =>
    Object.entries(recordAt(service, "environment")),
  );
  return maskerOf(
    variables.flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value.replaceAll("$$", "$")] as const] : [],
    ),
  );
}

/** The same for variables with their values. */
export function maskerOf(
  variables: readonly (readonly [name: string, value: string])[],
): (text: string) => string {
  const secret = variables.filter(([name, value]) => value.length >= shortest && secretName.test(name));
  const longestFirst = [...new Set(secret.map(([, value]) => value))].toSorted((a, b) => b.length - a.length);
  return (text) =>
    longestFirst
      .reduce((shown, value) => shown.replaceAll(value, mask), text)
      .replace(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, `$1:${mask}@`);
}
