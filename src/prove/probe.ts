import { failed, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import type { TcpAddress } from "../engine/host/reach.ts";
import type { EngineStreams } from "../engine/streams.ts";
import type { EngineWriter } from "../engine/write-client.ts";
import type { Container } from "../model/container.ts";
import type { Outcome } from "../model/proof.ts";
import type { Architecture } from "./helper/elf.ts";
import type { Plan } from "./helper/program.ts";

/** What there is to know of a probe before it runs. */
export interface About {
  /** Stable, kebab-case. */
  readonly id: string;
  /** The control whose word it puts to the test. */
  readonly control: string;
  /** Controls that may hold it as well. */
  readonly others?: readonly string[];
  /** What it tries, as the end of a sentence: `write to the root file system`. */
  readonly tries: string;
  /** Whether it can run in the container itself without disturbing what runs there. */
  readonly inPlace: boolean;
  /** Whether it depends on what is mounted: it is tried in the running container too where that has more than its twin. */
  readonly isOfMounts?: boolean;
  /** Whether it takes so much of the host that nothing else is to be tried beside it. */
  readonly burdens?: boolean;
  /** The looser container in which it has to succeed. */
  readonly looser: Looser;
  /** What there is to say without an experiment; undefined to make it. */
  readonly before?: (facts: Facts) => Before | undefined;
}

/**
 * An experiment that looks or measures, where a right does not tell all: what is there, how much can be had. It is made twice: in the subject (its twin, or
 * itself) and in a looser container of the same image, where it has to succeed: only then does a failure in the subject
 * prove anything.
 */
export interface Measurement<O> extends About {
  readonly experiment: (target: ProbeTarget) => Promise<Result<O>>;
  /** Pure: what the two observations mean. */
  readonly judge: (seen: ProbeRuns<O>) => Before;
}

/**
 * `open`: privileged, root, a writable root file system, no limit of any kind. `hostNamespaces`: on the host's network,
 * processes, IPC, name, cgroups and users, with the Engine's socket in it.
 */
export type Looser = "open" | "hostNamespaces";

export interface ProbeRuns<O> {
  readonly subject: O;
  /** Why it could not be made, where it could not. */
  readonly control: Result<O>;
  readonly facts: Facts;
}

export interface Judgement {
  readonly outcome: Outcome;
  readonly evidence: string;
  /** Empty where no control holds it, and none is to be looked for. */
  readonly by?: readonly string[];
}

export type Before = Judgement | { readonly outcome: "notApplicable"; readonly evidence: string };

/** What is known of the subject before anything is tried. */
export interface Facts {
  /** As declared or configured. */
  readonly view: Container;
  /** Engines' sockets, by their paths on the Engine's host. `identity` (dev:inode) where the host is this machine. */
  readonly sockets: readonly { readonly path: string; readonly identity: string | undefined }[];
  /** TCP addresses that the Engine listens on, as far as its host is seen. */
  readonly tcp: readonly TcpAddress[];
  /** Every TCP address that is listened on at the host; undefined where that is not seen. */
  readonly hostPorts: readonly TcpAddress[] | undefined;
  /** TCP addresses of the host that the running container has, also at ports that Docker chose. */
  readonly published?: readonly TcpAddress[];
  /** What the kernel says of the container itself; undefined where it does not run, or its host is not seen. */
  readonly running?: Running;
  /** Of the container's programs. */
  readonly architecture: Architecture;
  /** CPUs of the Engine's host. */
  readonly cpus: number;
  /** Bytes. */
  readonly memoryTotal: number;
}

/** What the kernel says of the container itself, beside what its twin shows. */
export interface Running {
  readonly mounts: readonly Mounted[];
  readonly processes: readonly RunningProcess[];
}

/** A mount as /proc/PID/mountinfo shows it (proc(5)). */
export interface Mounted {
  readonly point: string;
  /** The folder of the file system that is mounted there. */
  readonly root: string;
  readonly type: string;
  readonly isReadOnly: boolean;
}

export interface RunningProcess {
  readonly name: string;
  /** The real, effective, saved and file system uid, as the container counts them. */
  readonly uids: readonly number[];
  readonly noNewPrivileges: boolean;
  /** Whether it holds CAP_SETUID, and so can become root by itself. */
  readonly maySetuid: boolean;
}

/** Where an experiment is made. */
export interface ProbeTarget {
  readonly role: "subject" | "looser";
  readonly facts: Facts;
  /** Runs system calls in the container, as its user, with its capabilities, under its profiles. */
  run<T>(plan: Plan<T>): Promise<Result<T>>;
  /** The same in a process of another user in the container, by a program that is setuid root. */
  runSetuid<T>(user: string, plan: Plan<T>): Promise<Result<T>>;
  /** The same as the container's own user, by a program that is setuid root; undefined where none can be had. */
  readonly throughSetuid: (<T>(plan: Plan<T>) => Promise<Result<T>>) | undefined;
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
  prove(subject: ProbeTarget, looser: () => Promise<Result<ProbeTarget>>): Promise<TriedProbe>;
}

export interface TriedProbe {
  readonly judgement: Before;
  /** Makes the experiment in a container like the subject, and judges it as the subject's. */
  readonly again: (target: ProbeTarget) => Promise<Before>;
}

export function measurement<O>(given: Measurement<O>): Probe & Measurement<O> {
  return {
    ...given,
    async prove(subject, looser) {
      const { facts } = subject;
      let control: Result<O> = failed("it was not needed");
      const judged = async (target: ProbeTarget): Promise<Before> => {
        const seen = await given.experiment(target);
        // What runs in the subject says nothing of a twin.
        const { running: _, ...its } = facts;
        return seen.ok ? given.judge({ subject: seen.value, control, facts: its }) : untried(seen.reason);
      };
      const seen = await given.experiment(subject);
      if (!seen.ok) return { judgement: untried(seen.reason), again: judged };
      const unchecked = given.judge({ subject: seen.value, control, facts });
      // What succeeded needs no looser container to be believed.
      if (unchecked.outcome === "notHeld") return { judgement: unchecked, again: judged };
      const target = await looser();
      control = target.ok ? await given.experiment(target.value) : target;
      return { judgement: given.judge({ subject: seen.value, control, facts }), again: judged };
    },
  };
}

function untried(reason: string): Judgement {
  return { outcome: "inconclusive", evidence: `it could not be tried: ${reason}` };
}

/** Every way to an Engine that a proof takes. */
export interface ProvingEngine {
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
  readonly streams: EngineStreams;
}
