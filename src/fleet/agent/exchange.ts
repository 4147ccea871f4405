import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { whyServeUnreached } from "../../base/error-words.ts";
import { parsedJson } from "../../base/json.ts";
import { waitOf } from "../../watch/outputs/send/post.ts";

export interface Question {
  readonly url: URL;
  readonly key: string;
  readonly body: string;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export type Answered =
  | { readonly outcome: "answered"; readonly body: unknown }
  /** The content is refused, now and ever. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** The key or token is not taken. */
  | { readonly outcome: "unknown"; readonly reason: string }
  /** `after`: milliseconds that the server asked to wait. */
  | { readonly outcome: "failed"; readonly reason: string; readonly after: number | undefined };

/** Characters of an answer: most have a hundred, one with a list of acceptances has many. */
const longestAnswer = 16 * 1024 * 1024;

const contentRefused = new Set([400, 411, 413, 415, 422]);

/** Posts JSON once on a new connection, follows no redirect, and reads the answer. Never rejects. */
export function exchange({ url, key, body, timeout, signal }: Question): Promise<Answered> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const send = url.protocol === "https:" ? requestSecure : requestPlain;
    const call = send(url, {
      method: "POST",
      agent: false,
      signal,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "content-length": bytes.length,
      },
    });
    const timer = setTimeout(() => {
      settle(failure(`gives no answer within ${timeout / 1_000} s`));
      call.destroy();
    }, timeout);
    function settle(answered: Answered): void {
      clearTimeout(timer);
      resolve(answered);
    }
    call.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longestAnswer) call.destroy();
      });
      response.on("error", () => settle(failure("broke the connection off")));
      response.on("close", () => settle(failure("broke the connection off")));
      response.on("end", () =>
        settle(outcomeOf(response.statusCode ?? 0, text, response.headers["retry-after"])),
      );
    });
    call.on("error", (error: NodeJS.ErrnoException) => settle(failure(whyServeUnreached(error))));
    call.end(bytes);
  });
}

function outcomeOf(status: number, text: string, retryAfter: string | undefined): Answered {
  if (status === 200) {
    const body = parsedJson(text);
    return body === undefined ? failure("sends an answer that is not JSON") : { outcome: "answered", body };
  }
  if (status === 401 || status === 403) return { outcome: "unknown", reason: saidIn(text) };
  if (contentRefused.has(status)) {
    return { outcome: "refused", reason: `answers ${status} ${saidIn(text)}`.trim() };
  }
  if (status >= 300 && status < 400) return failure(`answers ${status}, a redirect, which is not followed`);
  return failure(`answers ${status}`, waitOf(retryAfter));
}

function failure(reason: string, after?: number): Answered {
  return { outcome: "failed", reason, after };
}

function saidIn(text: string): string {
  const body = parsedJson(text);
  const said = typeof body === "object" && body !== null && "error" in body ? String(body.error) : "";
  return said.slice(0, 200);
}
