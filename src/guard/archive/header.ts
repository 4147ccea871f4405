import { failed, ok, type Result } from "../../base/result.ts";

/** Bytes of a header, and what a file's content is filled up to. */
export const blockSize = 512;

/** What a header says. Names are bytes, one a character (latin1), for archives say no encoding. */
export interface TarHeader {
  readonly name: string;
  /** One character: `0` a file, `5` a folder, `2` a link. */
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
  readonly major: number;
  readonly minor: number;
}

const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;

type FieldName = keyof typeof fields;

/**
 * Reads a header of one of the forms that tar, Go and Node write: POSIX, GNU and the one before both. The size is octal digits,
 * so that no two readers disagree on where the next header is.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 */
export function readHeader(block: Buffer): Result<TarHeader> {
  const text = (name: FieldName): string => {
    const [start, length] = fields[name];
    const end = block.subarray(start, start + length).indexOf(0);
    return block.toString("latin1", start, start + (end === -1 ? length : end));
  };
  const numbers = (["mode", "uid", "gid", "mtime", "major", "minor"] as const).map((name) => {
    const [start, length] = fields[name];
    return numberAt(block, start, length);
  });
  const size = octal(block, ...fields.size);
  const [mode, uid, gid, mtime, major, minor] = numbers;
  if (octal(block, ...fields.checksum) !== checksumOf(block)) return failed("a header's checksum is wrong");
  if (size === undefined) return failed("a header's size is not written in octal digits");
  if ([mode, uid, gid, mtime, major, minor].includes(undefined))
    return failed("a header has a number that is none");
  const isPosix = block.toString("latin1", 257, 265) === "ustar\x0000";
  const prefix = isPosix ? text("prefix") : "";
  return ok({
    name: prefix === "" ? text("name") : `${prefix}/${text("name")}`,
    type: block.toString("latin1", 156, 157).replace("\0", "0"),
    size,
    mode: mode ?? 0,
    uid: uid ?? 0,
    gid: gid ?? 0,
    mtime: mtime ?? 0,
    linkName: text("linkName"),
    userName: text("userName"),
    groupName: text("groupName"),
    major: major ?? 0,
    minor: minor ?? 0,
  });
}

function octal(block: Buffer, start: number, length: number): number | undefined {
  const text = block
    .toString("latin1", start, start + length)
    .replace(/(?<![\0 ])[\0 ]+$/, "")
    .replace(/^ +/, "");
  if (text === "") return 0;
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** Octal digits, or the bytes of the number where the first bit is set (GNU). */
function numberAt(block: Buffer, start: number, length: number): number | undefined {
  if (((block[start] ?? 0) & 0x80) === 0) return octal(block, start, length);
  const bytes = Buffer.from(block.subarray(start, start + length));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  const value = BigInt(`0x${bytes.toString("hex")}`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

function checksumOf(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < blockSize; at += 1) sum += at >= 148 && at < 156 ? 32 : (block[at] ?? 0);
  return sum;
}

/** A header in the one form of POSIX, with what finds no room in it in a header of records before it. */
export function writeHeader(header: TarHeader, records: ReadonlyMap<string, string>): Buffer {
  const more = new Map(records);
  const name = fitting(header.name, 100, "path", more);
  const linkName = fitting(header.linkName, 100, "linkpath", more);
  const userName = fitting(header.userName, 32, "uname", more);
  const groupName = fitting(header.groupName, 32, "gname", more);
  const uid = small(header.uid, 0o7777777, "uid", more);
  const gid = small(header.gid, 0o7777777, "gid", more);
  const mtime = small(header.mtime, 0o77777777777, "mtime", more);
  const own = block({ ...header, name, linkName, userName, groupName, uid, gid, mtime });
  if (more.size === 0) return own;
  const text = Buffer.from([...more].map(([key, value]) => record(key, value)).join(""), "latin1");
  const before = block({
    ...header,
    name: "PaxHeader",
    type: "x",
    size: text.length,
    linkName: "",
    uid: 0,
    gid: 0,
    mtime: 0,
    userName: "",
    groupName: "",
    major: 0,
    minor: 0,
    mode: 0o644,
  });
  return Buffer.concat([before, text, Buffer.alloc(padding(text.length)), own]);
}

/** A header that says nothing of what follows, and makes no file. */
export function emptyHeader(): Buffer {
  return block({
    name: "pax_global_header",
    type: "g",
    size: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    linkName: "",
    userName: "",
    groupName: "",
    major: 0,
    minor: 0,
  });
}

/** Bytes from the end of content to the next block. */
export function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function fitting(text: string, room: number, key: string, records: Map<string, string>): string {
  if (text.length <= room && /^[\x20-\x7e]*$/.test(text)) return text;
  if (!records.has(key)) records.set(key, text);
  return text.slice(0, room).replace(/[^\x20-\x7e]/g, "_");
}

function small(value: number, most: number, key: string, records: Map<string, string>): number {
  if (value <= most) return value;
  if (!records.has(key)) records.set(key, String(value));
  return 0;
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function block(header: TarHeader): Buffer {
  const made = Buffer.alloc(blockSize);
  const put = (name: FieldName, text: string) => made.write(text, fields[name][0], fields[name][1], "latin1");
  const putNumber = (name: FieldName, value: number) =>
    put(name, value.toString(8).padStart(fields[name][1] - 1, "0"));
  put("name", header.name);
  putNumber("mode", header.mode % 0o10000000);
  putNumber("uid", header.uid);
  putNumber("gid", header.gid);
  putNumber("size", header.size);
  putNumber("mtime", header.mtime);
  put("type", header.type);
  put("linkName", header.linkName);
  put("magic", "ustar\x0000");
  put("userName", header.userName);
  put("groupName", header.groupName);
  putNumber("major", header.major % 0o10000000);
  putNumber("minor", header.minor % 0o10000000);
  made.write(`${checksumOf(made).toString(8).padStart(6, "0")}\0 `, fields.checksum[0], "latin1");
  return made;
}
