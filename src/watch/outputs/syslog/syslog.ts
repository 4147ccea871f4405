import { createSocket } from "node:dgram";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { failed, ok, type Result } from "../../../base/result.ts";
import { whyUnreached } from "../../../base/why-unreached.ts";
import { count } from "../../../report/words.ts";
import type { Output } from "../../output.ts";
import { framed, type Sender, syslogMessage } from "./message.ts";
import { within } from "./within.ts";

export interface RemoteSyslog {
  readonly kind: "udp" | "tcp" | "tls";
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

export type SyslogAddress =
  | RemoteSyslog
  /** The machine's own syslog, through the program logger: Node cannot write to /dev/log, a socket for datagrams. */
  | { readonly kind: "local"; readonly path: string; readonly text: string };

const ports = { udp: 514, tcp: 601, tls: 6514 } as const;

/** `udp://HOST[:514]`, `tcp://HOST[:601]`, `tls://HOST[:6514]`, or `unix:///dev/log`. */
export function parseSyslogAddress(text: string): Result<SyslogAddress> {
  const local = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (local !== undefined) return ok({ kind: "local", path: local, text });
  const [, kind, plain, bracketed, port] =
    /^(udp|tcp|tls):\/\/(?:([^\s:/[\]@]+)|\[([0-9a-fA-F:.]+)\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = plain ?? bracketed;
  if (
    (kind !== "udp" && kind !== "tcp" && kind !== "tls") ||
    host === undefined ||
    Number(port ?? 1) > 65_535
  ) {
    return failed(
      "is not an address of a syslog: udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log is expected",
    );
  }
  return ok({ kind, host, port: Number(port ?? ports[kind]), text });
}

export interface SyslogOptions {
  readonly sender: Sender;
  readonly say: (text: string) => void;
  /** Milliseconds between attempts to connect. */
  readonly retryEvery?: number;
}

/** Datagrams: a lost one goes unnoticed. */
export function syslogDatagrams({ host, port, text }: RemoteSyslog, { sender, say }: SyslogOptions): Output {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
  socket.unref();
  let failing = false;
  const told = (error: Error | null) => {
    if (error && !failing)
      say(`${text} takes no datagrams (it ${whyUnreached(error)}): changes are lost to it`);
    if (!error && failing) say(`${text} takes datagrams again`);
    failing = error !== null;
  };
  socket.on("error", told);
  let underway = 0;
  let done: () => void = () => {};
  return {
    send(change) {
      underway += 1;
      socket.send(syslogMessage(change, sender), port, host, (error) => {
        told(error);
        underway -= 1;
        if (underway === 0) done();
      });
    },
    async close() {
      if (underway > 0) await within(new Promise<void>((resolve) => (done = resolve)), 1_000);
      socket.close();
    },
  };
}

/** Messages that wait for a connection. */
const most = 20_000;

/**
 * A stream, each message after its length, for a message may hold any character. What is written to a connection that breaks may be
 * lost: syslog confirms nothing. What comes while there is none waits in memory.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5425
 */
export function syslogStream(
  { kind, host, port, text }: RemoteSyslog,
  { sender, say, retryEvery = 2_000 }: SyslogOptions,
): Output {
  const waiting: string[] = [];
  let lost = 0;
  let socket: Socket | undefined;
  let ready = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let drained: () => void = () => {};

  function connect(): void {
    timer = undefined;
    // A server is asked for by its name, never by an address: RFC 6066, section 3.
    const made =
      kind === "tls"
        ? connectSecure({ host, port, ...(isIP(host) === 0 && { servername: host }) })
        : connectPlain({ host, port });
    socket = made;
    made.setKeepAlive(true, 30_000);
    made.once(kind === "tls" ? "secureConnect" : "connect", () => {
      ready = true;
      if (failing) say(`${text} answers again`);
      failing = false;
      flush();
    });
    // A reader must be there for the end of the connection to be noticed.
    made.resume();
    made.on("drain", flush);
    made.on("error", (error) => tell(whyUnreached(error)));
    made.once("end", () => {
      ready = false;
    });
    made.once("close", () => {
      ready = false;
      socket = undefined;
      if (closed) return;
      tell("ended the connection");
      timer = setTimeout(connect, retryEvery);
    });
  }

  function tell(why: string): void {
    if (!failing && !closed) say(`${text} ${why}: changes wait until it answers`);
    failing = true;
  }

  function flush(): void {
    while (ready && socket && waiting.length > 0 && !socket.writableNeedDrain)
      socket.write(waiting.shift() ?? "");
    if (waiting.length > 0) return;
    drained();
    if (lost === 0) return;
    say(`${text} took what waited, but for the oldest ${count(lost, "change")}, which were too many`);
    lost = 0;
  }

  connect();
  return {
    send(change) {
      waiting.push(framed(syslogMessage(change, sender)));
      if (waiting.length > most) {
        waiting.shift();
        lost += 1;
        if (lost === 1) say(`${text}: ${most} changes wait, the oldest of them are dropped`);
      }
      flush();
    },
    async close() {
      if (waiting.length > 0 && !failing)
        await within(new Promise<void>((resolve) => (drained = resolve)), 2_000);
      closed = true;
      if (timer) clearTimeout(timer);
      const gone = waiting.length + lost;
      if (gone > 0) say(`${text}: ${count(gone, "change")} not delivered, and lost`);
      const last = socket;
      if (!last) return;
      if (ready) await within(new Promise<void>((resolve) => last.end(resolve)), 1_000);
      if (ready && last.writableLength > 0) say(`${text} did not read the last of what was sent to it`);
      last.destroy();
    },
  };
}
