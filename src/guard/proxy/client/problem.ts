import type { Header } from "../http/head.ts";

const words: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  408: "Request Timeout",
  413: "Content Too Large",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

export interface Problem {
  readonly status: number;
  readonly words: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

/** An answer of the guard's own, in the form of the Engine's errors, so that docker prints it as it does those. */
export function problem(status: number, message: string, headers: readonly Header[] = []): Problem {
  return {
    status,
    words: words[status] ?? "Error",
    headers: [["Content-Type", "application/json"], ...headers],
    body: Buffer.from(`${JSON.stringify({ message: `bulkhead: ${message}` })}\n`),
  };
}
