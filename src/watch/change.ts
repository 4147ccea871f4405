import type { Finding } from "../audit/finding.ts";

/**
 * What is news, and opens no finding: its verdict is `pass`. `loosened`: a `docker update` raised a limit that still is one.
 * `refused`: a rule began to refuse a container something.
 */
const noteKinds = ["loosened", "refused"] as const;

/** What became of a finding. `changed`: it is another verdict or severity, or has other evidence. */
export const changeKinds = ["opened", "changed", "resolved", ...noteKinds] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Whether nothing is open by it. */
export function isNote({ change }: { readonly change: string }): boolean {
  return (noteKinds as readonly string[]).includes(change);
}

/**
 * One change of what is hardened, as every output gets it, and as `--format jsonl` prints it: one line a change, keys in this
 * order. A public interface: what is added later is added at the end.
 */
export interface Change {
  /** When it was noticed, ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  readonly change: ChangeKind;
  /** As it is now; for `resolved` as it was last. Its verdict is `fail` or `unknown`; for a note it is `pass`. */
  readonly finding: Finding;
  readonly cause: Cause;
  /** The subject's id before its container was renamed: the finding is the same. Left out where it was not. */
  readonly was?: string;
}

/** What brought the change about, as far as it is known. Holds no argument of a command, no label and no variable. */
export type Cause =
  | EventCause
  /** No event said so: a sweep found the kernel like this. `missed`: calls that may have done it were not heard. */
  | { readonly kind: "sweep"; readonly missed?: true }
  | KernelCause
  /** Found right after this file changed: the Engine's daemon.json, a socket's mode or owner, a limit in a container's cgroup. */
  | { readonly kind: "file"; readonly path: string }
  /** It was so when the watch began: an output for people may leave these out or count them. */
  | { readonly kind: "start" }
  /** Found by the proof of the container that `--prove` makes again and again. */
  | { readonly kind: "prove" }
  /** It came about while the Engine was out of sight: it restarted, or the connection broke. */
  | { readonly kind: "reconnect" }
  /** Somebody accepted it in `bulkhead serve`; null: it is no longer accepted there. No host tells serve this. */
  | {
      readonly kind: "acceptance";
      readonly accepted: { readonly reason: string; readonly until: string } | null;
    };

/** Found right after this call, which the kernel traced. */
export interface KernelCause {
  readonly kind: "kernel";
  readonly call: string;
  /** The caller's name, which it chose itself. */
  readonly process: string;
  /** The caller's, also where it moved another one. */
  readonly pid: number;
  /** The names of its ancestors, the nearest first, without the machine's first process. Left out where nobody looked in time. */
  readonly parents?: readonly string[];
  /** Who logged in, or whom it runs as: the host's account, or `uid 1000`. Likewise. */
  readonly user?: string;
  /** It had ended when it was to be looked at. Left out where it had not. */
  readonly ended?: true;
}

/** An event of the Engine. */
export interface EventCause {
  readonly kind: "event";
  /** `container`, `network`, `volume`, `daemon`. */
  readonly type: string;
  /** The action's name alone: `start`, `exec_create`, `update`. */
  readonly action: string;
  readonly actor: {
    /** The Engine's id of the container, network, volume or daemon. */
    readonly id: string;
    readonly name: string | null;
  };
  /** The program that an exec started (`sh`), without its arguments; null for any other event. */
  readonly process: string | null;
  /** The Engine's own time of the event, ISO 8601. */
  readonly time: string;
  /**
   * Who called, by the log of a guard on this machine; null where none of the logs has the call. Left out where no log is
   * read.
   */
  readonly by?: Caller | null;
  /** The limits that an `update` changed; left out for any other event. */
  readonly limits?: readonly LimitChange[];
}

/** A limit before and after a `docker update`, in words: `memory`, `64 MiB`, `8 GiB`. */
export interface LimitChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** A client of a guard. */
export interface Caller {
  /** Its name in the guard's policy. */
  readonly client: string;
  /** Where the guard took the call: `unix:///run/bulkhead/docker.sock`; `authz` in the plugin. */
  readonly listener: string;
}

/**
 * What stays the same from a finding's opening to its end, together with its control: the subject's id, without the random part
 * of an exec's. All privileged execs in one container are told as one finding.
 */
export function subjectKey(subject: string): string {
  return subject.startsWith("exec:") ? subject.replace(/\/[^/]*$/, "") : subject;
}

/** What names a finding from its opening to its end. */
export function findingKey({ control, subject }: Named): string {
  return `${control} ${subjectKey(subject)}`;
}

/** By what the finding was known before this change. */
export function knownAs({ finding: { control, subject }, was }: Pick<Change, "finding" | "was">): Named {
  return { control, subject: was ?? subject };
}

/** A change for who does not know its finding yet. */
export function asOpened({ was: _, ...change }: Change): Change {
  return { ...change, change: "opened" };
}

/** What is enough for `findingKey`. */
export type Named = Pick<Finding, "control" | "subject">;

/** Nobody knows what brought it about. */
export const bySweep: Cause = { kind: "sweep" };

/** Likewise, and calls were not heard meanwhile: there were too many, or somebody changed the trace. */
export const bySweepAfterLoss: Cause = { kind: "sweep", missed: true };
