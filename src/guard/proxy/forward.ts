import { codeOf } from "../../base/error-words.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import type { Asker } from "../log/entry.ts";
import type { ApiVersion } from "../request/version.ts";
import type { SentRequest } from "../request/write.ts";
import { type ArchiveStream, streamArchive } from "./archive-stream.ts";
import { buildkitJoin, isBuildkit } from "./buildkit.ts";
import { answer } from "./client/answer.ts";
import type { ClientConnection } from "./client/client-connection.ts";
import { responseHeaders } from "./engine/response-headers.ts";
import type { Call } from "./engine/upstream.ts";
import { Busy, type UpstreamRequest } from "./engine/upstream-connection.ts";
import type { Surroundings } from "./gate.ts";
import type { Framing } from "./http/framing.ts";
import { type Header, many, type RequestHead, type ResponseHead, single } from "./http/head.ts";
import { opensTunnel, openTunnel, type Switch, switchFor } from "./protocol-switch.ts";

export type Passed = Exclude<Judged, { readonly verdict: "deny" }>;

/** Bytes of one document of a stream. */
const largestDocument = 128 * 1024 * 1024;

/**
 * Sends a judged request to the Engine and its answer to the client. Both bodies go on as they come, no faster than the
 * other side takes them. Gives what takes it back, as long as nothing of an answer came: the client is answered by
 * `instead` then. `deny` answers a build whose archive turns out to be one that may not be built.
 */
export function forward(
  connection: ClientConnection,
  head: RequestHead,
  framing: Framing,
  judged: Passed,
  asker: Asker,
  around: Surroundings,
  deny: (reasons: readonly Reason[]) => void = () => undefined,
): (instead: () => void) => void {
  const { route } = judged;
  const { message, change } = writtenOnce(judged, around);
  const started = performance.now();
  let call: Call | undefined;
  let archive: ArchiveStream | undefined;
  let hasBegun = false;
  let isOver = false;
  /** The answer's head, while its body is read whole. */
  let begun: ResponseHead | undefined;
  let whole: Buffer[] | undefined;
  let size = 0;
  let status = 0;
  /** A document of a stream that has not come whole yet. */
  let line: Buffer[] | undefined;

  const answered = around.liveness.wait(() =>
    giveUp(
      504,
      `the Engine at ${around.address} does not answer, not even to a ping: it hangs or is stopped`,
    ),
  );

  function giveUp(status: number, reason: string): void {
    takeBack(() => answer(connection, head, status, reason, []));
  }

  function takeBack(instead: () => void): void {
    if (isOver) return;
    isOver = true;
    answered();
    archive?.destroy();
    call?.destroy();
    if (hasBegun) connection.destroy();
    else instead();
  }

  connection.onGone(() => {
    answered();
    archive?.destroy();
    call?.destroy();
  });
  /** Each document of a stream by itself; what cannot be read ends it. */
  function sendLines(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const document = Buffer.concat([...(line ?? []), chunk.subarray(from, end)]);
      from = end + 1;
      line = [];
      size = 0;
      if (document.length === 0) continue;
      const shown = judged.response && around.gate.rewrite(document, judged.response);
      if (shown === undefined) {
        giveUp(502, "the Engine's answer cannot be read, and so not be redacted");
        return;
      }
      const sent = shown.at(-1) === 10 ? Buffer.from(shown) : Buffer.concat([shown, Buffer.from("\n")]);
      if (!connection.sendBody(sent)) call?.pause();
    }
    const rest = Buffer.from(chunk.subarray(from));
    size += rest.length;
    line?.push(rest);
    if (size > largestDocument) giveUp(502, "the Engine's answer is too large to be redacted");
  }

  call = around.upstream.start(message, {
    head(answer, bodyFraming) {
      const seconds = (performance.now() - started) / 1_000;
      around.version.note(answer.headers);
      ({ status } = answer);
      const { folders, prefix } = judged.response ?? {};
      // What the Engine says of a failure names things as well.
      const isShown = answer.status < 300 || folders !== undefined || prefix !== undefined;
      const isRewritten = judged.response && isShown && bodyFraming.kind !== "none";
      if (isRewritten && route.response !== "stream") {
        whole = [];
        connection.whenDone(() => around.traffic.releaseAnswer(size));
        begun = answer;
      } else {
        if (isRewritten) line = [];
        hasBegun = true;
        answered();
        begin(connection, head, answer, bodyFraming, judged);
        connection.onDrain(() => call?.resume());
      }
      around.metrics.answered(route.id, seconds);
    },
    data(chunk) {
      if (line !== undefined) {
        sendLines(chunk);
        return false;
      }
      if (whole === undefined) {
        if (!connection.sendBody(chunk)) call?.pause();
        return false;
      }
      if (around.traffic.holdAnswer(chunk.length)) {
        size += chunk.length;
        whole.push(Buffer.from(chunk));
      } else giveUp(503, "the Engine's answers are too large for the guard at the moment");
      return false;
    },
    end() {
      answered();
      judged.settled?.(status);
      if (whole !== undefined && begun && judged.response) {
        const document = around.gate.rewrite(Buffer.concat(whole), judged.response);
        if (document === undefined) {
          giveUp(502, "the Engine's answer cannot be read, and so not be redacted");
          return;
        }
        sendDocument(connection, head, begun, Buffer.from(document), judged);
      }
      isOver = true;
      connection.finish();
    },
    tunnel(answer, line, rest) {
      answered();
      around.metrics.answered(route.id, (performance.now() - started) / 1_000);
      const { tunnels } = around;
      const join = isBuildkit(judged)
        ? buildkitJoin(judged, () => connection.asker, asker, around)
        : undefined;
      if (!change || !openTunnel({ connection, line, rest, answered: answer, change, tunnels, join }))
        giveUp(502, "the Engine answers with another protocol than was asked for");
    },
    drain: () => (archive ? archive.drain() : connection.resumeBody()),
    fail(error, hasAnswered) {
      answered();
      judged.settled?.(0);
      around.metrics.engineFailed();
      around.version.forget();
      if (error instanceof Busy) {
        giveUp(503, error.message);
        return;
      }
      void around.upstream.why(error).then((reason) => {
        const away = !hasAnswered && ["ECONNREFUSED", "ENOENT", "EACCES", "ENOTSOCK"].includes(codeOf(error));
        giveUp(away ? 503 : 502, `the Engine at ${around.address} does not answer: ${reason}`);
      });
    },
  });
  if (connection.isGone) call.destroy();
  else if (judged.request.archive) {
    archive = streamArchive({
      connection,
      framing,
      call,
      archive: judged.request.archive,
      policy: asker.policy,
      wrong: (reason) => giveUp(400, reason),
      deny: (reasons) =>
        takeBack(() => {
          connection.abandonBody();
          deny(reasons);
        }),
    });
  } else if (message.stream !== "none") streamBody(connection, framing, call, giveUp);
  return takeBack;
}

interface Written {
  readonly message: UpstreamRequest;
  readonly change: Switch | undefined;
}

/** By the basePath and the version, and what was judged: who asks again what asks nothing new gets the same. */
const written = new WeakMap<
  Passed,
  Written & { readonly basePath: string; readonly version: ApiVersion | undefined }
>();

function writtenOnce(judged: Passed, { gate, basePath, version: known }: Surroundings): Written {
  const version = judged.request.version ?? known.shared();
  const before = written.get(judged);
  if (before?.basePath === basePath && before.version === version) return before;
  const outgoing = gate.write({ ...judged.request, version });
  const change = opensTunnel(judged.route) ? switchFor(outgoing) : undefined;
  const made = { basePath, version, change, message: messageOf(outgoing, basePath, change !== undefined) };
  if (outgoing.body === undefined) written.set(judged, made);
  return made;
}

function streamBody(
  connection: ClientConnection,
  framing: Framing,
  call: Call,
  giveUp: (status: number, reason: string) => void,
): void {
  connection.streamBody(framing, {
    data: (chunk) => {
      if (!call.write(chunk)) connection.pauseBody();
    },
    end: () => call.endBody(),
    wrong: (reason) => giveUp(400, reason),
  });
}

/** The request as it is written, and how the rest of it follows. */
function messageOf(
  { method, target, headers, body }: SentRequest,
  basePath: string,
  hijack: boolean,
): UpstreamRequest {
  let head = checked(`${method} ${basePath}${target} HTTP/1.1`);
  for (const [name, value] of headers) head += checked(`${name}: ${value}`);
  head += "\r\n";
  if (body === "stream") {
    const isChunked = headers.some(([name]) => name === "Transfer-Encoding");
    return { method, head, body: undefined, stream: isChunked ? "chunked" : "length", hijack };
  }
  return { method, head, body, stream: "none", hijack };
}

/** Would be a fault of the guard's own: what was judged must not say more than was judged. */
function checked(line: string): string {
  if (/[^\x20-\x7e\x80-\xff]/.test(line)) throw new Error("a rebuilt head contains a control character");
  return `${line}\r\n`;
}

function begin(
  connection: ClientConnection,
  head: RequestHead,
  answered: ResponseHead,
  framing: Framing,
  judged: Passed,
): void {
  const length = single(answered.headers, "content-length");
  const isBodiless = framing.kind === "none";
  const known = length === undefined || length === many ? undefined : Number(length);
  connection.sendHead(answered.status, answered.words, withVerdict(responseHeaders(answered), judged), {
    length: isBodiless ? (head.method === "HEAD" ? (known ?? "none") : "none") : known,
    minor: head.minor,
    close: false,
  });
}

function sendDocument(
  connection: ClientConnection,
  head: RequestHead,
  answered: ResponseHead,
  document: Buffer,
  judged: Passed,
): void {
  connection.sendHead(answered.status, answered.words, withVerdict(responseHeaders(answered), judged), {
    length: document.length,
    minor: head.minor,
    close: false,
  });
  connection.sendBody(document);
}

/** A header that shows what the guard did: which controls changed the request, or would have denied it. */
function withVerdict(headers: Header[], { changes, warnings }: Passed): Header[] {
  if (changes.length > 0)
    headers.push(["X-Bulkhead-Hardened", [...new Set(changes.map(({ control }) => control))].join(", ")]);
  if (warnings.length > 0)
    headers.push(["X-Bulkhead-Warnings", [...new Set(warnings.map(({ rule }) => rule))].join(", ")]);
  return headers;
}
