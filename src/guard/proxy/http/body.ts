import type { Framing } from "./framing.ts";

/** Takes the framing off a body piece by piece. */
export interface BodyDecoder {
  /**
   * Hands the body's bytes on and gives what stands behind its end (`rest`, once it is `done`), or what is wrong with
   * its framing. Nothing may be fed after either.
   */
  feed(chunk: Buffer, take: (data: Buffer) => void): Fed;
  /** Whether the connection may end here. */
  mayEnd(): boolean;
}

export type Fed =
  | { readonly state: "more" }
  | { readonly state: "done"; readonly rest: Buffer }
  | { readonly state: "wrong"; readonly reason: string };

const more: Fed = { state: "more" };

export function bodyDecoder(framing: Framing): BodyDecoder {
  if (framing.kind === "chunked") return chunkDecoder();
  if (framing.kind === "untilClose") {
    return {
      feed(chunk, take) {
        if (chunk.length > 0) take(chunk);
        return more;
      },
      mayEnd: () => true,
    };
  }
  return lengthDecoder(framing.kind === "length" ? framing.bytes : 0);
}

function lengthDecoder(bytes: number): BodyDecoder {
  let left = bytes;
  return {
    feed(chunk, take) {
      const own = chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= own.length;
      if (own.length > 0) take(own);
      return left === 0 ? { state: "done", rest: chunk.subarray(own.length) } : more;
    },
    mayEnd: () => left === 0,
  };
}

/** Bytes of one line of the framing, and of all trailers. */
const longestLine = 4_096;

const wrong = {
  size: { state: "wrong", reason: "a chunk of the body does not begin with its size alone" },
  end: { state: "wrong", reason: "a chunk of the body does not end where its size says" },
  trailer: { state: "wrong", reason: "what stands behind the body's last chunk is not a trailer" },
} satisfies Record<string, Fed>;

/**
 * Chunks (RFC 9112, 7.1), strictly: a size is hexadecimal digits and CR LF, without an extension, which no Docker client
 * sends and readers have disagreed on. Trailers must have the form of headers and are dropped.
 */
function chunkDecoder(): BodyDecoder {
  let state: "size" | "data" | "dataEnd" | "trailer" | "done" = "size";
  let left = 0;
  let line = "";
  let trailers = 0;

  /** Adds to the line up to its end; gives where the next begins, or undefined while the end has not come. */
  function readLine(chunk: Buffer, from: number): number | undefined {
    const end = chunk.indexOf(10, from);
    line += chunk.toString("latin1", from, end === -1 ? chunk.length : end + 1);
    return end === -1 ? undefined : end + 1;
  }

  function feed(chunk: Buffer, take: (data: Buffer) => void): Fed {
    let at = 0;
    while (at < chunk.length) {
      if (state === "data") {
        const end = Math.min(chunk.length, at + left);
        take(chunk.subarray(at, end));
        left -= end - at;
        at = end;
        if (left === 0) state = "dataEnd";
        continue;
      }
      const next = readLine(chunk, at);
      if (line.length > longestLine) return wrong.size;
      if (next === undefined) return more;
      at = next;
      const text = line;
      line = "";
      if (state === "dataEnd") {
        if (text !== "\r\n") return wrong.end;
        state = "size";
      } else if (state === "size") {
        const size = /^([0-9a-fA-F]{1,12})\r\n$/.exec(text)?.[1];
        if (size === undefined) return wrong.size;
        left = Number.parseInt(size, 16);
        state = left === 0 ? "trailer" : "data";
      } else {
        if (text === "\r\n") {
          state = "done";
          return { state: "done", rest: chunk.subarray(at) };
        }
        trailers += text.length;
        if (trailers > longestLine || !trailerLine.test(text)) return wrong.trailer;
      }
    }
    return more;
  }
  return { feed, mayEnd: () => state === "done" };
}

const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;
