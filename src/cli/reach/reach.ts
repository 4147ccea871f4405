import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { readReach } from "../../controls/mac/static-reach.ts";
import { readRunLine } from "../../formats/run-command/read.ts";
import type { Container } from "../../model/container.ts";
import {
  isOnlySocketcall,
  isOpenDoor,
  type Reached,
  type Standing,
} from "../../model/kernel-interfaces/standing.ts";
import { sweep } from "../../prove/containers/proof-containers.ts";
import { askReach } from "../../prove/reach.ts";
import { complain } from "../common/complain.ts";
import { deliver } from "../common/outputs.ts";
import { signals, wantedOf } from "../prove/prove.ts";
import { openProvingEngine } from "../prove/proving-engine.ts";
import type { ReachOptions } from "./options.ts";

/** Milliseconds that all questions to one container may take. */
const patience = 30_000;

/** `bulkhead reach`. Answers the exit status: 0 no door of an advisory is open, 1 one is, 2 it could not be asked. */
export async function runReach(target: string | undefined, options: ReachOptions): Promise<number> {
  if (options.run !== undefined) {
    const reading = readRunLine(options.run, "run", diskFiles());
    const subject = reading.subjects.find(({ kind }) => kind === "container");
    const view = subject?.kind === "container" ? subject.views[0] : undefined;
    if (!view) return complain(`--run is not read: ${reading.gaps[0]?.reason ?? "it starts no container"}`);
    return tell(asWritten("docker run", view), options);
  }
  if (target === undefined)
    return complain("reach needs a container, an image, a compose.yaml#service or --run");
  const wanted = wantedOf(target);
  if (!wanted.ok) return complain(wanted.reason);
  if (wanted.value.kind === "service") return tell(asWritten(wanted.value.id, wanted.value.view), options);
  const opened = await openProvingEngine(options);
  if (!opened.ok) return complain(opened.reason);
  const { engine, close } = opened.value;
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await sweep(engine.reader, engine.writer, Date.now() / 1000);
    const setting = {
      ...{ wanted: wanted.value, probes: [], inPlace: false, patience },
      ...{ proc: options.proc, cgroup: options.cgroup, signal: abort.signal },
    };
    const reached = await askReach(setting, engine);
    return reached.ok ? tell(reached.value, options) : complain(reached.reason);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    await close();
  }
}

/** What a file says, on an Engine that is not seen. */
function asWritten(subject: string, view: Container): Reached {
  return { subject, asked: "profile", interfaces: readReach(view, undefined), missing: [], lacking: [] };
}

function tell(reached: Reached, options: ReachOptions): number {
  const text =
    options.format === "json"
      ? `${JSON.stringify(documentOf(reached), null, 2)}\n`
      : textOf(reached, options.all ?? false);
  const written = deliver(options.output, text);
  if (!written.ok) return complain(written.reason);
  return reached.interfaces.some(isOpenDoor) ? 1 : 0;
}

/** The document that scripts rely on, `schemaVersion` 1. */
function documentOf({ subject, asked, interfaces, missing }: Reached): unknown {
  return {
    schemaVersion: 1,
    subject,
    asked,
    interfaces: interfaces.map(({ row, state, by, through }) => ({
      id: row.id,
      what: row.what,
      state,
      by,
      through,
      advisories: row.advisories.map(({ id, published, references }) => ({
        id,
        published,
        source: references[0],
      })),
      closedByDockerSince: row.dockers?.since ?? null,
      closedByBulkheadProfile: row.dockers !== undefined || row.isAsked === true,
    })),
    missing,
  };
}

function textOf({ subject, asked, interfaces, missing, lacking }: Reached, all: boolean): string {
  const isAbsent = ({ by }: Standing) => by.length === 1 && by[0] === "kernel";
  const open = interfaces.filter(({ state }) => state === "reached");
  const unknown = interfaces.filter(({ state }) => state === "unknown");
  const shut = interfaces.filter((each) => each.state === "stopped" && !isAbsent(each));
  const absent = interfaces.filter((each) => each.state === "stopped" && isAbsent(each));
  const width = Math.max(...interfaces.map(({ row }) => row.id.length)) + 2;
  const line = ({ row }: Standing, rest: string) => `  ${row.id.padEnd(width)}${rest}`;
  return [
    `${subject} reaches ${open.length} of ${interfaces.length} interfaces of the kernel.`,
    ...(asked === "kernel" ? [] : ["The kernel was not asked: it may not have all of them."]),
    "",
    ...open.flatMap((each) => [
      line(each, `${isOpenDoor(each) ? "! " : ""}${each.row.what}`),
      ...advice(each, lacking).map((text) => `  ${" ".repeat(width)}${text}`),
    ]),
    ...(shut.length > 0 ? ["", "Stopped:"] : []),
    ...shut.map((each) => line(each, each.by.join(", "))),
    ...(unknown.length > 0 ? ["", "Not known:"] : []),
    ...unknown.map((each) => line(each, each.by.join(", "))),
    ...(absent.length === 0
      ? []
      : all
        ? ["", "The kernel does not have:", ...absent.map((each) => line(each, each.row.what))]
        : ["", `The kernel does not have ${absent.length} more (--all lists them).`]),
    ...missing.map((each) => `Not in the twin: ${each}`),
    "",
  ].join("\n");
}

/** The advisories of an open door, and what closes it: no sysctl that its kernel lacks. */
export function advice(
  { row, through }: Pick<Standing, "row" | "through">,
  lacking: readonly string[],
): readonly string[] {
  const { advisories, dockers, isAsked, needs, sysctl } = row;
  const isHidden = isOnlySocketcall(through);
  // Docker's own filter misses a family with an upper bit.
  const isPlain = row.asks.some(
    ({ what, hidden }) => hidden === undefined && through.some((call) => call.startsWith(what)),
  );
  const isFiltered = dockers !== undefined || isAsked === true;
  const hasPointer = through.some((call) => call.startsWith("socketcall("));
  const closers = [
    ...(dockers && isPlain ? [`Docker's own seccomp profile since Engine ${dockers.since}`] : []),
    ...(isAsked || (dockers && !isPlain && !isHidden) ? ["bulkhead profile"] : []),
    ...(needs ? [`--cap-drop ${needs.capability}`] : []),
    ...(sysctl === undefined || lacking.includes(sysctl) ? [] : [`sysctl ${sysctl}`]),
  ];
  return [
    `by ${through.join(", ")}`,
    ...(advisories.length > 0
      ? [advisories.map(({ id, published }) => `${id} (${published})`).join(", ")]
      : []),
    ...(closers.length > 0 && !isHidden ? [`closed by ${closers.join(", or ")}`] : []),
    ...(isFiltered && hasPointer
      ? ["socketcall: only AppArmor or SELinux closes it (no filter sees the family)"]
      : []),
  ];
}
