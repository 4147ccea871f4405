import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { carry, carryThrough, type Filter, type Limits, type Through } from "./carry.ts";
import { type CallRefusal, refusalHeaders, status } from "./grpc.ts";

export type Opened =
  | { readonly refuse: CallRefusal }
  | {
      /** The metadata that goes on, beside what every call has. */
      readonly metadata: OutgoingHttpHeaders;
      /** Messages to the one that is called; without a filter its bytes go on as they come. */
      readonly request?: Filter;
      /**
       * What the caller sees of the answer. It goes on as it comes where it is about the caller's `own` things alone, or `public`:
       * the same for everybody.
       */
      readonly answer: "own" | "public" | { readonly filter: Filter } | { readonly through: Through };
      readonly ended?: () => void;
    };

/** Decides on a call by its path and its metadata. */
export type Open = (path: string, metadata: IncomingHttpHeaders) => Opened | Promise<Opened>;

export interface RelayOptions {
  /** The side that is called by us. */
  readonly callee: ClientHttp2Session;
  readonly open: Open;
  /** What a filter may read and hold of messages. */
  readonly limits: Limits;
  /** Who calls: the Engine's own metadata goes on whole, and so do its answers. A client's is what was judged. */
  readonly from: "client" | "engine";
}

/** Hands each call of `caller` on to the callee, as far as `open` lets it. An end of either side ends both. */
export function relay(caller: ServerHttp2Session, options: RelayOptions): void {
  const begun = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _: number, raw: string[]) => {
    stream.on("error", () => undefined);
    void begin(stream, headers, raw, options);
  };
  caller.on("stream", begun);
}

/** Headers that belong to one connection only. */
const own: ReadonlySet<string> = new Set([
  "te",
  "content-type",
  "grpc-timeout",
  "grpc-encoding",
  "grpc-accept-encoding",
  "user-agent",
  "date",
]);

/** Metadata as it came, a name that stands several times with all of its values. */
function metadataOf(raw: readonly string[]): OutgoingHttpHeaders {
  const metadata: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (name.startsWith(":") || own.has(name)) continue;
    const values = metadata[name] ?? [];
    metadata[name] = values;
    values.push(raw[at + 1] ?? "");
  }
  return metadata;
}

/** What a client's answers say to the Engine: how the call ended. */
const ending = ["grpc-status", "grpc-message"] as const;

function answerOf(headers: IncomingHttpHeaders, raw: readonly string[], from: RelayOptions["from"]) {
  if (from === "client") return { "content-type": "application/grpc", ...metadataOf(raw) };
  const said = ending.flatMap((name) => (typeof headers[name] === "string" ? [[name, headers[name]]] : []));
  return { "content-type": "application/grpc", ...Object.fromEntries(said) };
}

function trailersOf(headers: IncomingHttpHeaders, raw: readonly string[], from: RelayOptions["from"]) {
  const { "content-type": _, ...trailers } = answerOf(headers, raw, from);
  return trailers;
}

async function begin(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
  options: RelayOptions,
): Promise<void> {
  const path = headers[":path"] ?? "";
  const encoding = headers["grpc-encoding"];
  const wrong =
    headers[":method"] !== "POST" || !/^application\/grpc(\+proto)?$/.test(headers["content-type"] ?? "")
      ? "is not a call of gRPC"
      : encoding !== undefined && encoding !== "identity"
        ? "has compressed messages"
        : undefined;
  if (wrong !== undefined) {
    refuse(stream, { code: status.invalid, message: `bulkhead: the request ${wrong} (guard-buildkit)` });
    return;
  }
  const opened = await options.open(path, headers);
  if (stream.destroyed || stream.closed) return;
  if ("refuse" in opened) {
    refuse(stream, opened.refuse);
    return;
  }
  const timeout = headers["grpc-timeout"];
  const call = options.callee.request(
    {
      ":method": "POST",
      ":path": path,
      ":scheme": "http",
      ":authority": "localhost",
      "content-type": "application/grpc",
      te: "trailers",
      ...(typeof timeout === "string" && /^[0-9]{1,8}[HMSmun]$/.test(timeout) && { "grpc-timeout": timeout }),
      ...(options.from === "engine" ? metadataOf(raw) : {}),
      ...opened.metadata,
    },
    { endStream: false },
  );
  join(stream, call, opened, options);
}

/** An answer of its head and its end, and nothing between. */
function refuse(stream: ServerHttp2Stream, refusal: CallRefusal): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.resume();
  stream.respond(refusalHeaders(refusal), { endStream: true });
}

type Passed = Exclude<Opened, { readonly refuse: unknown }>;

function join(
  stream: ServerHttp2Stream,
  call: ClientHttp2Stream,
  { request, answer, ended }: Passed,
  { limits, from }: RelayOptions,
): void {
  let trailers: OutgoingHttpHeaders | undefined;
  let hasEnded = false;
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    ended?.();
  };
  /** Ends the call with a reason for the caller; the other side hears of it when that has arrived. */
  const stop = (message: string) => {
    if (stream.destroyed || stream.writableEnded) return;
    const end = { code: status.denied, message };
    if (!stream.headersSent) refuse(stream, end);
    else {
      trailers = refusalHeaders(end);
      delete trailers[":status"];
      delete trailers["content-type"];
      stream.end();
    }
    over();
  };
  call.on("error", () => undefined);
  call.on("response", (headers: IncomingHttpHeaders, _: number, raw: string[]) => {
    if (stream.destroyed || stream.headersSent) return;
    // Only trailers: the call failed before it said anything.
    if (headers["grpc-status"] !== undefined) {
      stream.respond({ ":status": 200, ...answerOf(headers, raw, from) }, { endStream: true });
      over();
      return;
    }
    stream.respond({ ":status": 200, ...answerOf(headers, raw, from) }, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers(trailers ?? { "grpc-status": String(status.unavailable) }),
    );
    // Node tells of data that came with the head before it tells of the head.
    const end = () => {
      hasEnded = true;
      // The end of an answer says how the call went, and may be told after its last byte.
      if ((trailers || call.closed) && !stream.destroyed) stream.end();
    };
    if (typeof answer === "object" && "through" in answer)
      carryThrough(call, stream, answer.through, limits, stop, end);
    else carry(call, stream, typeof answer === "object" ? answer.filter : undefined, limits, stop, end);
  });
  call.on("trailers", (headers: IncomingHttpHeaders, _: number, raw: string[]) => {
    trailers ??= trailersOf(headers, raw, from);
    if (hasEnded) stream.end();
  });
  carry(stream, call, request, limits, stop);
  call.on("close", () => {
    if (hasEnded && !stream.destroyed && !stream.writableEnded) stream.end();
    if (!stream.destroyed && !stream.headersSent)
      refuse(stream, { code: status.unavailable, message: "bulkhead: the other side ended the connection" });
    else if (!stream.destroyed && !stream.writableEnded && call.rstCode !== constants.NGHTTP2_NO_ERROR)
      stream.close(call.rstCode);
    over();
  });
  stream.on("close", () => {
    if (!call.destroyed) call.close(stream.rstCode === 0 ? constants.NGHTTP2_CANCEL : stream.rstCode);
    over();
  });
}
