import { failed, ok, type Result } from "../../base/result.ts";
import { blockSize, padding, readHeader, type TarHeader, writeHeader } from "./header.ts";
import { readRecords, withRecords } from "./pax.ts";

export interface RewriteOptions {
  /** Paths of the file that is wanted, the one that counts first: `Dockerfile`, `dockerfile`. */
  readonly wanted: readonly string[];
  /** Called once, with the file as text, before the archive's end is given; undefined where there is none. */
  readonly judge: (text: string | undefined) => Result<void>;
  /** Called with each entry before it is handed on. */
  readonly entry?: (header: TarHeader, records: ReadonlyMap<string, string>) => Result<void>;
}

/** An archive that is written anew while it comes. What is wrong ends it. */
export interface Rewriter {
  feed(chunk: Buffer): Result<readonly Buffer[]>;
  end(): Result<readonly Buffer[]>;
}

/** Bytes of all content, of the wanted file and of what headers say more; entries. */
const limits = { content: 16 * 1024 ** 3, wanted: 1024 * 1024, records: 1024 * 1024, entries: 500_000 };

interface KeptFile {
  readonly header: TarHeader;
  readonly records: ReadonlyMap<string, string>;
  readonly parts: Buffer[];
}

/**
 * Writes an archive again, header by header, so that the Engine reads it as the guard did. At the end it repeats the file that
 * was judged, under the name that the Engine looks for first: it replaces what links and later entries made of that path.
 */
export function rewriteTar({ wanted, judge, entry }: RewriteOptions): Rewriter {
  let out: Buffer[] = [];
  let rest = Buffer.alloc(0);
  /** Bytes of content that still come, of filling behind it, and who takes them. */
  let left = 0;
  let fill = 0;
  let take: (bytes: Buffer) => void = () => undefined;
  let whenWhole: () => Result<void> = () => ok(undefined);
  let isOver = false;
  let entries = 0;
  let content = 0;
  let longName: string | undefined;
  let longLink: string | undefined;
  let records: ReadonlyMap<string, string> = new Map();
  const found = new Map<string, KeptFile | "other">();

  function begin(block: Buffer): Result<void> {
    if (block.every((byte) => byte === 0)) {
      isOver = true;
      return ok(undefined);
    }
    const read = readHeader(block);
    if (!read.ok) return read;
    const { type, size } = read.value;
    entries += 1;
    if (entries > limits.entries) return failed(`it has more than ${limits.entries} entries`);
    // Said once for all that follow, and of no effect to the Engine.
    if (type === "g") return skip(size);
    if (type === "x" || type === "L" || type === "K") return gather(type, size);
    return beginEntry(read.value);
  }

  function expect(
    size: number,
    own: (bytes: Buffer) => void,
    whole: () => Result<void> = () => ok(undefined),
  ) {
    left = size;
    fill = padding(size);
    take = own;
    whenWhole = whole;
    return size === 0 ? whole() : ok(undefined);
  }

  function skip(size: number): Result<void> {
    return size > limits.records
      ? failed("it has a header that is too large")
      : expect(size, () => undefined);
  }

  /** A header in front of an entry that says more about it. */
  function gather(type: string, size: number): Result<void> {
    if (size > limits.records) return failed("it has a header that is too large");
    const parts: Buffer[] = [];
    return expect(
      size,
      (bytes) => parts.push(Buffer.from(bytes)),
      () => {
        const text = Buffer.concat(parts).toString("latin1");
        if (type === "L") longName = text.replace(/\0.*$/s, "");
        if (type === "K") longLink = text.replace(/\0.*$/s, "");
        if (type !== "x") return ok(undefined);
        const read = readRecords(text);
        if (read.ok) records = read.value;
        return read.ok ? ok(undefined) : read;
      },
    );
  }

  function beginEntry(plain: TarHeader): Result<void> {
    const named = { ...plain, name: longName ?? plain.name, linkName: longLink ?? plain.linkName };
    const merged = withRecords(named, records);
    longName = undefined;
    longLink = undefined;
    records = new Map();
    if (!merged.ok) return merged;
    const { header: said, records: further } = merged.value;
    if (!/^[0-6]$/.test(said.type)) return failed("it has an entry of a type that the guard does not know");
    const type = said.type === "0" && said.name.endsWith("/") ? "5" : said.type;
    // All others have no content, whatever their size says.
    const header = { ...said, type, size: type === "0" ? said.size : 0 };
    const passed = entry?.(header, further) ?? ok(undefined);
    if (!passed.ok) return passed;
    content += header.size;
    if (content > limits.content) return failed(`its files have more than ${limits.content / 1024 ** 3} GiB`);
    out.push(writeHeader(header, further));
    const path = plainPath(header.name);
    const isWanted = wanted.includes(path);
    if (isWanted && type !== "0") found.set(path, "other");
    if (!isWanted || type !== "0") return expect(header.size, pass, filled(header.size));
    if (header.size > limits.wanted) return failed(`its ${path} is larger than 1 MiB`);
    const own: KeptFile = { header, records: further, parts: [] };
    found.set(path, own);
    const keep = (bytes: Buffer) => {
      own.parts.push(Buffer.from(bytes));
      pass(bytes);
    };
    return expect(header.size, keep, filled(header.size));
  }

  function pass(bytes: Buffer): void {
    out.push(bytes);
  }

  function filled(size: number): () => Result<void> {
    return () => {
      if (padding(size) > 0) out.push(Buffer.alloc(padding(size)));
      return ok(undefined);
    };
  }

  function given(): Result<readonly Buffer[]> {
    const all = out;
    out = [];
    return ok(all);
  }

  return {
    feed(chunk) {
      let at = 0;
      while (at < chunk.length && !isOver) {
        if (left > 0) {
          const bytes = chunk.subarray(at, at + left);
          at += bytes.length;
          left -= bytes.length;
          take(bytes);
          const whole = left === 0 ? whenWhole() : ok(undefined);
          if (!whole.ok) return whole;
        } else if (fill > 0) {
          const skipped = Math.min(fill, chunk.length - at);
          fill -= skipped;
          at += skipped;
        } else {
          const block = Buffer.concat([rest, chunk.subarray(at, at + blockSize - rest.length)]);
          at += block.length - rest.length;
          rest = block.length < blockSize ? block : Buffer.alloc(0);
          if (block.length < blockSize) break;
          const begun = begin(block);
          if (!begun.ok) return begun;
        }
      }
      return given();
    },
    end() {
      if (!isOver && (left > 0 || fill > 0 || rest.length > 0))
        return failed("it ends in the middle of an entry");
      const path = wanted.find((each) => found.has(each));
      const file = path === undefined ? undefined : found.get(path);
      if (file === "other") return failed(`its ${path} is not a plain file`);
      const bytes = file && Buffer.concat(file.parts);
      const judged = judge(bytes?.toString("utf8"));
      if (!judged.ok) return judged;
      if (file && bytes) {
        // The first name counts, and a path with .. or through a link may have made a file of it.
        const name = path === wanted[0] ? file.header.name : (wanted[0] ?? file.header.name);
        const header = { ...file.header, name };
        out.push(writeHeader(header, file.records), bytes, Buffer.alloc(padding(bytes.length)));
      }
      out.push(Buffer.alloc(2 * blockSize));
      return given();
    },
  };
}

/** Without what says nothing: `./a//b` is `a/b`. */
export function plainPath(name: string): string {
  return name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
