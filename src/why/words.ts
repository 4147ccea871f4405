import type { Refusal } from "./refusal.ts";

/** How each argument of a call reads; a call that is not listed shows none. */
type Kind =
  /** A path. */
  | "path"
  /** The address of a socket; the next argument is its length. */
  | "address"
  /** A folder that the path behind it starts from, a length, a pointer: nothing that a reader needs. */
  | "-"
  | "open"
  | "owner"
  | "number"
  | "mode"
  | "family"
  | "clone"
  | "signal";

const signatures: Readonly<Record<string, string>> = {
  ...{ open: "path open", openat: "- path open", openat2: "- path", creat: "path" },
  ...{ mkdir: "path", mkdirat: "- path", rmdir: "path", unlink: "path", unlinkat: "- path" },
  ...{ mknod: "path", mknodat: "- path", symlink: "path path", symlinkat: "path - path" },
  ...{ link: "path path", linkat: "- path - path", rename: "path path" },
  ...{ renameat: "- path - path", renameat2: "- path - path" },
  ...{ chmod: "path mode", fchmod: "- mode", fchmodat: "- path mode", fchmodat2: "- path mode" },
  ...{ chown: "path owner owner", lchown: "path owner owner", fchown: "- owner owner" },
  ...{ fchownat: "- path owner owner", truncate: "path", utime: "path", utimes: "path" },
  ...{ utimensat: "- path", access: "path", faccessat: "- path", faccessat2: "- path", stat: "path" },
  ...{ lstat: "path", newfstatat: "- path", statx: "- path", readlink: "path", readlinkat: "- path" },
  ...{ chdir: "path", chroot: "path", execve: "path", execveat: "- path", statfs: "path", acct: "path" },
  ...{ setxattr: "path path", lsetxattr: "path path", removexattr: "path path", swapon: "path" },
  ...{ mount: "path path path", umount2: "path", pivot_root: "path path", open_tree: "- path" },
  ...{ fsopen: "path", inotify_add_watch: "- path", getxattr: "path path", lgetxattr: "path path" },
  ...{ bind: "- address", connect: "- address", socket: "family", socketpair: "family" },
  ...{ setuid: "number", setgid: "number", setreuid: "owner owner", setregid: "owner owner" },
  ...{ setresuid: "owner owner owner", setresgid: "owner owner owner", setfsuid: "number" },
  ...{ unshare: "clone", clone: "clone", setns: "- clone", kill: "number signal", tgkill: "- number signal" },
  ...{ setgroups: "number", ptrace: "number number", prctl: "number", sethostname: "path" },
};

function kindsOf(call: string): readonly Kind[] {
  const text = signatures[call];
  return text === undefined ? [] : (text.split(" ") as Kind[]);
}

/** Which arguments of a call are texts in the process's memory: paths, and addresses with where their length stands. */
export function textArguments(
  call: string,
): readonly { readonly index: number; readonly isAddress: boolean }[] {
  return kindsOf(call).flatMap((kind, index) =>
    kind === "path" || kind === "address" ? [{ index, isAddress: kind === "address" }] : [],
  );
}

/** The call with texts that a line of a log names; undefined where it names none. */
export function callIn(line: string): string | undefined {
  return line.split(/[^\w-]+/).find((word) => signatures[word] !== undefined);
}

/** AF_* of the families that programs ask for (socket(2), bits/socket.h). */
const families: Readonly<Record<number, string>> = {
  ...{ 1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 15: "AF_KEY", 16: "AF_NETLINK", 17: "AF_PACKET" },
  ...{ 29: "AF_CAN", 38: "AF_ALG", 40: "AF_VSOCK", 44: "AF_XDP" },
};

/** Of clone(2) and unshare(2). */
const cloneFlags: readonly (readonly [bigint, string])[] = [
  [0x20000n, "CLONE_NEWNS"],
  [0x2000000n, "CLONE_NEWCGROUP"],
  [0x4000000n, "CLONE_NEWUTS"],
  [0x8000000n, "CLONE_NEWIPC"],
  [0x10000000n, "CLONE_NEWUSER"],
  [0x20000000n, "CLONE_NEWPID"],
  [0x40000000n, "CLONE_NEWNET"],
];

/** `mkdir(/var/cache/x)`, `socket(AF_NETLINK)`, `bind(:80)`; an argument that could not be read is `…`. */
export function spellCall({ call, words, texts }: Refusal): string {
  const kinds = kindsOf(call);
  // Where the beginning of a busy call is not traced, only a log can name its path.
  if (words === undefined) return texts[0] === undefined ? call : `${call}(${texts[0]})`;
  if (kinds.length === 0) return call;
  let text = 0;
  const spelled = kinds.flatMap((kind, index): readonly string[] => {
    if (kind === "-") return [];
    if (kind !== "path" && kind !== "address") return spellWord(kind, words[index] ?? 0n);
    text += 1;
    return [texts[text - 1] ?? "…"];
  });
  return `${call}(${spelled.join(", ")})`;
}

function spellWord(kind: Kind, word: bigint): readonly string[] {
  const number = Number(BigInt.asIntN(32, word));
  switch (kind) {
    case "open":
      return isWriting(word) ? ["to write"] : [];
    case "owner":
      return number === -1 ? [] : [String(number)];
    case "mode":
      return [`0${(number & 0o7777).toString(8)}`];
    case "family":
      return [families[number] ?? `family ${number}`];
    case "clone": {
      const names = cloneFlags.filter(([flag]) => (word & flag) !== 0n).map(([, name]) => name);
      return names.length > 0 ? [names.join(" | ")] : [];
    }
    case "signal":
      return [`signal ${number}`];
    default:
      return [String(number)];
  }
}

/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC (open(2)). */
function isWriting(flags: bigint): boolean {
  return (flags & 3n) !== 0n || (flags & 0o1100n) !== 0n;
}

/** Whether it asked to create or write a file. */
export function wantsToWrite({ call, words }: Refusal): boolean {
  const at = kindsOf(call).indexOf("open");
  return at >= 0 && isWriting(words?.[at] ?? 0n);
}

/** A socket's address (sockaddr_in, sockaddr_in6, sockaddr_un) as `:80` or a path; undefined for another family. */
export function spellAddress(bytes: Uint8Array): string | undefined {
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  if (family === 2 || family === 10) return `:${((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)}`;
  if (family !== 1) return undefined;
  const path = Buffer.from(bytes.subarray(2)).toString("utf8");
  return path.startsWith("\0") ? `@${path.slice(1).replace(/\0.*$/s, "")}` : path.replace(/\0.*$/s, "");
}
