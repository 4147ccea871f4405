import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { callName, ownArchitecture } from "../engine/system-calls.ts";
import type { Setting } from "./setting.ts";

/** What a security module or seccomp wrote of a refusal (audit(8)). */
export interface AuditLine {
  readonly pid: number;
  readonly layer: "AppArmor" | "SELinux" | "seccomp";
  /** The number of the call, of seccomp. */
  readonly call: number | undefined;
  readonly path: string | undefined;
  /** A clause: `AppArmor's profile docker-default denies open of /x (w)`. */
  readonly because: string;
  readonly settings: readonly Setting[];
}

/** Reads one line of the kernel's log or of auditd's; undefined for all others. */
export function readAuditLine(line: string): AuditLine | undefined {
  const of = (name: string) =>
    new RegExp(`\\b${name}=(?:"([^"]*)"|(\\S+))`)
      .exec(line)
      ?.slice(1)
      .find((each) => each !== undefined);
  const pid = Number(of("pid"));
  if (!(pid > 0)) return undefined;
  const path = of("name") ?? of("path");
  if (/\bapparmor="DENIED"/.test(line)) {
    const [profile = "", operation = "", mask, capability] = [
      of("profile"),
      of("operation"),
      of("denied_mask"),
      of("capname"),
    ];
    const what =
      capability === undefined
        ? `${operation}${path === undefined ? "" : ` of ${path}`}${mask === undefined ? "" : ` (${mask})`}`
        : `the capability ${capability.toUpperCase()}`;
    const rule =
      capability === undefined
        ? path === undefined
          ? operation
          : `${path} ${mask ?? "rw"},`
        : `capability ${capability},`;
    return {
      ...{ pid, layer: "AppArmor", call: undefined, path },
      because: `AppArmor's profile ${profile} denies ${what}`,
      settings: [optionOf("apparmor=my-profile", `a copy of ${profile} with the rule: ${rule}`)],
    };
  }
  if (/\bavc: +denied/.test(line)) {
    const [, rights = ""] = /denied +\{ ([^}]*) \}/.exec(line) ?? [];
    const [source, target, kind = ""] = [typeOf(of("scontext")), typeOf(of("tcontext")), of("tclass")];
    const isFile = /^(?:file|dir|lnk_file|sock_file|fifo_file)$/.test(kind);
    const relabel: Setting = {
      compose: 'volumes: ["…:z"]',
      run: "-v …:z",
      note: `at the mount that ${path ?? "it"} is in: gives it the label of containers`,
    };
    return {
      ...{ pid, layer: "SELinux", call: undefined, path: path?.startsWith("/") ? path : undefined },
      because: `SELinux lets ${source} not ${rights} a ${kind} of ${target}`,
      settings: [
        ...(isFile ? [relabel] : []),
        optionOf("label=type:my_container_t", "a type with the rule that audit2allow prints"),
      ],
    };
  }
  if (!/\btype=(?:1326|SECCOMP)\b/.test(line)) return undefined;
  return {
    pid,
    layer: "seccomp",
    call: Number(of("syscall")),
    path: undefined,
    because: "seccomp",
    settings: [],
  };
}

function optionOf(option: string, note: string): Setting {
  return { compose: `security_opt: ["${option}"]`, run: `--security-opt ${option}`, note };
}

/** `container_t` of `system_u:system_r:container_t:s0:c1,c2`. */
function typeOf(context = ""): string {
  return context.split(":")[2] ?? context;
}

/** The call that seccomp killed for. */
export function killedFor(line: AuditLine | undefined): string | undefined {
  const architecture = ownArchitecture();
  return line?.call === undefined || !architecture ? undefined : callName(line.call, architecture);
}

/** Where the kernel writes them, without auditd and with it. */
const kernelLog = "/dev/kmsg";
const auditLog = "/var/log/audit/audit.log";

/** A line of the kernel's log or of auditd's; `time` in milliseconds since 1970. */
export interface KernelLine {
  readonly time: number;
  readonly text: string;
}

export interface KernelLog {
  /** Whether there is a log that this user may read. */
  readonly isReadable: boolean;
  /** The lines that came since the last call. */
  readonly read: () => readonly KernelLine[];
  readonly close: () => void;
}

/** The kernel's log from a time on (milliseconds since 1970). Without the right to read it there are no lines. */
export function openKernelLog(since: number): KernelLog {
  const now = Date.now();
  const opened = [kernelLog, auditLog].flatMap((path) => {
    try {
      const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return [{ file, at: path === auditLog ? firstByte(path, since < now) : null }];
    } catch {
      return [];
    }
  });
  return {
    isReadable: opened.length > 0,
    read() {
      const clock = { now: Date.now(), monotonic: Number(process.hrtime.bigint() / 1_000n) };
      return opened
        .flatMap((each) => recordsOf(each))
        .map((text) => ({ time: timeOf(text, clock), text }))
        .filter(({ time }) => time >= since);
    },
    close() {
      for (const { file } of opened) closeSync(file);
    },
  };
}

/** Where reading begins: at the end, or so far before it as is read at once. */
function firstByte(path: string, isPast: boolean): number {
  const { size } = statSync(path);
  return isPast ? Math.max(0, size - most) : size;
}

/**
 * /dev/kmsg has microseconds of the monotonic clock (Documentation/ABI/testing/dev-kmsg), auditd's lines have seconds since 1970. A
 * line without either counts as new.
 */
function timeOf(line: string, clock: { readonly now: number; readonly monotonic: number }): number {
  const stamp = /^\d+,\d+,(\d+),/.exec(line)?.[1];
  if (stamp !== undefined) return clock.now - (clock.monotonic - Number(stamp)) / 1_000;
  const seconds = /\bmsg=audit\((\d+\.\d+):/.exec(line)?.[1];
  return seconds === undefined ? clock.now : Number(seconds) * 1_000;
}

const most = 1024 * 1024;

/** One record a read of /dev/kmsg; of a file all that came. */
function recordsOf(from: { readonly file: number; at: number | null }): readonly string[] {
  const texts: string[] = [];
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (let total = 0; total < most; ) {
    let length = 0;
    try {
      length = readSync(from.file, buffer, 0, buffer.length, from.at);
    } catch (error) {
      // EPIPE: older records were overwritten meanwhile, and the next read goes on behind them.
      if (error instanceof Error && "code" in error && error.code === "EPIPE") continue;
      break;
    }
    if (length === 0) break;
    if (from.at !== null) from.at += length;
    total += length;
    texts.push(buffer.toString("utf8", 0, length));
  }
  return texts.join("").split("\n");
}
