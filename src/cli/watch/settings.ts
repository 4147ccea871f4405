import { parseDuration } from "../../formats/values/duration.ts";
import { type Severity, severities } from "../../model/severity.ts";
import type { WatchConfig } from "../../watch/config-schema.ts";
import type { JobKind } from "../../watch/job-kinds.ts";
import type { SecretPlace } from "../../watch/outputs/settings.ts";
import { isJournal } from "../../watch/outputs/syslog/message.ts";
import type { AuditSettings } from "../audit/settings.ts";
import { type ProveWhen, parseProveWhen, type WatchFormat, type WatchOptions } from "./options.ts";
import type { NamedOutput } from "./outputs.ts";

/** What the command line says, else bulkhead.yaml, else the default. Durations are milliseconds. */
export interface WatchSettings {
  readonly format: WatchFormat;
  /** Undefined: as often as a small share of a CPU allows. */
  readonly interval: number | undefined;
  readonly kernelEvents: boolean;
  /** Undefined: containers are not proven. */
  readonly prove: ProveWhen | undefined;
  readonly cooldown: number;
  readonly minimum: Severity;
  readonly metrics: string | undefined;
  /** Those of the command line, then bulkhead.yaml's. */
  readonly outputs: readonly NamedOutput[];
  /** The folder for what waits to be posted. Undefined: at the usual place. */
  readonly queue: string | undefined;
  /** The `bulkhead serve` to report to, as the command line or bulkhead.yaml names it. */
  readonly report: ReportSettings;
  /** False: none is kept. Undefined: at the usual place. */
  readonly history: string | false | undefined;
  readonly guardLogs: readonly string[];
  readonly retention: number;
  /** Whether to tell when a container begins to be refused something. */
  readonly refusals: boolean;
  readonly reactions: NonNullable<WatchConfig["reactions"]>;
  readonly reactAtStart: boolean;
  /** Containers to which no reaction is done, by name. */
  readonly exempt: readonly string[];
  readonly evidence: string;
}

export interface ReportSettings {
  readonly url: string | undefined;
  /** `env=prod`, as the command line writes them. */
  readonly labels: readonly string[];
  readonly token: SecretPlace | undefined;
  /** How messages name the token's place. */
  readonly tokenName: string;
  /** What operators of that serve may start here. */
  readonly allow: readonly JobKind[];
}

const day = 86_400_000;

export function watchSettings(options: WatchOptions, settings: AuditSettings): WatchSettings {
  const watch = settings.config.watch ?? {};
  return {
    format: options.format ?? usualFormat(options),
    kernelEvents: !options.once && (watch.kernelEvents ?? true),
    prove: options.prove ?? (options.once ? undefined : proveWhenOf(watch.prove)),
    interval: options.interval ?? durationOf(watch.interval),
    // Nothing can come back within a single look.
    cooldown: options.once ? 0 : (options.cooldown ?? durationOf(watch.cooldown) ?? 10_000),
    minimum: severities.find((each) => each === options.severity) ?? watch.severity ?? "low",
    metrics: options.metrics ?? watch.metrics,
    outputs: [
      ...outputsOf(options),
      ...(watch.outputs ?? []).map((config, index) => ({
        name: `watch.outputs.${index} (${config.type})`,
        config,
      })),
    ],
    queue: watch.queue,
    report: reportOf(options, watch.reportTo),
    history: options.history ?? watch.history?.path,
    guardLogs: watch.guardLogs ?? [],
    retention: durationOf(watch.history?.retention) ?? 90 * day,
    refusals: !options.once && (watch.refusals ?? false),
    reactions: options.once ? {} : (watch.reactions ?? {}),
    reactAtStart: watch.reactAtStart ?? false,
    exempt: watch.exempt ?? [],
    evidence: watch.evidence ?? "/var/lib/bulkhead/evidence",
  };
}

function usualFormat({ once }: WatchOptions): WatchFormat {
  if (isJournal(1)) return "journald";
  return process.stdout.isTTY && !once ? "view" : "text";
}

/** What the command line names, in the words of bulkhead.yaml. */
function outputsOf({ output, webhook, syslog }: WatchOptions): readonly NamedOutput[] {
  const secret = process.env.BULKHEAD_WEBHOOK_SECRET ? { secret: { env: "BULKHEAD_WEBHOOK_SECRET" } } : {};
  return [
    ...output.map((path) => ({ name: "--output", config: { type: "file", path } }) as const),
    ...webhook.map((url) => ({ name: "--webhook", config: { type: "webhook", url, ...secret } }) as const),
    ...syslog.map((address) => ({ name: "--syslog", config: { type: "syslog", address } }) as const),
  ];
}

/** Labels of the command line take the place of those of the same name in bulkhead.yaml. */
function reportOf(
  { reportTo, enrolTokenFile, label, allow }: WatchOptions,
  configured: WatchConfig["reportTo"],
): ReportSettings {
  const given = new Set(label.map((each) => each.split("=", 1)[0]));
  const rest = Object.entries(configured?.labels ?? {}).filter(([name]) => !given.has(name));
  return {
    url: reportTo ?? configured?.url,
    labels: [...rest.map(([name, value]) => `${name}=${value}`), ...label],
    token: enrolTokenFile === undefined ? configured?.enrolToken : { file: enrolTokenFile },
    allow: allow.length > 0 ? allow : (configured?.allow ?? []),
    tokenName: enrolTokenFile === undefined ? "watch.reportTo.enrolToken" : "--enrol-token-file",
  };
}

/** The schema has checked it. */
function proveWhenOf(text: string | undefined): ProveWhen | undefined {
  const when = text === undefined ? undefined : parseProveWhen(text);
  return when?.ok ? when.value : undefined;
}

function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
