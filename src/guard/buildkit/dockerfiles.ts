import { ok, type Result } from "../../base/result.ts";
import { isIgnoreFile } from "../judge/solve.ts";
import type { Filter } from "./carry.ts";
import { type MessageShape, readMessage, writeMessage } from "./protobuf.ts";

/** https://github.com/tonistiigi/fsutil/blob/master/types/wire.proto */
const packet: MessageShape = {
  1: { name: "type", type: "int" },
  2: {
    name: "stat",
    type: {
      message: {
        1: { name: "path", type: "string" },
        2: { name: "mode", type: "int" },
        3: { name: "uid", type: "int" },
        4: { name: "gid", type: "int" },
        5: { name: "size", type: "int" },
        6: { name: "modTime", type: "int" },
        7: { name: "linkname", type: "string" },
        8: { name: "devmajor", type: "int" },
        9: { name: "devminor", type: "int" },
        10: { name: "xattrs", type: { map: "bytes" } },
      },
    },
  },
  3: { name: "ID", type: "int" },
  4: { name: "data", type: "bytes" },
};

const types = { stat: 0n, data: 2n, error: 4n };

/** Bytes of Dockerfiles that are read at a time, and how many files may lie beside one. */
const limits = { bytes: 1024 * 1024, files: 10_000 };

/**
 * Reads the Dockerfiles that a client's session sends. A file goes on as it comes, but for its end, without which BuildKit has
 * no file: it waits until the file was judged.
 */
export function dockerfileFilter(judge: (text: string) => Promise<Result<void>>): Filter {
  const paths: string[] = [];
  const parts = new Map<string, Buffer[]>();
  /** Bytes of files that have not ended. */
  let held = 0;
  let isOver = false;
  /** The sender's own error text: BuildKit shows it to the builder. */
  const refuse = (reason: string): Result<Buffer> => {
    isOver = true;
    return ok(writeMessage({ type: types.error, data: Buffer.from(reason) }, packet));
  };
  return (message) => {
    if (isOver) return ok(undefined);
    const read = readMessage(message, packet);
    if (!read.ok) return refuse(`bulkhead: a packet ${read.reason} (guard-buildkit)`);
    const { type = 0n, stat, ID = 0n, data } = read.value;
    if (type === types.stat && stat !== undefined) {
      if (paths.length >= limits.files)
        return refuse("bulkhead: too many files lie beside the Dockerfile (guard-build-archive)");
      const { path = "", linkname = "" } = stat as { readonly path?: string; readonly linkname?: string };
      if (isIgnoreFile(linkname))
        return refuse(
          "bulkhead: a link beside the Dockerfile leads to a .dockerignore (guard-build-archive)",
        );
      paths.push(path);
    }
    if (type !== types.data) return ok(message);
    const path = paths[Number(ID)];
    if (path === undefined) return refuse("bulkhead: a packet is of no file (guard-buildkit)");
    // No build may name it as its Dockerfile: src/guard/judge/solve.ts.
    if (isIgnoreFile(path)) return ok(message);
    const own = parts.get(path) ?? [];
    if (data !== undefined && (data as Buffer).length > 0) {
      own.push(data as Buffer);
      parts.set(path, own);
      held += (data as Buffer).length;
      return held > limits.bytes
        ? refuse("bulkhead: the Dockerfile is larger than the guard reads (guard-build-archive)")
        : ok(message);
    }
    parts.delete(path);
    const whole = Buffer.concat(own);
    held -= whole.length;
    return judge(whole.toString("utf8")).then((judged) => (judged.ok ? ok(message) : refuse(judged.reason)));
  };
}
