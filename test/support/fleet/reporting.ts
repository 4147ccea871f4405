import { BlockList } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { cis } from "../../../src/audit/benchmark/cis/cis.ts";
import type { Finding } from "../../../src/audit/finding.ts";
import { failed } from "../../../src/base/result.ts";
import type { TakesAcceptances } from "../../../src/fleet/agent/channels.ts";
import type { Guards } from "../../../src/fleet/agent/guards.ts";
import { beginRun, keepIdentity } from "../../../src/fleet/agent/identity.ts";
import { openReporter } from "../../../src/fleet/agent/reporter.ts";
import type { HostJobs, ProofTold } from "../../../src/fleet/protocol/job.ts";
import type { Portrait } from "../../../src/fleet/protocol/report.ts";
import { openNews } from "../../../src/fleet/server/news.ts";
import { startServer } from "../../../src/fleet/server/server.ts";
import type { Service } from "../../../src/fleet/server/service.ts";
import { hashToken, openHashTurns } from "../../../src/fleet/server/sign-in/passwords.ts";
import { allowEnrolment } from "../../../src/fleet/store/hosts/enrolments.ts";
import type { FleetDatabase } from "../../../src/fleet/store/open.ts";
import type { Change } from "../../../src/watch/change.ts";
import { openQueue } from "../../../src/watch/outputs/queue/queue.ts";

import { changeOf } from "../changes.ts";
import { testFolder } from "../test-folder.ts";
import { watchOf } from "./watch.ts";

export const enrolToken = "a-token-that-an-administrator-made";

/** A `bulkhead serve` in this process, with a token by which hosts enrol. */
export async function testServer(database: FleetDatabase) {
  const said: string[] = [];
  const service: Service = {
    database,
    passwords: { hash: async () => "", matches: async () => false },
    turns: openHashTurns(),
    news: openNews(),
    version: "1",
    isSecure: false,
    provider: undefined,
    titleOf: () => "",
    areaOf: () => "",
    needsOf: () => undefined,
    ownHost: undefined,
    mailer: undefined,
    benchmarks: [cis],
    candidateOf: async () => failed("no policy is read in this test"),
    proxies: new BlockList(),
    whyNotReady: async () => undefined,
    refused: { signIns: 0, reports: 0 },
    say: (text) => said.push(text),
  };
  const address = { host: "127.0.0.1", port: 0 };
  const page = new Map([["/index.html", { type: "text/html", bytes: new Uint8Array([60]) }]]);
  const started = await startServer(service, page, {
    address,
    url: undefined,
    tls: undefined,
    proxies: new BlockList(),
  });
  if (!started.ok) throw new Error(started.reason);
  onTestFinished(() => started.value.close());
  await allowEnrolment(database, {
    token: hashToken(enrolToken),
    author: { name: "ada", id: null },
    expires: Date.now() + 3_600_000,
  });
  return { url: started.value.url, said };
}

/** A host that says whatever it wants. */
export async function liar(database: FleetDatabase) {
  const server = await testServer(database);
  const post = async (path: string, key: string, body: unknown) => {
    const answer = await fetch(`${server.url}/api/v1/ingest/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const key = "k".repeat(43);
  const host = { name: "liar", engine: "e", version: "1", connected: true };
  const enrolled = await post("enrol", enrolToken, { key: hashToken(key), host });
  const report = (body: Record<string, unknown>) =>
    post("report", key, { sent: Date.now(), first: 1, changes: [], details: [], ...body });
  return { ...server, key, host, id: String(enrolled.body.id), post, report };
}

/** What is open as a whole, as a report says it. */
export const whole = (number: number, ...open: unknown[]) => ({ whole: { number, open } });

export interface TestHost {
  readonly said: readonly string[];
  /** The watch sees a change. */
  change(change: Change["change"], finding: Finding, cause?: Change["cause"]): void;
  /** What is open without a change of its own. */
  setOpen(findings: readonly Finding[]): void;
  looked(): void;
  /** Everything was read, where it was not when the host began. */
  ready(): void;
  /** What the host is set to was read. */
  portrait(portrait: Portrait): void;
  /** `--prove` proved a container. */
  proven(proof: ProofTold): void;
  waiting(): number;
  close(): Promise<void>;
}

export interface TestHostOptions {
  readonly folder?: string;
  readonly token?: string | undefined;
  readonly open?: readonly Finding[];
  readonly clock?: () => number;
  readonly queueSize?: number;
  readonly isReady?: boolean;
  readonly acceptances?: TakesAcceptances;
  readonly guards?: Guards;
  readonly jobs?: HostJobs;
}

/** A host with a watch that is made up, which reports for real. */
export function testHost(url: string, options: TestHostOptions = {}): TestHost {
  const { folder = testFolder(), isReady = true, queueSize = 16 * 1024 * 1024 } = options;
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const identity = beginRun(folder);
  if (!identity.ok) throw new Error(identity.reason);
  let portrait: Portrait | undefined;
  const open = new Map((options.open ?? []).map((finding) => [finding.control, finding]));
  const watch = watchOf(() => [...open.values()]);
  const queue = openQueue({ folder, size: queueSize, say });
  const reporter = openReporter({
    url: new URL(url),
    identity: identity.value,
    keep: (now) => void keepIdentity(folder, now),
    token: "token" in options ? options.token : enrolToken,
    queue,
    proofQueue: openQueue({ folder: join(folder, "proofs"), size: queueSize, say }),
    host: { name: "h.example", engine: "unix:///docker.sock", version: "1", allows: options.jobs?.allowed },
    acceptances: options.acceptances,
    portrait: () => portrait,
    guards: options.guards,
    jobs: options.jobs,
    say,
    pauses: { gather: 5, beat: 50, first: 5, longest: 50, end: 3_000 },
    ...(options.clock && { clock: options.clock }),
  });
  reporter.begin(watch);
  if (isReady) reporter.ready();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= reporter.close());
  onTestFinished(close);
  return {
    said,
    change(change, finding, cause) {
      if (change === "resolved") open.delete(finding.control);
      else open.set(finding.control, finding);
      reporter.send({ ...changeOf(change, finding), ...(cause && { cause }) });
    },
    setOpen(findings) {
      open.clear();
      for (const finding of findings) open.set(finding.control, finding);
    },
    looked: () => reporter.looked(),
    ready: () => reporter.ready(),
    portrait(taken) {
      portrait = taken;
      reporter.looked();
    },
    proven: (proof) => reporter.proven(proof),
    waiting: () => queue.waiting(),
    close,
  };
}

/** The file of a host's key. */
export function identityFile(folder: string): string {
  return join(folder, "identity.json");
}
