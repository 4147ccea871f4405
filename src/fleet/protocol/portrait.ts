import type { BenchmarkOutcome } from "../../audit/benchmark/benchmark.ts";

/** What a host is set to and how it meets the CIS Docker Benchmark: read now and then, for the page of the host. */
export interface Portrait {
  /** Milliseconds since 1970, by the host's clock. */
  readonly taken: number;
  readonly settings: readonly HostSetting[];
  readonly benchmark: {
    /** `cis-1.6`. What each number asks for is known to who shows it. */
    readonly id: string;
    readonly results: readonly PortraitResult[];
  };
}

export const settingGroups = ["daemon", "kernel"] as const;

export interface HostSetting {
  readonly group: (typeof settingGroups)[number];
  /** As in daemon.json where that has it: `live-restore`. */
  readonly name: string;
  /** Null if it is not known. */
  readonly value: string | null;
  /** Where it was read, or why it is not known. */
  readonly from: string;
}

export interface PortraitResult {
  /** `2.15`. */
  readonly number: string;
  readonly outcome: BenchmarkOutcome;
  readonly evidence: readonly { readonly subject: string; readonly message: string }[];
  /** How much evidence was left out. */
  readonly more: number;
  readonly remedy: string | null;
}

/** What a portrait may hold at most: ten thousand hosts send one an hour. */
export const portraitLimits = { settings: 200, results: 300, evidence: 3, text: 1_000 } as const;

export function shortened(text: string): string {
  return text.length > portraitLimits.text ? `${text.slice(0, portraitLimits.text - 1)}…` : text;
}
