import type { Message, Receiver } from "../destination.ts";
import { type Posted, post, signatureHeaders } from "./post.ts";

type Via<Name extends Message["via"]> = Extract<Message, { readonly via: Name }>;

export interface Mailer {
  /** Sends once. Never rejects. */
  send(mail: Omit<Via<"mail">, "via">): Promise<Posted>;
}

export interface Sending {
  readonly version: string;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** The transports of `bulkhead serve`: each sends once, and never rejects. Without a mail server there is no mailer. */
  readonly mailer?: Mailer | undefined;
  readonly logs?: (message: Via<"otlp">, token: string | null, sending: Sending) => Promise<Posted>;
}

export const noMailServer = "has no mail server: start bulkhead serve with --smtp and --mail-from";

/** Sends a message once. Never rejects. */
export async function send(
  message: Message,
  { token, secret }: Pick<Receiver, "token" | "secret">,
  sending: Sending,
): Promise<Posted> {
  const { version, timeout, signal, mailer, logs } = sending;
  switch (message.via) {
    case "http": {
      const { url, body, contentType = "application/json" } = message;
      const headers = {
        "content-type": contentType,
        "user-agent": `bulkhead/${version}`,
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(secret !== null && signatureHeaders(secret, body)),
      };
      return await post({ url, headers, body, timeout, signal });
    }
    case "syslog": {
      const { address, messages } = message;
      if (address.kind === "local") {
        const { sendByLogger } = await import("./logger.ts");
        return await sendByLogger(address.path, messages, { timeout, signal });
      }
      const { sendSyslog } = await import("./syslog.ts");
      return await sendSyslog(address, messages, { timeout, signal });
    }
    case "mail":
      return mailer ? await mailer.send(message) : unable(noMailServer);
    case "otlp":
      return logs ? await logs(message, token, sending) : unable("gets log records from bulkhead serve only");
  }
}

function unable(reason: string): Posted {
  return { outcome: "failed", reason, after: undefined };
}
