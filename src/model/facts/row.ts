import type { NamespaceMode } from "../container/namespace.ts";
import type {
  BuildReference,
  Healthcheck,
  PathProtection,
  SeccompProfile,
  SelinuxLabel,
} from "../container-values.ts";

/** What a fact's value is, and its unit. Each format writes a kind in one way. */
export interface Kinds {
  readonly text: string;
  readonly switch: boolean;
  readonly namespace: NamespaceMode;
  readonly bytes: number;
  /** 1e-9 CPUs. */
  readonly cpus: number;
  readonly microseconds: number;
  readonly integer: number;
  readonly build: BuildReference;
  readonly seccomp: SeccompProfile;
  readonly selinux: SelinuxLabel;
  readonly paths: PathProtection;
  readonly healthcheck: Healthcheck;
}

export type Kind = keyof Kinds;
export type AmountKind = "bytes" | "cpus" | "microseconds" | "integer";

/** Read and written by code beside the format, since it is more than a key with a value. */
export const byCode = "by code" as const;

/**
 * How a source says a fact: by a key, by code, or not at all. Without a key Docker's default holds (`default`), or the source
 * does not show it (`unseen`). With both, a source that is silent may have no such key.
 */
export type Word =
  | string
  | typeof byCode
  | "default"
  | { readonly unseen: string }
  | { readonly key: string; readonly unseen: string };

/** A file of a cgroup that holds the value. Version 2 may have none: then the fact is unset there. */
export interface CgroupFile {
  readonly controller: "memory" | "cpu" | "pids";
  readonly v1: string;
  readonly v2: string | undefined;
  /** `tightest`: an ancestor's limit holds as well. `own`: the cgroup's own value, which is no limit. */
  readonly holds: "tightest" | "own";
}

/** How each source says a fact. */
export interface Words {
  /** A key of a Compose service, with dots: `logging.driver`. */
  readonly compose: Word;
  /** A flag of `docker run` without its dashes. */
  readonly run: Word;
  /** A Swarm service: a flag of `docker service create`. A stack's file has the key of Compose or of `deploy`. */
  readonly swarm: Word;
  /** A member of a create request, with dots: `HostConfig.Memory`. An inspect document has it in `Config`. */
  readonly api: Word;
  /** An option of `docker_container`. */
  readonly ansible: Word;
  /** An argument of `docker_container`. */
  readonly terraform: Word;
  /** A key of `[Container]`; `PodmanArgs` where it has none of its own. */
  readonly quadlet: Word;
  readonly kernel: CgroupFile | typeof byCode | "default" | { readonly unseen: string };
}

export type FactSource = keyof Words;

/**
 * The version of the Engine's API (the N of 1.N) since which its documents show a fact, by Docker's changelog of the API or the first
 * reference that lists it. Where an older Engine is silent, the fact is unknown, but for what containers had none of before.
 *
 * @see https://docs.docker.com/reference/api/engine/version-history/
 */
export interface ApiSince {
  readonly since: number | "never";
  readonly before?: "none";
}

interface Common extends Words, ApiSince {
  /** The letter of its flag. */
  readonly short?: string;
  /** Below `deploy.resources` in Compose, where it wins over the key above. */
  readonly deploy?: string;
  /** A property of a devcontainer.json; others go into `runArgs`. */
  readonly devcontainer?: string;
  /** The control that judges it where `docker update` can change it while the container runs; false where it cannot. */
  readonly update: string | false;
  /** What the control drift calls it where it compares the kernel with the Engine; false where it does not. */
  readonly drift: string | typeof byCode | false;
}

interface AmountRow extends Common {
  readonly kind: AmountKind;
  /** What 0 says: nothing in the Engine's API and no limit elsewhere, no limit everywhere, or an amount. */
  readonly zero: "unset" | "unlimited" | "amount";
  /** What a negative number says. */
  readonly negative: "unset" | "unlimited" | "amount" | "refused";
  /** Which of two amounts restricts more; undefined for what is no limit. */
  readonly tighter: "lower" | undefined;
}

interface PlainRow extends Common {
  readonly kind: Exclude<Kind, AmountKind>;
}

export type ScalarRow = AmountRow | PlainRow;

/** A fact with items: how it is said stands beside its code. */
export interface ListRow
  extends ApiSince,
    Readonly<Record<FactSource, typeof byCode | "default" | { readonly unseen: string }>> {
  /** Its items have a name, and of one name the last counts. */
  readonly named?: true;
}

/** For facts that neither `docker update` nor drift knows. */
export const fixedAtCreation = { update: false, drift: false } as const;

export const onlyImageSays = { unseen: "only its image says which user it starts as" } as const;
export const noSwarmOption = { unseen: "Swarm has no setting for it" } as const;
export const notEveryTerraform = {
  unseen: "not every version of Terraform's Docker provider has a setting for it",
} as const;

export function kernelHides(what: string) {
  return { unseen: `the kernel does not show ${what}` } as const;
}

/** Every source but Swarm and the kernel has it, each in its own way. */
export const byCodeInFiles = {
  compose: byCode,
  run: byCode,
  api: byCode,
  ansible: byCode,
  terraform: byCode,
  quadlet: byCode,
} as const;

/** A part of a row, its words as they stand. */
export function said<const Part extends object>(part: Part): Part {
  return part;
}
