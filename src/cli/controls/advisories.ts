import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { readLiveEngine } from "../../audit/live/read-live.ts";
import {
  asOf,
  type Exposure,
  exposuresOf,
  knownAdvisories,
  presenceOf,
} from "../../controls/benchmark/advisories.ts";
import { osvOf } from "../../controls/benchmark/advisory-file.ts";
import type { Advisory } from "../../model/advisories/advisory.ts";
import type { Engine } from "../../model/engine.ts";
import { loadConfig } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";

interface AdvisoriesOptions {
  readonly format: "text" | "json";
  readonly config?: string;
}

/** What one advisory is on an Engine: for each container that runs where a container can use it. */
interface Stand {
  readonly advisory: Advisory;
  readonly engine: ReturnType<typeof presenceOf>;
  readonly containers: readonly { readonly name: string; readonly exposure: Exposure }[];
}

/**
 * `bulkhead advisories`: known holes of the Engine and the kernel; with `engine`, how it and each of its running containers stand to
 * them. Answers the exit status: 1 if a container, or else the Engine, is exposed to one.
 */
export async function listAdvisories(
  target: string | undefined,
  options: AdvisoriesOptions,
): Promise<number> {
  const io = diskFiles();
  const settings = await loadConfig({ ...options, only: [], skip: [] }, io);
  if (!settings.ok) return 2;
  const all = knownAdvisories().toSorted((a, b) => (a.published < b.published ? 1 : -1));
  if (target === undefined) {
    print(options, all.map(osvOf), [
      ...all.flatMap((each) => [...headOf(each), `  ${fixesOf(each)}`, `  ${each.references[0] ?? each.id}`]),
      "",
      `${all.length} advisories, as of ${asOf}; advisories: FILE in bulkhead.yaml adds newer ones.`,
    ]);
    return 0;
  }
  if (target !== "engine") return complain(`advisories knows one target, engine; not ${target}`);
  const live = await readLiveEngine(
    {
      ...{ required: true, whole: true, containers: [], images: [], foreign: false, benchmark: false },
      ...{ host: undefined, context: undefined, environment: process.env, home: io.home },
      ...{ proc: "/proc", cgroup: "/sys/fs/cgroup" },
    },
    [],
  );
  const view = live.engine?.views.at(-1);
  if (!view) return complain(live.reading.gaps[0]?.reason ?? "the Engine did not describe itself");
  const stands = standsOf(all, view, live.running);
  const isExposed = (stand: Stand) =>
    stand.advisory.by === "container"
      ? stand.containers.some(({ exposure }) => exposure.state === "exposed")
      : stand.engine.state === "present";
  print(
    options,
    {
      schemaVersion: 1,
      asOf,
      advisories: stands.map(({ advisory: { id, aliases }, ...rest }) => ({ id, aliases, ...rest })),
    },
    textOf(stands, live.running.length),
  );
  return stands.some(isExposed) ? 1 : 0;
}

type Running = Awaited<ReturnType<typeof readLiveEngine>>["running"];

function standsOf(all: readonly Advisory[], engine: Engine, running: Running): readonly Stand[] {
  const today = new Date().toISOString().slice(0, 10);
  const columns = running.map(({ subject, container }) => ({
    name: subject.name,
    exposures: exposuresOf(
      all,
      subject.views.find(({ level }) => level === "configured") ?? container,
      engine,
      today,
    ),
  }));
  return all.map((advisory, index) => ({
    advisory,
    engine: presenceOf(advisory, engine, today),
    containers:
      advisory.by === "container"
        ? columns.flatMap(({ name, exposures }) => {
            const exposure = exposures[index];
            return exposure ? [{ name, exposure }] : [];
          })
        : [],
  }));
}

function print({ format }: AdvisoriesOptions, document: unknown, lines: readonly string[]): void {
  process.stdout.write(
    format === "json" ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join("\n")}\n`,
  );
}

function headOf({ id, aliases, severity, published, summary }: Advisory): readonly string[] {
  return [`${aliases[0] ?? id}  ${severity}  ${published}  ${summary}`];
}

function fixesOf({ affected, mitigatedBy, interfaces }: Advisory): string {
  const fixed = affected.map(({ package: name, events }) => {
    const versions = events.flatMap((each) => ("fixed" in each ? [each.fixed] : []));
    return versions.length === 0
      ? `${name}: no release fixes it`
      : `${name}: fixed in ${versions.join(", ")}`;
  });
  const isLinux = affected.some(({ package: name }) => name === "linux");
  return [
    ...fixed,
    ...(mitigatedBy.length > 0 ? [`mitigated by ${mitigatedBy.join(", or ")}`] : []),
    ...(isLinux && interfaces.length > 0 ? [`used through ${interfaces.join(", ")}`] : []),
  ].join("; ");
}

const titles = { exposed: "exposed", unknown: "unknown", mitigated: "mitigated by", fixed: "fixed" } as const;

/** What is fixed on the host has no line for each container. */
function textOf(stands: readonly Stand[], running: number): readonly string[] {
  const fixed = stands.filter(({ engine }) => engine.state === "fixed");
  const open = stands.filter(({ engine }) => engine.state !== "fixed");
  return [
    ...open.flatMap(({ advisory, engine, containers }) => [
      ...headOf(advisory),
      `  ${engine.state === "unknown" ? `unknown: ${engine.why}` : `${engine.of} has it`}`,
      ...containers.map(
        ({ name, exposure }) =>
          `  ${name}: ${titles[exposure.state]}${
            exposure.state === "mitigated"
              ? ` ${exposure.by.join(", ")}`
              : exposure.state === "exposed" && exposure.through
                ? ` by ${exposure.through.join(", ")}`
                : exposure.state === "unknown" && !(engine.state === "unknown" && engine.why === exposure.why)
                  ? `: ${exposure.why}`
                  : ""
          }`,
      ),
    ]),
    ...(open.length > 0 ? [""] : []),
    `Fixed on this host: ${fixed.length} of ${stands.length} advisories, as of ${asOf}. ${running} containers run.`,
  ];
}
