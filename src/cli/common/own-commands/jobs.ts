import { type HostJobs, type Job, type JobEnded, jobLimits } from "../../../fleet/protocol/job.ts";
import { redactSource } from "../../../report/secrets/redact.ts";
import type { ComposeOrigin } from "../../../watch/declared/declared.ts";
import type { JobKind } from "../../../watch/job-kinds.ts";
import { cut } from "../../../watch/outputs/chat/words.ts";
import { composeArgs } from "./declared-here.ts";
import { type Ran, runOwnCommand } from "./own-command.ts";
import { probesTold, readProof, troubleTold } from "./read-proof.ts";

export interface JobsOptions {
  readonly allowed: readonly JobKind[];
  /** The running containers: a job for another is refused. */
  readonly running: () => readonly string[];
  /** The Compose files of this machine that made a container; undefined where there are none. */
  readonly compose: (container: string) => ComposeOrigin | undefined;
  /** What the commands need to find the same Engine, and prove to find the same kernel. */
  readonly engine: readonly string[];
  readonly kernel: readonly string[];
  /** What a probe tries, by its id. */
  readonly tries: (probe: string) => string;
  /** Something is to be told. */
  readonly changed: () => void;
  readonly say: (text: string) => void;
  readonly run?: typeof runOwnCommand;
}

/** What operators of bulkhead serve start on this host: one job at a time, and only what the host allows. */
export function openJobs(options: JobsOptions): HostJobs {
  const { allowed, changed, say, run = runOwnCommand } = options;
  const ending = new AbortController();
  /** The server tells a job again until it hears that it was taken. */
  let latest = 0;
  let current: Job | undefined;
  let ended: JobEnded | undefined;
  let running: Promise<void> = Promise.resolve();

  function take(job: Job): void {
    if (current || ended || job.id <= latest || ending.signal.aborted) return;
    latest = job.id;
    const refusal = whyNot(job);
    if (refusal !== undefined) {
      ended = failed(job, refusal);
      changed();
      return;
    }
    current = job;
    say(`${job.kind} of container:${job.container} begins, as bulkhead serve asked`);
    running = carryOut(job);
    changed();
  }

  function whyNot({ kind, container }: Job): string | undefined {
    if (!allowed.includes(kind)) return `this host does not allow ${kind}`;
    if (!options.running().includes(container)) return `${container} is not running`;
    return kind === "verify" && !options.compose(container)
      ? `docker compose did not make ${container} from files of this host`
      : undefined;
  }

  async function carryOut(job: Job): Promise<void> {
    const ran: Ran[] = [];
    for (const { words } of commandsOf(job, options)) ran.push(await run(words, ending.signal));
    ended = ending.signal.aborted ? failed(job, "the watch was stopped") : resultOf(job, ran, options);
    current = undefined;
    say(
      `${job.kind} of container:${job.container} ended${ended.trouble === null ? "" : `: ${ended.trouble}`}`,
    );
    changed();
  }

  return {
    allowed,
    told: () => ({ now: current?.id ?? null, ...(ended && { ended }) }),
    take,
    kept(id) {
      if (ended?.id === id) ended = undefined;
    },
    async close() {
      ending.abort();
      await running;
    },
  };
}

interface CommandOf {
  /** Above what it prints, where there are several. */
  readonly title?: string;
  readonly words: readonly string[];
}

function commandsOf(
  { kind, container, seconds }: Job,
  { engine, kernel, compose }: Pick<JobsOptions, "engine" | "kernel" | "compose">,
): readonly CommandOf[] {
  const subject = `container:${container}`;
  switch (kind) {
    case "prove":
      return [{ words: ["prove", subject, "--format", "json", ...engine, ...kernel] }];
    case "learn": {
      const time = `${seconds ?? 60}s`;
      return [{ words: ["learn", subject, "--in-place", "--for", time, "--no-color", ...engine] }];
    }
    case "fix":
      return (["run", "compose"] as const).map((form) => ({
        title: form === "run" ? "As docker run" : "As a Compose file",
        words: ["fix", subject, "--as", form, "--no-config", "--no-color", ...engine],
      }));
    case "verify": {
      const files = composeArgs(compose(container));
      return [{ words: ["fix", "--verify", ...files, "--no-config", "--no-color", ...engine] }];
    }
  }
}

/** The highest status that still comes with a result: fix says with 1 that something is to be done. */
const good = { learn: 0, fix: 1, verify: 1 } as const;

function resultOf(job: Job, ran: readonly Ran[], options: JobsOptions): JobEnded {
  const { kind } = job;
  const complaint = ran.find((each) => each.complaint !== "")?.complaint ?? "";
  if (kind !== "prove") {
    const bad = ran.find(({ status }) => status === null || status > good[kind]);
    if (bad) return failed(job, bad.complaint);
    const titles = commandsOf(job, options).map(({ title }) => title);
    const texts = ran.map(
      ({ printed }, at) => `${titles[at] === undefined ? "" : `${titles[at]}:\n\n`}${printed}`,
    );
    return {
      id: job.id,
      trouble: null,
      probes: null,
      report: cut(redactSource(texts.join("\n")), jobLimits.report),
    };
  }
  const proof = readProof(ran[0]?.printed ?? "");
  if (!proof) return failed(job, complaint);
  return { id: job.id, trouble: null, probes: probesTold(proof, options.tries), report: null };
}

function failed({ id }: Job, reason: string): JobEnded {
  return { id, trouble: troubleTold(reason), probes: null, report: null };
}
