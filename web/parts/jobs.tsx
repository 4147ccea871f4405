import { useState } from "preact/hooks";
import { useMay } from "../account.ts";
import { type Answer, type Body, send } from "../api.ts";
import type { Loaded } from "../live.ts";
import { Ago, InWords, Trouble, useAct, When, Written } from "./parts.tsx";
import { DailyProof, latestProof, Probes } from "./proof.tsx";

type Job = Answer<"/hosts/:id/containers/:name/jobs">["jobs"][number];
/** What operators start for a container, where its host allows it. */
export function Jobs({
  of,
  host,
  name,
  isRunning,
}: {
  readonly of: Loaded<Answer<"/hosts/:id/containers/:name/jobs">>;
  readonly host: string;
  readonly name: string;
  readonly isRunning: boolean;
}) {
  return (
    <section class="card">
      <h2>Prove, fix and learn</h2>
      <When is={of}>
        {(list) => (
          <>
            <Start of={list} again={of.again} host={host} name={name} isRunning={isRunning} />
            {!latestProof(list) && (
              <p class="dim">
                Nothing was proven of this container yet. A watch with <code>--prove 03:30</code> proves every
                running container of its host each night.
              </p>
            )}
            <ul class="rows">
              {entriesOf(list).map((entry, index) => (
                <li key={entry.key}>
                  <div>{entry.show(index === 0)}</div>
                </li>
              ))}
            </ul>
          </>
        )}
      </When>
    </section>
  );
}

/** What is listed, newest first: each job, and among them what the watch proved by itself. */
function entriesOf({ jobs, daily }: Answer<"/hosts/:id/containers/:name/jobs">) {
  const ofJobs = jobs.map((job) => ({
    ...{ key: `job ${job.id}`, time: job.asked },
    show: (isOpen: boolean) => <Result of={job} isOpen={isOpen} />,
  }));
  const ofWatch =
    daily === null
      ? []
      : [
          {
            ...{ key: "daily", time: daily.tried },
            show: (isOpen: boolean) => <DailyProof of={daily} isOpen={isOpen} />,
          },
        ];
  return [...ofJobs, ...ofWatch].toSorted((one, other) => other.time - one.time);
}

/** Those that need no more than the container. */
const simple = [
  {
    kind: "prove",
    label: "Prove",
    what: "Tries in the kernel that each control holds, in a throw-away twin of the container. The container itself is not touched.",
  },
  {
    kind: "fix",
    label: "Show the fix",
    what: "Shows the hardened container as `docker run` and as a Compose file. Nothing is changed.",
  },
  {
    kind: "verify",
    label: "Verify the fix",
    what: "Tries each step of the fix on throw-away copies of what the Compose files describe, and shows the file with the steps that hold. The files and the container stay as they are.",
  },
] as const;

function Start({
  of: { allowed, jobs },
  again,
  host,
  name,
  isRunning,
}: {
  readonly of: Answer<"/hosts/:id/containers/:name/jobs">;
  readonly again: () => void;
  readonly host: string;
  readonly name: string;
  readonly isRunning: boolean;
}) {
  const [minutes, setMinutes] = useState(5);
  const { trouble, isBusy, act } = useAct(again);
  const isUnderWay = jobs.some(({ ended }) => ended === null);
  const start = (body: Body<"POST /hosts/:id/containers/:name/jobs">) =>
    act(send("POST /hosts/:id/containers/:name/jobs", [host, name], body));
  const isOff = isBusy || isUnderWay || !isRunning;
  if (!useMay("operator") && allowed.length > 0)
    return <p class="dim">Operators can start {allowed.join(" and ")} here.</p>;
  if (allowed.length === 0)
    return (
      <p class="dim">
        This host lets nobody start anything from this page. To allow it, start its watch with{" "}
        <code>--allow prove</code>, <code>--allow fix</code>, <code>--allow verify</code> or{" "}
        <code>--allow learn</code>.
      </p>
    );
  return (
    <>
      <Trouble of={trouble} />
      {!isRunning && <p class="dim">The container is not running.</p>}
      {simple
        .filter(({ kind }) => allowed.includes(kind))
        .map(({ kind, label, what }) => (
          <form
            key={kind}
            class="filters"
            onSubmit={(event) => {
              event.preventDefault();
              start({ kind });
            }}
          >
            <button type="submit" disabled={isOff}>
              {label}
            </button>
            <p class="dim">
              <InWords text={what} />
            </p>
          </form>
        ))}
      {allowed.includes("learn") && (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            start({ kind: "learn", seconds: minutes * 60 });
          }}
        >
          <label>
            Minutes to watch
            <input
              type="number"
              min={1}
              max={60}
              required
              value={minutes}
              onInput={({ currentTarget }) => setMinutes(Number(currentTarget.value))}
            />
          </label>
          <button type="submit" disabled={isOff}>
            Learn
          </button>
          <p class="dim">Watches what the container uses. Nothing is started and nothing is changed.</p>
        </form>
      )}
    </>
  );
}

function Result({ of: job, isOpen }: { readonly of: Job; readonly isOpen: boolean }) {
  const title = {
    prove: "Prove",
    fix: "Fix",
    verify: "Verified fix",
    learn: `Learn, ${spanOf(job.seconds ?? 0)}`,
  }[job.kind];
  return (
    <>
      <strong>{title}</strong>{" "}
      <span class="dim">
        by {job.author} <Ago time={job.asked} />
      </span>
      {job.ended === null && (
        <p role="status">
          {job.started === null
            ? "Waits for the host, which asks about once a minute."
            : "Is under way on the host."}
        </p>
      )}
      {job.trouble !== null && (
        <p class="trouble">
          No result: <InWords text={job.trouble} />
        </p>
      )}
      {job.probes !== null && <Probes of={job.probes} isOpen={isOpen} />}
      {job.report !== null && (
        <details open={isOpen}>
          <summary>{job.kind === "learn" ? "What it saw" : "What it would change"}</summary>
          <Written text={job.report} name={`${job.kind}-${job.id}.txt`} />
        </details>
      )}
    </>
  );
}

function spanOf(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
