import { codeOf, whyUnreached } from "../../../base/error-words.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Mailer } from "../../../watch/outputs/send/send.ts";

export interface MailOptions {
  /** `smtps://user@mail.example.org:465` or `smtp://mail.example.org:587`. */
  readonly url: URL;
  readonly password: string | undefined;
  readonly from: string;
}

/** Milliseconds for each step of a delivery. */
const patience = 10_000;

export function mailServer(text: string): Result<URL> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === "" || !/^\/?$/.test(url.pathname))
    return failed(`${text} is not a mail server such as smtps://user@mail.example.org`);
  if (url.password !== "") return failed("the password belongs in --smtp-password-file, not in the address");
  return ok(url);
}

/** Sends by SMTP. A password crosses the network encrypted only: without TLS the server is not given it. */
export function openMailer({ url, password, from }: MailOptions): Mailer {
  const user = decodeURIComponent(url.username);
  const secure = url.protocol === "smtps:";
  return {
    async send({ to, subject, text }) {
      try {
        const { createTransport } = await import("nodemailer");
        const transport = createTransport({
          ...{ host: url.hostname.replace(/^\[(.*)\]$/, "$1"), secure },
          port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
          ...(password === undefined ? {} : { auth: { user, pass: password }, requireTLS: !secure }),
          ...{ connectionTimeout: patience, greetingTimeout: patience, socketTimeout: patience },
          ...{ disableFileAccess: true, disableUrlAccess: true },
        });
        try {
          // https://www.rfc-editor.org/rfc/rfc3834#section-5: no program answers it.
          const headers = { "auto-submitted": "auto-generated" };
          await transport.sendMail({ from, to, subject, text, headers });
          return { outcome: "taken" };
        } finally {
          transport.close();
        }
      } catch (error) {
        return { outcome: "failed", reason: whyUnsent(error), after: undefined };
      }
    },
  };
}

/** Words that hold nothing of the mail: the server's own may repeat it. */
function whyUnsent(error: unknown): string {
  const code = codeOf(error);
  const answer =
    typeof error === "object" && error !== null && "responseCode" in error ? Number(error.responseCode) : 0;
  if (code === "EAUTH") return "does not take the user and the password";
  if (code === "ETLS") return "offers no TLS, or none that is trusted";
  if (code === "ETIMEDOUT") return "gives no answer within 10 s";
  if (answer > 0) return `answers ${answer}`;
  // The library's own code says that there was a socket; the system's stands in the message.
  const systems = error instanceof Error ? /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] : undefined;
  return whyUnreached({ name: "", message: "", code: systems ?? code });
}
