import { connect as connectPlain, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";
import { sshDialler } from "./ssh.ts";
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
