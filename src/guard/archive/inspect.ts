import { createGunzip } from "node:zlib";
import type { Result } from "../../base/result.ts";
import { type RewriteOptions, rewriteTar } from "./rewrite.ts";

/** What takes a build's archive as it comes, and gives it as it was read. */
export interface ArchiveInspector {
  /** False: wait for `drain`. */
  write(chunk: Buffer): boolean;
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface InspectorHandlers {
  data(chunk: Buffer): void;
  drain(): void;
  end(): void;
  /** Once, instead of the end. */
  refused(reason: string): void;
}

/** How an archive may be compressed, by its first bytes; the Engine knows more than the guard. */
const compressions: readonly { readonly name: string; readonly begins: Buffer }[] = [
  { name: "bzip2", begins: Buffer.from("BZh") },
  { name: "xz", begins: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) },
  { name: "zstd", begins: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
];
const gzip = Buffer.from([0x1f, 0x8b]);

/** Bytes that tell all of them apart. */
const enough = 6;

/** Reads a tar archive, compressed by gzip or not, and hands it on uncompressed and written anew. */
export function inspectArchive(options: RewriteOptions, handlers: InspectorHandlers): ArchiveInspector {
  const rewriter = rewriteTar(options);
  let first: Buffer | undefined = Buffer.alloc(0);
  let unzip: ReturnType<typeof createGunzip> | undefined;
  let isOver = false;

  function take(result: Result<readonly Buffer[]>): void {
    if (isOver) return;
    if (!result.ok) {
      refuse(result.reason);
      return;
    }
    for (const chunk of result.value) if (chunk.length > 0) handlers.data(chunk);
  }

  function refuse(reason: string): void {
    if (isOver) return;
    isOver = true;
    unzip?.destroy();
    handlers.refused(reason);
  }

  function finish(): void {
    if (isOver) return;
    take(rewriter.end());
    if (isOver) return;
    isOver = true;
    handlers.end();
  }

  function begin(bytes: Buffer): boolean {
    first = undefined;
    const other = compressions.find(({ begins }) => bytes.subarray(0, begins.length).equals(begins));
    if (other) {
      refuse(
        `it is compressed by ${other.name}, which the guard does not read: send it as it is, or by gzip`,
      );
      return true;
    }
    if (!bytes.subarray(0, gzip.length).equals(gzip)) return pass(bytes);
    unzip = createGunzip();
    unzip.on("data", (chunk: Buffer) => take(rewriter.feed(chunk)));
    unzip.on("end", finish);
    unzip.on("drain", handlers.drain);
    unzip.on("error", () => refuse("it is not a whole gzip"));
    return unzip.write(bytes);
  }

  function pass(chunk: Buffer): boolean {
    take(rewriter.feed(chunk));
    return true;
  }

  return {
    write(chunk) {
      if (isOver) return true;
      if (first === undefined) return unzip ? unzip.write(Buffer.from(chunk)) : pass(chunk);
      first = Buffer.concat([first, chunk]);
      return first.length < enough ? true : begin(first);
    },
    end() {
      if (first !== undefined && !isOver) begin(first);
      if (unzip) unzip.end();
      else finish();
    },
    pause: () => unzip?.pause(),
    resume: () => unzip?.resume(),
    destroy() {
      isOver = true;
      unzip?.destroy();
    },
  };
}
