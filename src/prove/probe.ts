import { failed, type Result } from "../base/result.ts";
import type { Container } from "../model/container.ts";
import type { Outcome } from "../model/proof.ts";
import type { Plan } from "./helper/program.ts";

/** What there is to know of a probe before it runs. */
export interface About {
  /** Stable, kebab-case. */
  readonly id: string;
  /** The control whose word it puts to the test. */
  readonly control: string;
  /** What it tries, as the end of a sentence: `write to the root file system`. */
  readonly tries: string;
  /**
   * Whether it could change the host if it succeeded. Such a probe never runs against a privileged subject or one on the
   * host's namespaces: it is not held by configuration.
   */
  readonly touchesHost: boolean;
  /** Whether it can run in the container itself without disturbing what runs there. */
  readonly inPlace: boolean;
  /** The looser container in which it has to succeed. */
  readonly looser: Looser;
  /** What there is to say without an experiment; undefined to make it. */
  readonly before?: (facts: Facts) => Before | undefined;
}

/**
 * An experiment that tells whether a control really holds. The experiment is made twice: in the subject (its twin, or
 * itself) and in a looser container of the same image, where it has to succeed: only then does a failure in the subject
 * prove anything.
 */
export interface ProbeOf<O> extends About {
  readonly experiment: (target: ProbeTarget) => Promise<Result<O>>;
  /** Pure: what the two observations mean. */
  readonly judge: (seen: Seen<O>) => Judgement;
}

/**
 * `open`: privileged, root, a writable root file system, no limit of any kind. `hostNamespaces`: on the host's network,
 * processes, IPC, name, cgroups and users, with the Engine's socket in it.
 */
export type Looser = "open" | "hostNamespaces";

export interface Seen<O> {
  readonly subject: O;
  /** Why it could not be made, where it could not. */
  readonly control: Result<O>;
  readonly facts: Facts;
}

export interface Judgement {
  readonly outcome: Outcome;
  readonly evidence: string;
}

export type Before = Judgement | { readonly outcome: "notApplicable"; readonly evidence: string };

/** What is known of the subject before anything is tried. */
export interface Facts {
  /** As declared or configured. */
  readonly view: Container;
  /** Engines' sockets, by their paths on the Engine's host. `identity` (dev:inode) where the host is this machine. */
  readonly sockets: readonly { readonly path: string; readonly identity: string | undefined }[];
  /** CPUs of the Engine's host. */
  readonly cpus: number;
  /** Bytes. */
  readonly memoryTotal: number;
}

/** Where an experiment is made. */
export interface ProbeTarget {
  readonly role: "subject" | "looser";
  readonly facts: Facts;
  /** Runs system calls in the container, as its user, with its capabilities, under its profiles. */
  run<T>(plan: Plan<T>): Promise<Result<T>>;
  /** The same in a process of another user in the container; setuid: by a program that is setuid root. */
  runAs<T>(user: string, setuid: boolean, plan: Plan<T>): Promise<Result<T>>;
  /** Starts a process of another user, and does `during` while it is there. */
  beside<T>(user: string, during: (pid: number) => Promise<Result<T>>): Promise<Result<T>>;
  /** Runs a program in a container like this that may die of it, and tells how it ended. */
  sacrifice(plan: Plan<unknown>): Promise<Result<Ended>>;
  /** The Engine's figures of the container (`GET /containers/ID/stats`). */
  stats(): Promise<Result<unknown>>;
  /** A file of its cgroup as the host sees it; undefined where the host is another machine. */
  cgroupFile(controller: string, name: string): string | undefined;
}

export interface Ended {
  readonly oomKilled: boolean;
  readonly exitCode: number;
  /** Whether the program got to its end. */
  readonly finished: boolean;
}

/** A probe as the registry holds it, whatever it observes. */
export interface Probe extends About {
  /** Makes the experiment in the subject and, unless it succeeds there, in the looser container; judges what was seen. */
  prove(subject: ProbeTarget, looser: () => Promise<Result<ProbeTarget>>): Promise<Judgement>;
}

export function probe<O>(given: ProbeOf<O>): Probe & ProbeOf<O> {
  return {
    ...given,
    async prove(subject, looser) {
      const seen = await given.experiment(subject);
      if (!seen.ok) return { outcome: "inconclusive", evidence: `it could not be tried: ${seen.reason}` };
      const { facts } = subject;
      const unchecked = given.judge({ subject: seen.value, control: failed("it was not needed"), facts });
      // What succeeded needs no looser container to be believed.
      if (unchecked.outcome === "notHeld") return unchecked;
      const target = await looser();
      const control = target.ok ? await given.experiment(target.value) : target;
      return given.judge({ subject: seen.value, control, facts });
    },
  };
}
