import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";

/** A user or a group that an ACL names, with what its mask leaves them. */
interface AclEntry {
  readonly kind: "user" | "group";
  readonly id: string;
  /** `rw-`. */
  readonly permissions: string;
}

/** Whom a file's ACL names; `unread`: it has one, and no getfacl is here; `unknown`: nothing here shows whether it has one. */
export type Acl = readonly AclEntry[] | "unread" | "unknown";

/** Milliseconds. */
const timeout = 2_000;

const known = new Map<string, { readonly key: string; readonly acl: Acl }>();

/**
 * The ACL of a file, which Node cannot read: by getfacl, else by GNU ls, which marks a file that has one. It is read again where the
 * file's status changed, for that starts a program.
 */
export function readAcl(path: string): Acl {
  try {
    const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
    const key = `${dev}:${ino}:${ctimeNs}`;
    const before = known.get(path);
    if (before?.key === key) return before.acl;
    const acl = ask(path);
    known.set(path, { key, acl });
    return acl;
  } catch {
    return "unknown";
  }
}

function ask(path: string): Acl {
  const shown = run("getfacl", ["--numeric", "--absolute-names", "--", path]);
  if (shown !== undefined) return aclFromGetfacl(shown);
  // No other ls knows the option.
  return aclFromLs(run("ls", ["--quoting-style=escape", "-ldnL", "--", path]) ?? "");
}

function run(program: string, words: readonly string[]): string | undefined {
  try {
    const env = { ...process.env, LC_ALL: "C" };
    return execFileSync(program, words, {
      ...{ encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout, env },
    });
  } catch {
    return undefined;
  }
}

/** The entries of acl(5) that getfacl prints: `user:1001:rw-`, `mask::r--`. What a folder hands on begins with `default:`. */
export function aclFromGetfacl(text: string): Acl {
  const entries = [...text.matchAll(/^(user|group|mask):([^:\n]*):([rwx-]{3})/gm)];
  const mask = entries.find(([, kind]) => kind === "mask")?.[3] ?? "rwx";
  return entries.flatMap(([, kind, id = "", permissions = ""]): readonly AclEntry[] => {
    if (id === "" || (kind !== "user" && kind !== "group")) return [];
    const left = [...permissions].map((each, at) => (mask[at] === "-" ? "-" : each)).join("");
    return [{ kind, id, permissions: left }];
  });
}

/** The sign behind the mode (coreutils: `+` for an ACL, `.` for a SELinux label). */
export function aclFromLs(text: string): Acl {
  const sign = /^[a-z-][rwxsStT-]{9}(.)/.exec(text)?.[1];
  if (sign === undefined) return "unknown";
  return sign === "+" ? "unread" : [];
}

/** `ada, bob and carl`. */
export function sayAll(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Who may write beside a file's owner and group, in words; undefined where nobody may. */
export function letIn(acl: Acl): string | undefined {
  if (typeof acl === "string") return undefined;
  const names = acl
    .filter(({ permissions }) => permissions.includes("w"))
    .map(({ kind, id }) => (kind === "user" ? `uid ${id}` : `gid ${id}`));
  return names.length === 0 ? undefined : `${sayAll(names)} (by its ACL)`;
}
