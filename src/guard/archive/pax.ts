import { failed, ok, type Result } from "../../base/result.ts";
import type { TarHeader } from "./header.ts";

/** Records that say more of an entry, and reach the Engine. Others mean nothing to it. */
const kept = /^(?:path|linkpath|uname|gname|uid|gid|size|mtime|atime|ctime|SCHILY\.xattr\..+)$/;

/**
 * Reads records of the form `LENGTH KEY=VALUE\n`. Bytes, one a character.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
 */
export function readRecords(text: string): Result<ReadonlyMap<string, string>> {
  const records = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const said = /^([1-9][0-9]{0,7}) /.exec(text.slice(at, at + 10))?.[1];
    const end = at + Number(said ?? 0);
    const record = said === undefined ? "" : text.slice(at + said.length + 1, end);
    const sign = record.indexOf("=");
    if (end > text.length || !record.endsWith("\n") || sign < 1)
      return failed("a record of it has no length, name and value");
    const key = record.slice(0, sign);
    const value = record.slice(sign + 1, -1);
    if (key.startsWith("GNU.sparse")) return failed("it has a sparse file");
    if (/^(?:path|linkpath|uname|gname)$/.test(key) && value.includes("\0"))
      return failed("a name in it has a zero byte");
    if (kept.test(key)) records.set(key, value);
    at = end;
  }
  return ok(records);
}

/** The header with the values that records override, and the other records. */
export function withRecords(
  header: TarHeader,
  given: ReadonlyMap<string, string>,
): Result<{ readonly header: TarHeader; readonly records: ReadonlyMap<string, string> }> {
  const records = new Map(given);
  const take = (key: string): string | undefined => {
    const value = records.get(key);
    records.delete(key);
    return value === "" ? undefined : value;
  };
  const [size, uid, gid] = (["size", "uid", "gid"] as const).map((key) => {
    const text = take(key);
    if (text === undefined) return header[key];
    return /^[0-9]{1,11}$/.test(text) ? Number(text) : undefined;
  });
  if (size === undefined || uid === undefined || gid === undefined || size > 0o77777777777)
    return failed("a record of it has a number that is none, or too large");
  for (const key of ["mtime", "atime", "ctime"]) {
    const time = records.get(key);
    if (time !== undefined && !/^-?[0-9]{1,15}(?:\.[0-9]{1,12})?$/.test(time))
      return failed("a record of it has a time that is none");
  }
  return ok({
    header: {
      ...header,
      name: take("path") ?? header.name,
      linkName: take("linkpath") ?? header.linkName,
      userName: take("uname") ?? header.userName,
      groupName: take("gname") ?? header.groupName,
      size,
      uid,
      gid,
    },
    records,
  });
}
