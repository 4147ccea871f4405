import { createHmac } from "node:crypto";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { whyUnreached } from "../../../base/error-words.ts";

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Milliseconds for all of it, the look-up of the name included. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Bytes of an answer of success that are read; by default none is. */
  readonly mostAnswer?: number;
}

/** What became of a post. A reason is one clause without address, header or body: they may hold secrets. */
export type Posted =
  /** `answer`: what was read of it. */
  | { readonly outcome: "taken"; readonly answer?: Uint8Array }
  /** The receiver does not want this content, now or ever. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** `after`: milliseconds that the receiver asked to wait. */
  | { readonly outcome: "failed"; readonly reason: string; readonly after: number | undefined };

/** What no repetition will mend: the content is at fault. A wrong address, key or topic can be mended, and is tried again. */
const contentRefused = new Set([400, 413, 415, 422]);

/** Posts once on a new connection and follows no redirect. Never rejects. */
export function post({ url, headers, body, timeout, signal, mostAnswer = 0 }: Post): Promise<Posted> {
  return new Promise((resolve) => {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const send = url.protocol === "https:" ? requestSecure : requestPlain;
    const call = send(
      url,
      {
        method: "POST",
        agent: false,
        signal,
        headers: { ...headers, "content-length": bytes.length },
        ...authorization(url),
      },
      (response) => {
        const posted = outcomeOf(response.statusCode ?? 0, response.headers["retry-after"]);
        if (posted.outcome === "taken" && mostAnswer > 0) {
          void readSome(response, mostAnswer).then((answer) => settle({ ...posted, answer }));
          return;
        }
        settle(posted);
        // What it says is of no use, and may be without end.
        response.destroy();
      },
    );
    const timer = setTimeout(() => {
      settle(failure(`gives no answer within ${timeout / 1_000} s`));
      call.destroy();
    }, timeout);
    function settle(posted: Posted): void {
      clearTimeout(timer);
      resolve(posted);
    }
    call.on("error", (error: NodeJS.ErrnoException) => settle(failure(whyUnreached(error))));
    call.end(bytes);
  });
}

/** What an answer says, or nothing where it is longer than `most` bytes or breaks off. */
async function readSome(response: IncomingMessage, most: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > most) return new Uint8Array();
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch {
    return new Uint8Array();
  }
}

/** The user and password of the address, which Node takes apart from it. */
function authorization({ username, password }: URL): { readonly auth?: string } {
  if (username === "" && password === "") return {};
  return { auth: `${decoded(username)}:${decoded(password)}` };
}

/** A percent sign that begins nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function outcomeOf(status: number, retryAfter: string | undefined): Posted {
  if (status >= 200 && status < 300) return { outcome: "taken" };
  if (contentRefused.has(status)) return { outcome: "refused", reason: `answers ${status}` };
  if (status >= 300 && status < 400) return failure(`answers ${status}, a redirect, which is not followed`);
  return failure(`answers ${status}`, waitOf(retryAfter));
}

function failure(reason: string, after?: number): Posted {
  return { outcome: "failed", reason, after };
}

/** Milliseconds out of `Retry-After`, in seconds or as a date. @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function waitOf(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+(?:\.\d+)?$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/**
 * The headers by which a receiver knows that a body is bulkhead's and new: `Bulkhead-Timestamp` is the time of this attempt in
 * seconds since 1970, and `Bulkhead-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of that time, a full stop and the
 * body's bytes. A receiver computes the same over the raw body, compares in constant time, and refuses what is older than some
 * minutes.
 */
export function signatureHeaders(
  secret: string,
  body: string,
  now: number = Date.now(),
): { readonly "bulkhead-timestamp": string; readonly "bulkhead-signature": string } {
  const timestamp = String(Math.floor(now / 1_000));
  const digest = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  return { "bulkhead-timestamp": timestamp, "bulkhead-signature": `v1=${digest}` };
}
