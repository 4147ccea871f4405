import { failed, ok, type Result } from "../../../base/result.ts";

export interface RemoteSyslog {
  readonly kind: "udp" | "tcp" | "tls";
  readonly host: string;
  readonly port: number;
}

export type SyslogAddress =
  | RemoteSyslog
  /** The machine's own syslog, through the program logger: Node cannot write to /dev/log, a socket for datagrams. */
  | { readonly kind: "local"; readonly path: string };

const ports = { udp: 514, tcp: 601, tls: 6514 } as const;

/** `udp://HOST[:514]`, `tcp://HOST[:601]`, `tls://HOST[:6514]`, or `unix:///dev/log`. */
export const syslogPattern =
  /^(?:unix:\/\/(\/.+)|(udp|tcp|tls):\/\/(?:([^\s:/[\]@]+)|\[([0-9a-fA-F:.]+)\])(?::(\d{1,5}))?)$/;

export const notASyslog =
  "is not an address of a syslog: udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log is expected";

export function parseSyslogAddress(text: string): Result<SyslogAddress> {
  const [, path, kind, plain, bracketed, port] = syslogPattern.exec(text) ?? [];
  if (path !== undefined) return ok({ kind: "local", path });
  const host = plain ?? bracketed;
  if (
    (kind !== "udp" && kind !== "tcp" && kind !== "tls") ||
    host === undefined ||
    Number(port ?? 1) > 65_535
  )
    return failed(notASyslog);
  return ok({ kind, host, port: Number(port ?? ports[kind]) });
}
