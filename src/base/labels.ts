import { failed, ok, type Result } from "./result.ts";

/** What a host says of itself, by which teams see it: `env` is `prod`. */
export type Labels = Readonly<Record<string, string>>;

export const mostLabels = 16;
export const labelName = /^[a-z](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/;
export const labelValue = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/;

/** `env=prod`. */
export function parseLabel(text: string): Result<{ readonly name: string; readonly value: string }> {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (!labelName.test(name) || !labelValue.test(value)) {
    return failed(
      `${text} is not a label such as env=prod: small letters, digits and . _ / - before the =, the same and capitals after it`,
    );
  }
  return ok({ name, value });
}

/** Labels as they are written one by one. A name that is given twice, or too many, is a reason. */
export function labelsOf(texts: readonly string[]): Result<Labels> {
  const labels = new Map<string, string>();
  for (const text of texts) {
    const label = parseLabel(text);
    if (!label.ok) return label;
    const { name, value } = label.value;
    if (labels.has(name)) return failed(`the label ${name} is given twice`);
    labels.set(name, value);
  }
  if (labels.size > mostLabels) return failed(`a host has at most ${mostLabels} labels`);
  return ok(Object.fromEntries(labels));
}
