import type { Container } from "../model/container.ts";
import type { Engine } from "../model/engine.ts";
import type { Exec } from "../model/exec.ts";
import type { BenchmarkSight } from "../model/host/benchmark-sight.ts";
import type { Image } from "../model/image.ts";
import type { ContainerPatch, EnginePatch, ImagePatch, Patch } from "../model/patch.ts";
import type { LostProof } from "../model/proof.ts";
import type { Severity } from "../model/severity.ts";
import type { Since } from "../model/since.ts";
import type { ContainerSubject, Source, SubjectKind } from "../model/subject.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Technique, Weakness } from "./taxonomies.ts";

/**
 * One thing to hold to: what it means, how to tell, and what to do. Everything here is data or a pure
 * function; a control reads nothing but what it is given.
 */
export interface Control {
  /** Stable, kebab-case: the public name. */
  readonly id: string;
  /** What is wrong when it fails, in a few words: `The Docker socket is mounted`. */
  readonly title: string;
  /** Two to five sentences: what an attacker or an accident does with it. */
  readonly why: string;
  /** What a finding says instead, by the kind of its subject, where the reason is another one. */
  readonly whyFor?: Readonly<Partial<Record<SubjectKind, string>>>;
  /** The requirement's row, `1.2`; undefined for what goes beyond it. */
  readonly row: string | undefined;
  readonly severity: Severity;
  /** What the guard does with it by default. */
  readonly guard: GuardDefault;
  /** CIS Docker Benchmark 1.6 numbers. */
  readonly cis: readonly string[];
  /** Techniques of MITRE ATT&CK that it closes or hampers. */
  readonly attack: readonly Technique[];
  /** The weaknesses that a failure is, as numbers of CWE. */
  readonly cwe: readonly Weakness[];
  readonly where: readonly Where[];
  /** Primary sources: Docker's documentation, man pages, the kernel's documentation. */
  readonly references: readonly string[];
  /** Each bad one fails and each good one does not: a test runs them, and docs/controls prints them. */
  /** The member of the Engine's document that would say it, for where none is set: `/HostConfig/Memory`. */
  readonly pointer?: string;
  readonly examples: { readonly bad: readonly Example[]; readonly good: readonly Example[] };
  /** Judges sandboxes of unprivileged users. All others leave those alone: what they look for is relative to the user's namespace. */
  readonly judgesSandboxes?: boolean;
  /**
   * `effective`: where the kernel is seen, its word is final, for better too (a limit that an ancestor cgroup
   * sets). Else a failure at any level is a finding.
   */
  readonly settledBy?: "effective";
  /**
   * The severity where the configuration fails and the kernel shows that it held all the same: a container
   * configured as root whose every process dropped to another uid.
   */
  readonly severityIfHeld?: Severity;
  readonly check: Checks;
  /**
   * For a control that stands for several recommendations of the benchmark: what it says of each by itself, by its number in 1.6,
   * or by a name where only a newer edition has it.
   */
  readonly recommendations?: Readonly<Record<string, Checks>>;
  /** What would mend it; asked only where the check failed. */
  readonly remedy: Remedies;
}

/**
 * `deny`: refuses what fails. `harden`: writes the remedy into a create request. `byName`: nothing, until a policy names
 * the control. `off`: the guard cannot judge it, because no request to the Engine shows it.
 */
export type GuardDefault = "deny" | "harden" | "byName" | "off";

/**
 * Where a control can be told: **F** files (Compose, `docker run`, Swarm), **D** Dockerfile, **J** daemon.json
 * and dockerd flags, **A** the Engine API's containers and images, **K** the kernel, **E** the live engine.
 */
export type Where = "F" | "D" | "J" | "A" | "K" | "E";

export interface Checks {
  readonly container?: (container: Container, context: Context) => Verdict;
  readonly engine?: (engine: Engine, context: Context) => Verdict;
  readonly image?: (image: Image, context: Context) => Verdict;
  readonly exec?: (exec: Exec, context: Context) => Verdict;
}

export interface Remedies {
  readonly container?: (container: Container, context: Context) => Remedy<ContainerPatch>;
  readonly engine?: (engine: Engine, context: Context) => Remedy<EnginePatch>;
  readonly image?: (image: Image, context: Context) => Remedy<ImagePatch>;
  readonly exec?: (exec: Exec, context: Context) => Remedy<never>;
}

/**
 * `safe`: cannot break a workload. `behavioural`: may; it can be tried and taken back, and `breaks` says what fails and how
 * to tell. `decision`: data, secrets, reachability or the program's purpose hang on it, so a person must name it.
 * `manual`: advice; no patch can be right without knowing more.
 */
export type RemedyKind = "safe" | "behavioural" | "decision" | "manual";

export interface Remedy<P extends Patch = Patch> {
  readonly kind: RemedyKind;
  /** One imperative sentence: `Remove the mount of /var/run/docker.sock, or put a filtering proxy in front.` */
  readonly summary: string;
  readonly patches: readonly P[];
  readonly breaks?: string;
}

/** What a control may know beside the view it judges. */
export interface Context {
  readonly source: Source;
  /** The engine that the subject runs on, or the daemon.json seen in the same audit. */
  readonly engine: Engine | undefined;
  /**
   * The container that a `container:` or `service:` mode or a `--volumes-from` names: by name or id on an
   * Engine, by service in a Compose file. Undefined where this audit does not see it.
   */
  readonly peer: (reference: string) => Container | undefined;
  /** What the Engine says of the container whose processes are judged; undefined where the Engine is not seen. */
  readonly configured: Container | undefined;
  /** Every running container of the engine with its subject, for what adds up. Empty for a file. */
  readonly running: readonly { readonly subject: ContainerSubject; readonly container: Container }[];
  /** The subject's name: what an image's findings by name are kept under. */
  readonly subject?: string | undefined;
  /** What proofs of the subject lost; undefined where nobody proves it again and again. */
  readonly lostProofs?: readonly LostProof[] | undefined;
  /**
   * The fields in which the kernel differs from the Engine beyond doubt, and since when: others may be an update under way.
   * Undefined where nobody watches: one look is all there is.
   */
  readonly drifts?: ReadonlyMap<string, Since> | undefined;
  /** What bulkhead.yaml asks of images; undefined where it says nothing. */
  readonly images?: ImageRules | undefined;
  /** Today, YYYY-MM-DD; undefined where what is judged does not hang on it. */
  readonly today?: string | undefined;
  /** What a benchmark reads besides; undefined where none was asked for, or no Engine is seen. */
  readonly sight?: BenchmarkSight | undefined;
}

/** What a team asks of images beyond what the controls ask. */
export interface ImageRules {
  /** Whether every image must be named by its digest. */
  readonly digests?: boolean | undefined;
  /** Where images may come from: `ghcr.io/team`, `docker.io/library`. */
  readonly registries?: readonly string[] | undefined;
}

/** A context that knows nothing more: for a single file, and for tests. */
export function bareContext(source: Source, more: Partial<Context> = {}): Context {
  return { engine: undefined, configured: undefined, peer: () => undefined, running: [], ...more, source };
}

export type Example = {
  /** How the text is written: `run` is one `docker run` line, `dockerd` a dockerd command line. */
  readonly syntax: "compose" | "run" | "dockerfile" | "daemon.json" | "dockerd";
  readonly text: string;
};

/** The kinds of subject that a control judges. */
export function kindsOf(control: Control): readonly SubjectKind[] {
  return (["engine", "container", "image", "exec"] as const).filter((kind) => control.check[kind]);
}

/** A remedy that only advises. */
export function manual(summary: string): Remedy<never> {
  return { kind: "manual", summary, patches: [] };
}

/**
 * What `explain` tells beside the control itself. It stands apart so that an audit does not load it; a test holds every
 * control against it.
 */
export interface Guidance {
  /** When a finding may stay: a reason for its ignore. */
  readonly letItBe: string;
  /** What somebody sees where the fix was too much, as a message of the program where it prints one. */
  readonly symptom: string;
  /** Why, as a sentence without its end. */
  readonly cause: string;
  /** What to do then, short of taking the fix back. */
  readonly action: string;
  /** Whether a test on a real Engine expects its verdict. */
  readonly onEngine?: true;
}
