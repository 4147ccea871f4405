import { fstatSync } from "node:fs";
import { failed, ok, type Result } from "../../../base/result.ts";
import { visible } from "../../../base/visible.ts";
import type { Change } from "../../change.ts";
import type { Facility } from "../settings.ts";
import { cutBytes, sayCause, sayMessage, weightOf } from "../words.ts";

/** @see https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 */
export const facilities = {
  user: 1,
  daemon: 3,
  auth: 4,
  authpriv: 10,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const satisfies Record<Facility, number>;

const levels = { critical: 2, high: 3, medium: 4, low: 5, info: 6 } as const;

/** syslog's severity of a change, 2 (critical) to 6 (informational). What is over is 5, a notice; what cannot be told is 4. */
export function levelOf({ change, finding }: Change): number {
  if (change === "resolved") return 5;
  return finding.verdict === "unknown" ? Math.max(4, levels[finding.severity]) : levels[finding.severity];
}

/** `opened critical docker-socket-mount container:web (configured): Mounts … [create of web]`. */
export function textOf(change: Change): string {
  const { finding, cause } = change;
  const about = `${change.change} ${weightOf(finding)} ${finding.control} ${visible(finding.subject)} (${finding.level})`;
  return `${about}: ${sayMessage(change)} [${sayCause(cause)}]`;
}

export interface Sender {
  readonly host: string;
  readonly facility: Facility;
  readonly process: number;
}

/**
 * A change in syslog's form, without structured data: an element of one's own needs an enterprise number, and bulkhead has none.
 * The text is UTF-8 without a byte order mark, for receivers that print it; cut to a kibibyte, which every receiver takes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5424#section-6
 */
export function syslogMessage(change: Change, sender: Sender): string {
  const { time, change: kind } = change;
  return messageOf({ time, level: levelOf(change), kind, text: textOf(change) }, sender);
}

/** A change for `logger --prio-prefix`, which writes the header itself. */
export function loggerLine(change: Change, { facility }: Sender): string {
  return `<${facilities[facility] * 8 + levelOf(change)}>${cutBytes(textOf(change), 1_024)}`;
}

/** A text that is no change: informational. `kind` is the message's ID: `test`. */
export function syslogText(kind: string, text: string, sender: Sender): string {
  return messageOf({ time: new Date().toISOString(), level: 6, kind, text: visible(text) }, sender);
}

/**
 * A message in a stream, after its length in bytes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1
 */
export function framed(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}

interface Message {
  readonly time: string;
  readonly level: number;
  readonly kind: string;
  readonly text: string;
}

function messageOf({ time, level, kind, text }: Message, { host, facility, process }: Sender): string {
  const priority = facilities[facility] * 8 + level;
  const header = `<${priority}>1 ${time} ${word(host, 255)} bulkhead ${process} ${word(kind, 32)} - `;
  return header + cutBytes(text, 1_024);
}

/** Printable ASCII without spaces, as a header's field must be; `-` where nothing is left. */
function word(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/g, "").slice(0, most) || "-";
}

/**
 * A line for standard output under systemd: the journal takes `<N>` before it as its priority, and knows the time by itself. One
 * change is one line, for the text shows line breaks.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
 */
export function journalLine(change: Change): string {
  return `<${levelOf(change)}>${textOf(change)}\n`;
}

/**
 * Whether a file descriptor is a connection to the journal: systemd tells its device and inode.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
 */
export function isJournal(descriptor: number, environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment.JOURNAL_STREAM === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor);
    return environment.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

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
