import type { RequestHead } from "../http/head.ts";
import type { ClientConnection } from "./client-connection.ts";
import { problem } from "./problem.ts";

/** Answers in the guard's own name, and is done with the request. */
export function answer(
  connection: ClientConnection,
  head: Pick<RequestHead, "method" | "minor">,
  status: number,
  message: string,
  rules: readonly string[],
): void {
  if (connection.isGone) return;
  const made = problem(status, message, rules.length > 0 ? [["X-Bulkhead-Rules", rules.join(", ")]] : []);
  connection.sendHead(made.status, made.words, made.headers, {
    length: made.body.length,
    minor: head.minor,
    close: false,
  });
  if (head.method !== "HEAD") connection.sendBody(made.body);
  connection.finish();
}
