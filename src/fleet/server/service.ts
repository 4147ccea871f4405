import type { Benchmark } from "../../audit/benchmark/benchmark.ts";
import type { Result } from "../../base/result.ts";
import type { Mailer } from "../../watch/outputs/send/send.ts";
import type { FleetDatabase } from "../store/open.ts";
import type { Proxies } from "./http/address.ts";
import type { Readiness } from "./http/health.ts";
import type { News } from "./news.ts";
import type { HashTurns, Passwords } from "./sign-in/passwords.ts";
import type { Provider } from "./sign-in/provider.ts";

/** What the routes share. */
export interface Service {
  readonly database: FleetDatabase;
  readonly passwords: Passwords;
  /** Work on passwords waits here for its turn. */
  readonly turns: HashTurns;
  /** Who signs people in besides; undefined if passwords are all. */
  readonly provider: Provider | undefined;
  readonly news: News;
  readonly version: string;
  /** Whether browsers reach it by HTTPS. */
  readonly isSecure: boolean;
  /** Names of the control, for a person: its title. "" for one that is not known here. */
  readonly titleOf: (control: string) => string;
  /** What an image's workload is known to need; undefined if nothing is known of it. */
  readonly needsOf: (image: string) => KnownNeeds | undefined;
  /** The control's focus area: `2.11`, or "" for what has none. */
  readonly areaOf: (control: string) => string;
  /** The host that this process watches itself; undefined if it watches none. */
  readonly ownHost: string | undefined;
  /** Undefined if no mail server is named. */
  readonly mailer: Mailer | undefined;
  /** What the numbers in a host's portrait ask for. */
  readonly benchmarks: readonly Benchmark[];
  /** A policy of guard out of the text of a bulkhead.yaml; a reason says where it is wrong. */
  readonly candidateOf: (yaml: string) => Promise<Result<CandidatePolicy>>;
  readonly whyNotReady: Readiness;
  /** What this process refused since it began. */
  readonly refused: Refused;
  /** The proxies before it. */
  readonly proxies: Proxies;
  readonly say: (text: string) => void;
}

/** Sign-ins with a wrong password or too many of them, and reports that were asked to come again. */
export interface Refused {
  signIns: number;
  reports: number;
}

/** A policy of guard that is not in use. */
export interface CandidatePolicy {
  /** What it says of a past decision of this client. */
  decide(client: string, past: PastDecision): Again;
  /** Whether it would deny nothing yet: its mode is warn or learn. */
  onlyWarns(client: string): boolean;
}

/** A decision of the past, as far as it is kept. */
export interface PastDecision {
  readonly route: string | null;
  readonly verdict: "allow" | "harden" | "deny";
  readonly rules: readonly string[];
  readonly object: Readonly<Record<string, string>>;
}

/** What another policy says of it. `unknown`: it hangs on what is not kept. */
export interface Again {
  readonly verdict: "allow" | "deny" | "unknown";
  readonly why: string;
  readonly rule?: string;
}

/** What is known of the workload in an image; null if that is not known. */
export interface KnownNeeds {
  /** The user that it may be started as instead of root. */
  user: string | null;
  /** What has to hold for that. */
  requires: string | null;
  capabilities: string[] | null;
  writablePaths: string[] | null;
  persistentPaths: string[] | null;
  ports: string[] | null;
  /** Where that can be read. */
  source: string | null;
}
