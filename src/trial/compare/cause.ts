export type CauseKind =
  /** A write below a root that is read-only. */
  | "readOnly"
  /** No memory, no process, no file or no space more. */
  | "limit"
  | "unreachable"
  /** A file that is not there. */
  | "missing"
  /** EACCES and EPERM. */
  | "denied"
  | "notPermitted"
  /** Nothing was refused, and what it answers or writes is not what it was. */
  | "otherContent";

/** What a log line or an exit status says about why a hardened workload fails. */
export interface Cause {
  /** A clause: `setgroups: EPERM, needs SETGID`. */
  readonly reason: string;
  /** Controls whose steps are likely to have done it, the likeliest first. */
  readonly suspects: readonly string[];
  readonly capability?: string | undefined;
  readonly path?: string | undefined;
  /** Undefined where that is not known. */
  readonly kind?: CauseKind | undefined;
}

/** A call that the kernel refused to a container of a trial: the cause itself, where a log has only signs. */
export interface RefusedCall extends Omit<Cause, "reason"> {
  /** A clause; `path` is what the log names, for a call whose path the kernel does not show. */
  readonly reason: (path: string | undefined) => string;
  /** The container's id. */
  readonly container: string;
  /** Its program ended by an error or a signal right after it. */
  readonly isBeforeEnd: boolean;
  /** Whether a line of a log speaks of the refusal. */
  readonly isIn: (line: string) => boolean;
}

/** Watches which calls of containers are refused. */
export interface RefusalWatch {
  /** What these containers of the Engine were refused. */
  readonly of: (containers: readonly string[]) => Promise<readonly RefusedCall[]>;
  readonly close: () => void;
}

interface Sign {
  readonly pattern: RegExp;
  readonly reason: (match: RegExpExecArray, line: string) => string;
  readonly suspects: readonly string[];
  readonly capability?: string;
  readonly kind?: CauseKind;
}

const notPermitted = /operation not permitted|not permitted|\bEPERM\b|\(1:|errno[ =:]*1\b/i;
const denied = /permission denied|\bEACCES\b|\(13:|errno[ =:]*13\b/i;
const refusal = new RegExp(`${notPermitted.source}|${denied.source}`, "i");
const rights = [
  "capabilities-drop",
  "privileged",
  "no-new-privileges",
  "seccomp-profile",
  "root-user",
] as const;

function errnoOf(line: string): string {
  return notPermitted.test(line) ? "EPERM" : denied.test(line) ? "EACCES" : "refused";
}

/** Which capability a refused call needs (capabilities(7)). The first sign that fits counts. */
const calls: readonly (readonly [RegExp, string])[] = [
  [/\b(?:setgroups|initgroups|setgid|setegid|setresgid|setregid|newgrp)\b/i, "SETGID"],
  [
    /\b(?:setuid|seteuid|setresuid|setreuid|switch(?:ing)? (?:to )?user|drop(?:ping)? (?:root )?privileges|su-exec|gosu|setpriv)\b/i,
    "SETUID",
  ],
  [/\b(?:capset|cap_set_proc|cap_setproc|setpcap|bounding set|PR_CAPBSET_DROP)\b/i, "SETPCAP"],
  [/\b(?:l?f?chown(?:at)?|changing ownership|change owner(?:ship)?)\b/i, "CHOWN"],
  [/\b(?:chroot|pivot_root)\b/i, "SYS_CHROOT"],
  [/\bmknod\b/i, "MKNOD"],
  [/\b(?:f?chmod(?:at)?|changing permissions|utimes?|utimensat|setting times)\b/i, "FOWNER"],
  [/\bbind(?:ing)?\b|\blisten(?:ing)? on\b|could not bind|cannot bind/i, "NET_BIND_SERVICE"],
  [/\b(?:mlock(?:all)?|shmget|huge ?pages?)\b/i, "IPC_LOCK"],
  [/\b(?:setrlimit|prlimit|RLIMIT_\w+|ulimit)\b/i, "SYS_RESOURCE"],
  [/\b(?:sched_set\w+|setpriority|ioprio_set|nice)\b/i, "SYS_NICE"],
  [/\b(?:raw socket|SOCK_RAW|icmp|ping)\b/i, "NET_RAW"],
  [/\b(?:kill|signal)\b/i, "KILL"],
  [/\b(?:mount|umount|sethostname|setns|unshare)\b/i, "SYS_ADMIN"],
  [/\b(?:ptrace)\b/i, "SYS_PTRACE"],
  [/\b(?:clock_settime|settimeofday|adjtimex)\b/i, "SYS_TIME"],
  [/\b(?:iptables|nft|netlink|SIOCS\w+|RTNETLINK|ip link)\b/i, "NET_ADMIN"],
];

const signs: readonly Sign[] = [
  {
    pattern: /read-only file system|\bEROFS\b|\(30:/i,
    reason: (_, line) => `EROFS${writing(line)}: the file system is read-only`,
    suspects: ["read-only-rootfs", "read-only-volume", "sensitive-host-mount", "volume-options"],
    kind: "readOnly",
  },
  {
    pattern: /no space left on device|\bENOSPC\b|\(28:/i,
    reason: (_, line) => `ENOSPC${writing(line)}: the tmpfs or the storage is full`,
    suspects: ["read-only-rootfs", "tmpfs-options", "storage-limit"],
    kind: "limit",
  },
  {
    pattern: /bad system call|\bSIGSYS\b/i,
    reason: () => "a system call was killed by seccomp",
    suspects: ["seccomp-profile"],
  },
  {
    pattern: /cannot allocate memory|out of memory|\bENOMEM\b|\(12:|OOMKilled|lack of memory|bad_alloc/i,
    reason: () => "ENOMEM: it needs more memory than its limit",
    suspects: ["memory-limit", "memory-swap-limit", "capacity"],
    kind: "limit",
  },
  {
    pattern:
      /resource temporarily unavailable|\bEAGAIN\b|can(?:'|no)t fork|fork failed|unable to (?:create|start) (?:a )?(?:new )?(?:native )?thread|pthread_create|can't start new thread/i,
    reason: () => "EAGAIN: it starts more processes or threads than its limit",
    suspects: ["pids-limit", "memory-limit"],
    kind: "limit",
  },
  {
    pattern: /too many open files|\bEMFILE\b|\bENFILE\b/i,
    reason: () => "EMFILE: it opens more files than its limit",
    suspects: ["engine-ulimits"],
    kind: "limit",
  },
  {
    pattern: /no new privileges|effective uid is not 0|must be setuid root|sudo: .*root/i,
    reason: () => "a setuid program cannot become root",
    suspects: ["no-new-privileges", "capabilities-drop", "root-user"],
  },
  {
    pattern: /exec format error|exec .*permission denied|cannot execute|noexec/i,
    reason: (_, line) => `it cannot execute${writing(line)}`,
    suspects: ["tmpfs-options", "read-only-rootfs", "root-user", "capabilities-drop"],
  },
  {
    pattern: /(?:must|has to|need(?:s)? to) be (?:run )?(?:as )?root|not running as root|are you root/i,
    reason: () => "it insists on starting as root",
    suspects: ["root-user", "capabilities-drop"],
  },
  {
    pattern:
      /connection refused|network is unreachable|no route to host|name resolution|getaddrinfo|could not resolve|bad address|host not found|\bE(?:CONNREFUSED|NETUNREACH|HOSTUNREACH|NOTFOUND)\b/i,
    reason: () => "it cannot reach another host",
    suspects: ["host-network", "shared-namespace", "engine-icc", "published-port"],
    kind: "unreachable",
  },
  {
    pattern: /no such file or directory|\bENOENT\b|does not exist|cannot open|can't open/i,
    reason: (_, line) => `ENOENT${writing(line)}: the file does not exist`,
    suspects: [
      "sensitive-host-mount",
      "docker-socket-mount",
      "host-proc-mount",
      "host-dev-mount",
      "device-access",
      "privileged",
      "read-only-rootfs",
      "image-secret",
    ],
    kind: "missing",
  },
];

function writing(line: string): string {
  const path = pathIn(line);
  return path === undefined ? "" : ` at ${path}`;
}

const phrase =
  /read-only file system|permission denied|not permitted|no space left|no such file|exec format error|cannot execute|does not exist/i;

/** The path that a line blames: the last one before the error's words, else the first one behind them. */
function pathIn(line: string): string | undefined {
  const paths = [...line.matchAll(/(?:^|[\s"'`(=:[])(\/[\w.@%+~-]+(?:\/[\w.@%+~-]+)*\/?)/g)];
  const end = phrase.exec(line)?.index ?? 0;
  return (paths.findLast(({ index }) => index < end) ?? paths[0])?.[1];
}

/** What one line says; undefined where it says nothing that is known. */
export function causeOf(line: string): Cause | undefined {
  if (refusal.test(line)) {
    const call = calls.find(([pattern]) => pattern.test(line));
    const path = pathIn(line);
    const where = path === undefined ? "" : ` at ${path}`;
    if (call && !/exec .*permission denied/i.test(line)) {
      const [, capability] = call;
      const name = call[0].exec(line)?.[0]?.trim() ?? "";
      return {
        reason: `${name}: ${errnoOf(line)}${where}, needs ${capability}`,
        // Some refusals of rights come from who it runs as.
        suspects: denied.test(line) ? ["capabilities-drop", "root-user", ...rights] : [...rights],
        capability,
        kind: denied.test(line) ? "denied" : notPermitted.test(line) ? "notPermitted" : undefined,
        ...(path !== undefined && { path }),
      };
    }
    if (notPermitted.test(line))
      return withPath({ reason: `EPERM${where}`, suspects: [...rights], kind: "notPermitted" }, path);
    if (!/exec .*permission denied/i.test(line)) {
      const reason = `EACCES${where}: it may not open the file (root needs DAC_OVERRIDE for that)`;
      const suspects = [
        "capabilities-drop",
        "root-user",
        "read-only-rootfs",
        "tmpfs-options",
        "apparmor-profile",
      ];
      return withPath({ reason, suspects, kind: "denied" }, path);
    }
  }
  for (const { pattern, reason, suspects, kind } of signs) {
    const match = pattern.exec(line);
    if (match) return withPath({ reason: reason(match, line), suspects, kind }, pathIn(line));
  }
  return undefined;
}

function withPath(cause: Cause, path: string | undefined): Cause {
  return path === undefined ? cause : { ...cause, path };
}

/** The causes that several lines name, the first one first, each once. */
export function causesOf(lines: readonly string[]): readonly (Cause & { readonly line: string })[] {
  const found = new Map<string, Cause & { readonly line: string }>();
  for (const line of lines) {
    const cause = causeOf(line);
    if (cause && !found.has(cause.reason)) found.set(cause.reason, { ...cause, line });
  }
  return [...found.values()];
}
