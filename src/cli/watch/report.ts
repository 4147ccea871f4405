import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../../audit/finding.ts";
import { whyUnwritten } from "../../base/error-words.ts";
import { labelsOf } from "../../base/labels.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import {
  type AcceptedFilter,
  beginRun,
  type Guards,
  type Identity,
  keepIdentity,
  openAcceptedFilter,
  openReporter,
  type Reporter,
  readAccepted,
  type TakesAcceptances,
  writeAccepted,
} from "../../fleet/agent.ts";
import type { HostJobs } from "../../fleet/protocol/job.ts";
import type { HostNow, Portrait } from "../../fleet/protocol/report.ts";
import type { Change } from "../../watch/change.ts";
import { openQueue } from "../../watch/outputs/queue/queue.ts";
import type { SecretPlace } from "../../watch/outputs/settings.ts";
import type { Watch } from "../../watch/watch.ts";
import { isLoopbackUrl } from "../common/loopback.ts";
import { historyPath } from "../history/options.ts";
import type { WatchOptions } from "./options.ts";
import { openQueues } from "./outputs.ts";
import { readSecret } from "./secrets.ts";
import type { ReportSettings } from "./settings.ts";

/** Bytes of what waits. A host that is away for longer tells what is open as a whole. */
const queueSize = 16 * 1024 * 1024;
/** Bytes of proofs that wait: those of twenty containers for a month. */
const proofQueueSize = 4 * 1024 * 1024;

interface ReportContext {
  /** The folder of the queues. Undefined: at the usual place. */
  readonly queue: string | undefined;
  readonly host: Pick<HostNow, "name" | "engine" | "version">;
  /** What the server tells of acceptances goes there; undefined where they change nothing here. */
  readonly acceptances: TakesAcceptances | undefined;
  readonly portrait: () => Portrait | undefined;
  /** What guards on this host decide; undefined where no log of one is read. */
  readonly guards: Guards | undefined;
  /** What operators start here. */
  readonly jobs: HostJobs | undefined;
  readonly say: (text: string) => void;
}

/** `--report-to`: a reporter, whose key and queue are in a folder of their own. A reason says why there can be none. */
export async function openReport(
  { url: reportTo, labels: texts, token, tokenName }: ReportSettings,
  { queue, host, acceptances, portrait, guards, jobs, say }: ReportContext,
): Promise<Result<Reporter | undefined>> {
  if (reportTo === undefined) {
    if (token !== undefined) return failed(`${tokenName} belongs to --report-to`);
    if (jobs) return failed("--allow belongs to --report-to");
    return texts.length === 0 ? ok(undefined) : failed("--label belongs to --report-to");
  }
  const labels = labelsOf(texts);
  if (!labels.ok) return failed(`--label: ${labels.reason}`);
  const url = URL.canParse(reportTo) ? new URL(reportTo) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== "/") {
    return failed(`--report-to ${reportTo} is not an address such as https://bulkhead.example.org`);
  }
  if (url.protocol === "http:" && !isLoopbackUrl(url)) {
    return failed(`--report-to ${reportTo} would send this host's key in the clear: https:// is needed`);
  }
  const place = await openQueues(queue, say).hold("report", url.href);
  if (!place.ok) return place;
  const { folder, why, release } = place.value;
  if (folder === undefined) return failed(`--report-to needs a folder for this host's key: ${why ?? ""}`);
  const given = readToken(token, tokenName);
  const identity = given.ok ? beginRun(folder) : given;
  if (!given.ok || !identity.ok) {
    release();
    return identity.ok ? failed("") : identity;
  }
  if (!identity.value.isEnrolled && given.value === undefined) {
    release();
    return failed(
      `this host is not enrolled at ${url.origin}: make a token in its Settings, and give it by --enrol-token-file or BULKHEAD_ENROL_TOKEN`,
    );
  }
  const reporter = openReporter({
    host: { ...host, labels: labels.value, ...(jobs && { allows: jobs.allowed }) },
    ...{ url, acceptances, portrait, guards, jobs, say },
    identity: identity.value,
    keep(now: Identity) {
      const kept = keepIdentity(folder, now);
      if (!kept.ok) say(kept.reason);
    },
    token: given.value,
    queue: openQueue({ folder, size: queueSize, say }),
    proofQueue: openQueue({ folder: proofFolder(folder, say), size: proofQueueSize, say }),
  });
  return ok({
    ...reporter,
    async close() {
      await reporter.close();
      release();
    },
  });
}

/** Undefined where the disk takes none: proofs wait in memory then. */
function proofFolder(report: string, say: (text: string) => void): string | undefined {
  const folder = join(report, "proofs");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (error) {
    say(`${folder} cannot be made: ${whyUnwritten(error)}; proofs wait in memory`);
    return undefined;
  }
}

function readToken(place: SecretPlace | undefined, name: string): Result<string | undefined> {
  if (place !== undefined) {
    const token = readSecret(place);
    return token.ok ? token : failed(`${name}: ${token.reason}`);
  }
  return ok(process.env.BULKHEAD_ENROL_TOKEN || undefined);
}

interface AcceptedContext {
  /** The `bulkhead serve` that the watch reports to. */
  readonly reportTo: string | undefined;
  /** The folder of the queues. Undefined: at the usual place. */
  readonly queue: string | undefined;
  readonly remembered: readonly Finding[];
  readonly watch: () => Watch | undefined;
  readonly alert: (changes: readonly Change[]) => void;
  readonly silenced: () => (finding: Finding) => boolean;
  readonly say: (text: string) => void;
}

/** Keeps from alerting about what was accepted in the `bulkhead serve` of `--report-to`. Undefined where there is none. */
export function openAccepted(
  { acceptances }: Pick<WatchOptions, "acceptances">,
  { reportTo, queue, remembered, watch, alert, silenced, say }: AcceptedContext,
): AcceptedFilter | undefined {
  if (reportTo === undefined || !acceptances) return undefined;
  const path = join(queue ?? dirname(historyPath(undefined)), "accepted.yaml");
  const kept = readAccepted(path);
  if (!kept.ok) say(`${kept.reason}: until ${reportTo} answers, nothing is accepted`);
  return openAcceptedFilter({
    accepted: kept.ok ? kept.value : undefined,
    ...{ remembered, watch, alert, silenced },
    keep(accepted) {
      const written = keepIn(path, accepted);
      if (!written.ok) say(`acceptances cannot be saved and are lost at the next start: ${written.reason}`);
    },
  });
}

function keepIn(path: string, accepted: Parameters<typeof writeAccepted>[1]) {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch {
    // Writing says why.
  }
  return writeAccepted(path, accepted);
}
