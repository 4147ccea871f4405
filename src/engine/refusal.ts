import { firstLine } from "../base/error-words.ts";
import { isRecord, parsedJson } from "../base/json.ts";

/** Why the Engine did not do what it was asked for, by its answer. */
export function refusal(status: number, text: string): string {
  const document = parsedJson(text);
  const said = isRecord(document) && typeof document.message === "string" ? firstLine(document.message) : "";
  return said === "" ? `the Engine answers with status ${status}` : `the Engine says: ${said}`;
}
