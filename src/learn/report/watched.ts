import { createColors } from "picocolors";
import { round, sayBytes } from "../../controls/cgroups/amounts.ts";
import type { Look } from "../../fix/describe.ts";
import type { Observation } from "../observe/observe.ts";
import { isPlainUser } from "../observe/users.ts";
import { limitsFrom } from "../plan/steps.ts";
import { row, writtenPlaces } from "./document.ts";

/** What was seen of a container that runs. */
export interface WatchedReport {
  readonly subject: string;
  readonly seen: Observation;
  readonly seconds: number;
  readonly untraced: string | undefined;
  readonly lost: number;
  /** Times of watching that are merged in it. */
  readonly runs: number;
}

/** The document that `bulkhead learn --in-place --format json` prints; its shape is a public interface. */
export function watchedDocument(report: WatchedReport, hostCpus: number | undefined): object {
  const { subject, seen, seconds, untraced, lost, runs } = report;
  return {
    schemaVersion: 1,
    subject,
    verified: false,
    ...{ seconds, runs, traced: untraced === undefined, untraced: untraced ?? null, lost },
    capabilities: { used: usedBy(seen), denied: [...(seen.asked?.denied ?? [])] },
    calls: callsOf(seen),
    users: seen.users,
    files: seen.places ? writtenPlaces(seen.places) : null,
    limits: { peaks: seen.peaks, ...limitsFrom(seen.peaks, hostCpus) },
    network: { listens: seen.listens, ...seen.network },
  };
}

function usedBy({ asked, startsAs }: Observation): readonly string[] {
  return isPlainUser(startsAs) ? [] : [...(asked?.granted.keys() ?? [])];
}

function callsOf({ asked }: Observation): readonly string[] {
  return [...(asked?.calls ?? [])].toSorted();
}

export function describeWatched(report: WatchedReport, look: Look): string {
  const c = createColors(look.colour);
  const { subject, seen, seconds, untraced, lost, runs } = report;
  const { main, others } = seen.users;
  const used = usedBy(seen);
  const { memory, pids, cpus } = seen.peaks;
  const times = runs > 1 ? `, ${runs} times merged` : "";
  const users = [...(main ? [main] : []), ...others].map(({ uid, gid }) => `${uid}:${gid}`);
  const peaks = [
    ...(memory === undefined ? [] : [`memory ${sayBytes(memory)}`]),
    ...(pids === undefined ? [] : [`processes ${pids}`]),
    ...(cpus === undefined ? [] : [`CPUs ${round(cpus)}`]),
  ];
  const rows: readonly (readonly [string, readonly string[]])[] = [
    [
      "capabilities",
      untraced === undefined
        ? [
            used.length > 0 ? `used: ${used.join(", ")}` : "used none",
            ...(seen.asked && seen.asked.denied.size > 0
              ? [`refused: ${[...seen.asked.denied].join(", ")}`]
              : []),
          ]
        : [`not seen: ${untraced}`],
    ],
    ["user", [`its processes run as ${[...new Set(users)].join(", ")}`]],
    [
      "files",
      [
        ...(seen.places?.scratch ?? []).map(
          ({ path, bytes }) => `writes to ${path} (${sayBytes(bytes)}): it need not stay`,
        ),
        ...(seen.places?.data ?? []).map(({ path }) => `writes to ${path}, which may be data`),
        ...(seen.places?.among ?? []).slice(0, 5).map((path) => `writes ${path}, next to files of the image`),
      ],
    ],
    ["system calls", untraced === undefined ? [`${callsOf(seen).length} seen`] : []],
    ["limits", [`peaks: ${peaks.join(", ")}`]],
    [
      "network",
      [
        seen.listens.length > 0 ? `listens on ${seen.listens.join(", ")}` : "listens on nothing",
        seen.network.peers.length > 0
          ? `connected to ${seen.network.peers.slice(0, 6).join(", ")}`
          : "opened no connections",
      ],
    ],
    [
      "note",
      [
        "learn only watched: nothing was tried or verified. It did not see what the container did before, such as its start.",
        ...(lost > 0 ? [`${lost} events of the kernel trace were lost: there were too many at once.`] : []),
      ],
    ],
  ];
  const body = rows.flatMap(([name, lines]) => row(name, lines, look));
  return `${c.bold(subject)}  watched for ${seconds.toFixed(0)} s${times}\n${body.join("")}`;
}
