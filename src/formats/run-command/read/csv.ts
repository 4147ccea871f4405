import { failed, ok, type Result } from "../../../base/result.ts";

/**
 * One record of comma-separated fields, as Go's encoding/csv reads it for `--mount` and `--network`: a field that
 * starts with a quote goes to the next lone one, `""` inside it is one quote, and a quote elsewhere is an error.
 */
export function parseCsvRecord(text: string): Result<readonly string[]> {
  const fields: string[] = [];
  let index = 0;
  for (;;) {
    if (text[index] === '"') {
      const field = quotedField(text, index);
      if (!field) return failed("a quoted field is not closed, or something stands behind its quote");
      fields.push(field.value);
      index = field.end;
    } else {
      const comma = text.indexOf(",", index);
      const field = text.slice(index, comma < 0 ? undefined : comma);
      if (field.includes('"')) return failed("a quote is inside a field that does not start with one");
      fields.push(field);
      index = comma < 0 ? text.length : comma;
    }
    if (text[index] !== ",") return ok(fields);
    index += 1;
  }
}

function quotedField(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | undefined {
  const parts: string[] = [];
  let index = start + 1;
  for (;;) {
    const quote = text.indexOf('"', index);
    if (quote < 0) return undefined;
    parts.push(text.slice(index, quote));
    if (text[quote + 1] !== '"') {
      const end = quote + 1;
      return end === text.length || text[end] === "," ? { value: parts.join(""), end } : undefined;
    }
    parts.push('"');
    index = quote + 2;
  }
}
