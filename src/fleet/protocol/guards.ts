/** What the guards of a host enforce and decided, as `bulkhead serve` gets it. Times are milliseconds since 1970. */
export interface GuardsTold {
  /** All of them, where something about them is new. */
  readonly guards?: readonly GuardNow[] | undefined;
  readonly counts: readonly DecisionCount[];
  /** The latest decisions that were no plain pass, oldest first. */
  readonly latest: readonly Decision[];
}

/** A guard on this host, by its own word. */
export interface GuardNow {
  /** The path of its audit log: two guards of a host differ by it. */
  readonly log: string;
  /** Null if it is unknown: the guard ended, or its file cannot be read here. */
  readonly enforces: {
    readonly kind: "proxy" | "authz";
    readonly version: string;
    /** Since when this policy holds. */
    readonly since: number;
    /** When it last showed that it runs. */
    readonly seen: number;
    readonly clients: readonly GuardClient[];
  } | null;
}

export interface GuardClient {
  readonly name: string;
  /** Where it comes from: `preset traefik`, `bulkhead.yaml client ci`. */
  readonly policy: string;
  readonly mode: GuardMode;
  /** Where the client comes in. */
  readonly listen: readonly string[];
  /** Common names of its certificates. */
  readonly certificates: readonly string[];
  /** Addresses and labels of its callers. */
  readonly from: readonly string[];
  /** All of it, as bulkhead.yaml says it. */
  readonly yaml: string;
}

export const guardModes = ["enforce", "warn", "learn"] as const;
export type GuardMode = (typeof guardModes)[number];
export const guardVerdicts = ["allow", "harden", "deny"] as const;
export type GuardVerdict = (typeof guardVerdicts)[number];

/** Decisions of an hour that are alike in all that is said here. */
export interface DecisionCount {
  /** The hour's start. */
  readonly hour: number;
  /** The guard that decided, by its log. */
  readonly log: string;
  readonly client: string;
  /** Null if the Engine has no such route. */
  readonly route: string | null;
  readonly verdict: GuardVerdict;
  readonly mode: GuardMode;
  /** Controls and rules that had a part in it. */
  readonly rules: readonly string[];
  /** The image that the request names, by the log's own words: `image`, `fromImage`, `fromSrc`, `tag`. */
  readonly object: Readonly<Record<string, string>>;
  readonly times: number;
}

/** One decision, without what the request held. */
export interface Decision {
  readonly time: number;
  /** The guard that decided, by its log. */
  readonly log: string;
  readonly client: string;
  readonly listener: string;
  readonly policy: string;
  readonly mode: GuardMode;
  readonly method: string;
  readonly route: string | null;
  readonly object: Readonly<Record<string, string>>;
  readonly verdict: GuardVerdict;
  readonly rules: readonly string[];
  /** Why it was denied or would be, or what was put in. */
  readonly why: readonly string[];
  /** More than one: so many denials alike, which the guard counted. */
  readonly times: number;
}

/** The most of each in one message. */
export const guardLimits = {
  guards: 20,
  clients: 100,
  counts: 1_000,
  latest: 50,
  rules: 60,
  why: 5,
  /** Characters. */
  yaml: 60_000,
  text: 700,
} as const;
