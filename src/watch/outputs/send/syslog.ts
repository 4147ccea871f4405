import { createSocket } from "node:dgram";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectSecure } from "node:tls";
import { whyUnreached } from "../../../base/error-words.ts";
import { framed, type RemoteSyslog } from "../syslog/message.ts";
import type { Posted } from "./post.ts";

/** Milliseconds that a receiver has to say, by a reset, that it did not read to the end. */
const goodbye = 1_000;

/**
 * Sends messages in order, by a connection of their own, and says what became of them. Syslog confirms nothing: `taken` means that
 * the network took all of it and the receiver did not break off. Never rejects.
 */
export async function sendSyslog(
  address: RemoteSyslog,
  messages: readonly string[],
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<Posted> {
  if (signal.aborted) return failure("was not reached before the end");
  return address.kind === "udp"
    ? await datagrams(address, messages)
    : await stream(address, messages, timeout, signal);
}

async function datagrams({ host, port }: RemoteSyslog, messages: readonly string[]): Promise<Posted> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
  try {
    // What goes wrong is told to the call that sends.
    socket.on("error", () => {});
    for (const message of messages) {
      await new Promise<void>((resolve, reject) => {
        socket.send(message, port, host, (error) => (error ? reject(error) : resolve()));
      });
    }
    return { outcome: "taken" };
  } catch (error) {
    return failure(whyUnreached(error as NodeJS.ErrnoException));
  } finally {
    socket.close();
  }
}

function stream(
  { kind, host, port }: RemoteSyslog,
  messages: readonly string[],
  timeout: number,
  signal: AbortSignal,
): Promise<Posted> {
  return new Promise((resolve) => {
    // A server is asked for by its name, never by an address: RFC 6066, section 3.
    const socket =
      kind === "tls"
        ? connectSecure({ host, port, ...(isIP(host) === 0 && { servername: host }) })
        : connectPlain({ host, port });
    let timer = setTimeout(
      () => settle(failure(`does not read what it is sent within ${timeout / 1_000} s`)),
      timeout,
    );
    const abort = () => settle(failure("was not reached before the end"));
    function settle(posted: Posted): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(posted);
    }
    signal.addEventListener("abort", abort);
    socket.once(kind === "tls" ? "secureConnect" : "connect", () => {
      socket.end(messages.map(framed).join(""), () => {
        clearTimeout(timer);
        timer = setTimeout(() => settle({ outcome: "taken" }), goodbye);
      });
    });
    socket.resume();
    socket.on("error", (error) => settle(failure(whyUnreached(error))));
    socket.once("close", () =>
      settle(socket.writableFinished ? { outcome: "taken" } : failure("ended the connection")),
    );
  });
}

function failure(reason: string): Posted {
  return { outcome: "failed", reason, after: undefined };
}
