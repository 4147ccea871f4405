import { type ChildProcess, spawn } from "node:child_process";
import { connect as connectPlain, type OnReadOpts, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { firstLine } from "../../base/error-words.ts";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";
import { whyConnection } from "./why.ts";

/** Opens connections to an Engine that carry bytes, for who speaks HTTP over them himself: the guard's proxy. */
export interface Dialler {
  readonly address: string;
  /** Where the Engine's socket is, if it is a unix socket of this machine. */
  readonly socketPath: string | undefined;
  readonly basePath: string;
  /**
   * A new connection, still connecting; each direction ends by itself (half-open). What is written before it is there
   * waits. Failures come as the socket's `error`. Where the socket is the kernel's own, what comes is read into the
   * memory of `onread` instead of being told by `data`.
   */
  dial(onread?: OnReadOpts): Socket;
  /** Why a connection failed, as one clause with a hint of what to do. */
  why(error: unknown): Promise<string>;
}

export function dialler(endpoint: Endpoint, environment: ConnectOptions["environment"]): Dialler {
  const { address } = endpoint;
  const why = async (error: unknown) => whyConnection(error, endpoint);
  if (endpoint.kind === "unix") {
    const { path } = endpoint;
    const dial = (onread?: OnReadOpts) =>
      connectPlain({ path, allowHalfOpen: true, ...(onread && { onread }) });
    return { address, socketPath: path, basePath: "", dial, why };
  }
  if (endpoint.kind === "tcp") {
    const { hostname: host, port, basePath, tls } = endpoint;
    if (!tls) {
      const dial = (onread?: OnReadOpts) =>
        connectPlain({ host, port, allowHalfOpen: true, noDelay: true, ...(onread && { onread }) });
      return { address, socketPath: undefined, basePath, dial, why };
    }
    const { verify, ...material } = tls;
    const options = { ...material, host, port, rejectUnauthorized: verify, allowHalfOpen: true };
    // A name for the server to choose its certificate by; an address is none (RFC 6066).
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const dial = () => connectTls({ ...options, ...servername }).setNoDelay(true);
    return { address, socketPath: undefined, basePath, dial, why };
  }
  const ssh = sshDialler(endpoint, environment);
  return {
    address,
    socketPath: undefined,
    basePath: "",
    dial: () => ssh.dial(),
    why: async (error) => (await ssh.complaint()) ?? whyConnection(error, endpoint),
  };
}

type SshEndpoint = Extract<Endpoint, { readonly kind: "ssh" }>;

interface SshDialler {
  /** A new connection: one `ssh … docker system dial-stdio` (docker/cli: cli/connhelper). */
  dial(): Socket;
  /** What the last ssh that failed said; waits a moment for one that is just ending. */
  complaint(): Promise<string | undefined>;
}

export function sshDialler(endpoint: SshEndpoint, environment: ConnectOptions["environment"]): SshDialler {
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  return {
    dial() {
      const child = spawn("ssh", sshArguments(endpoint), { stdio: "pipe", env: { ...environment } });
      last = complaintOf(child);
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
      stream.once("close", () => child.kill());
      // Of what a socket has over a stream, the HTTP client uses no more than these two.
      return Object.assign(stream, { ref: () => stream, unref: () => stream }) as Duplex as Socket;
    },
    complaint: () =>
      Promise.race([last, new Promise<undefined>((resolve) => setTimeout(resolve, 1_000, undefined))]),
  };
}

/** `--` keeps a host that starts with a dash from being an option of ssh. */
function sshArguments({ user, port, destination, socketPath }: SshEndpoint): readonly string[] {
  return [
    ...["-o", "ConnectTimeout=10", "-T"],
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", port]),
    ...["--", destination, "docker"],
    ...(socketPath === undefined ? [] : [`--host=unix://${socketPath}`]),
    ...["system", "dial-stdio"],
  ];
}

function complaintOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once("error", () => resolve("ssh cannot be started: is it installed?"));
    child.once("close", (status) => {
      const line = firstLine(said.trim().split("\n").at(-1) ?? "");
      if (line === "") resolve(status === 0 ? undefined : `ssh ended with status ${status}`);
      else resolve(line.startsWith("ssh") ? line : `ssh: ${line}`);
    });
  });
}
