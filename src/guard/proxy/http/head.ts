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
const headerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;
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
  const { line, text, rest } = split;
  const before = repeated.get(text);
  if (before) return { state: "parsed", head: before, rest };
  const first = requestLine.exec(line);
  if (!first) {
    const isVersion = / HTTP\/\d+(\.\d+)?$/.test(line) && !/ HTTP\/1\.[01]$/.test(line);
    return isVersion
      ? wrong(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
      : wrong(400, "the first line is no METHOD TARGET HTTP/1.1 of HTTP");
  }
  const headers = parseHeaders(text, line.length, limits);
  if (!Array.isArray(headers)) return headers;
  const [, method = "", target = "", minor] = first;
  const head: RequestHead = { method, target, minor: minor === "1" ? 1 : 0, headers };
  if (mayKeep(head, text)) {
    if (repeated.size >= 256) repeated.clear();
    repeated.set(text, head);
    kept.add(head);
  }
  return { state: "parsed", head, rest };
}

/** Heads by their text: who polls asks the same again and again, and gets the same object each time. */
const repeated = new Map<string, RequestHead>();
const kept = new WeakSet<RequestHead>();

/** Whether it is the object that every head of the same text is, as long as it is remembered. */
export function isKept(head: RequestHead): boolean {
  return kept.has(head);
}

/** Headers that hold no secret, which any other may. */
const plain: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "content-type",
  "host",
  "user-agent",
]);

function mayKeep({ method, headers }: RequestHead, text: string): boolean {
  const asks = method === "GET" || method === "HEAD";
  return asks && text.length <= 512 && headers.every(([name]) => plain.has(name.toLowerCase()));
}

/** Parses the head of an Engine's answer. */
export function parseResponseHead(bytes: Buffer, limits: HeadLimits = responseLimits): Parsed<ResponseHead> {
  const split = splitHead(bytes, limits);
  if (split.state !== "parsed") return split;
  const { line, text, rest } = split;
  const first = statusLine.exec(line);
  if (!first) return wrong(400, "the answer's first line is no HTTP");
  const headers = parseHeaders(text, line.length, limits);
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
  /** `line` is the first of `text`, which ends in front of the empty line. */
  | { readonly state: "parsed"; readonly line: string; readonly text: string; readonly rest: Buffer }
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
  const text = bytes.toString("latin1", 0, end);
  const lineEnd = text.indexOf("\r\n");
  const rest = end + 4 === bytes.length ? nothing : bytes.subarray(end + 4);
  return { state: "parsed", line: lineEnd === -1 ? text : text.slice(0, lineEnd), text, rest };
}

const nothing: Buffer = Buffer.alloc(0);

/** The lines behind the first one, which ends at `at`. */
function parseHeaders(text: string, at: number, limits: HeadLimits) {
  const headers: Header[] = [];
  for (let from = at + 2; from <= text.length; ) {
    const found = text.indexOf("\r\n", from);
    const end = found === -1 ? text.length : found;
    const line = text.slice(from, end);
    if (!headerLine.test(line)) return wrong(400, whyNoHeader(line));
    if (headers.length === limits.headers) return wrong(431, `there are more than ${limits.headers} headers`);
    const colon = line.indexOf(":");
    headers.push([line.slice(0, colon), withoutBlanks(line, colon + 1)]);
    from = end + 2;
  }
  return headers;
}

function whyNoHeader(line: string): string {
  if (/^[ \t]/.test(line)) return "a header is folded over two lines";
  if (/[\r\n]/.test(line)) return "a line of the head does not end in CR LF";
  return "a line of the head is no NAME: VALUE";
}

/** The rest, without blanks around it. A regular expression would scan each run of blanks again. */
function withoutBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function wrong(status: 400 | 431 | 505, reason: string) {
  return { state: "wrong", status, reason } as const;
}
