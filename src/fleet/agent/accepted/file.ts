import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { parse, stringify } from "yaml";
import { codeOf, whyUnread, whyUnwritten } from "../../../base/error-words.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { findControl } from "../../../controls/registry.ts";
import { type Accepted, acceptedSchema, type HostAcceptance } from "../../protocol/acceptance.ts";

/**
 * The file in which a host keeps what was accepted in `bulkhead serve`: a bulkhead.yaml, so that `bulkhead audit` reads it, too.
 * A comment holds the name of the list.
 */
const head =
  "# Accepted in bulkhead serve, and kept by bulkhead watch, which overwrites this file. Revision: ";

/** Undefined where there is none yet. */
export function readAccepted(path: string): Result<Accepted | undefined> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return codeOf(error) === "ENOENT" ? ok(undefined) : failed(`${path}: ${whyUnread(error)}`);
  }
  const [first = ""] = text.split("\n", 1);
  try {
    const { ignores }: { ignores?: unknown } = parse(text) ?? {};
    const parsed = acceptedSchema.safeParse({ revision: first.slice(head.length), ignores });
    if (first.startsWith(head) && parsed.success) return ok(parsed.data);
  } catch {
    // Said below.
  }
  return failed(`${path} is not as bulkhead watch wrote it`);
}

/** Replaces the file in one step. What `bulkhead audit` here does not know is left out: it would refuse the file. */
export function writeAccepted(path: string, { revision, ignores }: Accepted): Result<void> {
  const known = ignores.filter(({ control }) => control === "*" || findControl(control));
  try {
    const file = openSync(`${path}.new`, "w", 0o600);
    try {
      writeSync(file, acceptedText(known, `${head}${revision}`));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    return ok(undefined);
  } catch (error) {
    return failed(`${path}: ${whyUnwritten(error)}`);
  }
}

/** Acceptances as a bulkhead.yaml below a comment. */
export function acceptedText(ignores: readonly HostAcceptance[], comment: string): string {
  return `${comment}\n${stringify({ ignores })}`;
}
