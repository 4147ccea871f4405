/** The name and the value of a header, as they stood on the wire. */
export type Header = readonly [name: string, value: string];

/** The first line and the headers of a request, with nothing decoded. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** `HTTP/1.0` or `HTTP/1.1`. */
  readonly minor: 0 | 1;
  readonly headers: readonly Header[];
}

export interface ResponseHead {
  readonly status: number;
  /** The words behind the status: `UPGRADED`. */
  readonly words: string;
  readonly minor: 0 | 1;
  readonly headers: readonly Header[];
}

export interface HeadLimits {
  /** Bytes of the first line and the headers together. */
  readonly bytes: number;
  readonly headers: number;
}

/** A registry's credentials of every registry that a user knows travel in one header of a build. */
export const requestLimits: HeadLimits = { bytes: 64 * 1024, headers: 100 };
export const responseLimits: HeadLimits = { bytes: 256 * 1024, headers: 200 };

export type Parsed<T> =
  | { readonly state: "parsed"; readonly head: T; readonly rest: Buffer }
  /** The end of the head has not come yet. */
  | { readonly state: "more" }
  | { readonly state: "wrong"; readonly status: 400 | 431 | 505; readonly reason: string };

const requestLine = /^([A-Z]{1,20}) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
// RFC 9110, 5.6.2: the characters of a name. No white space in front of the colon.
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Parses the head of a request as strictly as RFC 9112 lets a server: lines end in CR LF, no line is folded, no control
 * character stands anywhere. What Go's server or another proxy would read otherwise is refused here, so that there is
 * one reading only.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export function parseRequestHead(bytes: Buffer, limits: HeadLimits = requestLimits): Parsed<RequestHead> {
  const split = splitHead(bytes, limits);
  if (split.state !== "parsed") return split;
  const { lines, rest } = split;
  const first = requestLine.exec(lines[0] ?? "");
  if (!first) {
    const isVersion = / HTTP\/\d+(\.\d+)?$/.test(lines[0] ?? "") && !/ HTTP\/1\.[01]$/.test(lines[0] ?? "");
    return isVersion
      ? wrong(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
      : wrong(400, "the first line is no METHOD TARGET HTTP/1.1 of HTTP");
  }
  const headers = parseHeaders(lines, limits);
  if (!Array.isArray(headers)) return headers;
  const [, method = "", target = "", minor] = first;
  return { state: "parsed", head: { method, target, minor: minor === "1" ? 1 : 0, headers }, rest };
}

/** Parses the head of an Engine's answer. */
export function parseResponseHead(bytes: Buffer, limits: HeadLimits = responseLimits): Parsed<ResponseHead> {
  const split = splitHead(bytes, limits);
  if (split.state !== "parsed") return split;
  const { lines, rest } = split;
  const first = statusLine.exec(lines[0] ?? "");
  if (!first) return wrong(400, "the answer's first line is no HTTP");
  const headers = parseHeaders(lines, limits);
  if (!Array.isArray(headers)) return headers;
  const [, minor, status, words = ""] = first;
  return {
    state: "parsed",
    head: { status: Number(status), words, minor: minor === "1" ? 1 : 0, headers },
    rest,
  };
}

/** The value of a header that stands once; undefined where it is not there, `many` where it stands more often. */
export function single(headers: readonly Header[], name: string): string | undefined | typeof many {
  let found: string | undefined;
  for (const [each, value] of headers) {
    if (each.length !== name.length || each.toLowerCase() !== name) continue;
    if (found !== undefined) return many;
    found = value;
  }
  return found;
}

export const many: unique symbol = Symbol("many");

type Split =
  | { readonly state: "parsed"; readonly lines: readonly string[]; readonly rest: Buffer }
  | Exclude<Parsed<never>, { readonly state: "parsed" }>;

function splitHead(bytes: Buffer, limits: HeadLimits): Split {
  const end = bytes.indexOf(headEnd);
  if (end === -1) {
    // What is wrong already need not be waited for.
    if (bytes.length > limits.bytes) return wrong(431, `the head is larger than ${limits.bytes} bytes`);
    const isBare = /(^|[^\r])\n/.test(bytes.toString("latin1", 0, bytes.length));
    return isBare ? wrong(400, "a line of the head does not end in CR LF") : { state: "more" };
  }
  if (end > limits.bytes) return wrong(431, `the head is larger than ${limits.bytes} bytes`);
  return {
    state: "parsed",
    lines: bytes.toString("latin1", 0, end).split("\r\n"),
    rest: bytes.subarray(end + 4),
  };
}

function parseHeaders(lines: readonly string[], limits: HeadLimits) {
  if (lines.length - 1 > limits.headers) return wrong(431, `there are more than ${limits.headers} headers`);
  const headers: Header[] = [];
  for (let at = 1; at < lines.length; at += 1) {
    const match = headerLine.exec(lines[at] ?? "");
    if (!match) return wrong(400, whyNoHeader(lines[at] ?? ""));
    headers.push([match[1] ?? "", trimEnd(match[2] ?? "")]);
  }
  return headers;
}

function whyNoHeader(line: string): string {
  if (/^[ \t]/.test(line)) return "a header is folded over two lines";
  if (/[\r\n]/.test(line)) return "a line of the head does not end in CR LF";
  return "a line of the head is no NAME: VALUE";
}

/** A pattern would look at every run of blanks anew. */
function trimEnd(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === " " || value[end - 1] === "\t")) end -= 1;
  return end === value.length ? value : value.slice(0, end);
}

function wrong(status: 400 | 431 | 505, reason: string) {
  return { state: "wrong", status, reason } as const;
}
