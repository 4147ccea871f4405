import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Ran, runCli } from "../../support/cli.ts";
import type { TestEngine } from "../engine.ts";
import { type Project, writeProject } from "./project.ts";
import type { Workload } from "./workloads.ts";

/** A step of a report on trials. */
interface Row {
  readonly controls: readonly string[];
  readonly outcome: "holds" | "breaks" | "notTried";
  readonly reason: string | null;
}

/** What `bulkhead fix --verify` and `bulkhead learn` print of one service, as far as it is looked at here. */
interface Tried {
  readonly subject: string;
  readonly verified?: boolean;
  readonly steady: boolean;
  readonly reason: string | null;
  readonly capabilities?: { readonly needed: readonly { readonly name: string }[] };
  readonly user?: { readonly canStartAsIt: boolean | null };
  readonly steps: readonly Row[];
  readonly starts: number;
  readonly seconds: number;
}

/** What is tried, and where. */
export interface Bench {
  readonly engine: TestEngine;
  readonly program: string;
  /** A new folder, which goes by itself. */
  readonly folder: () => string;
}

/** The workload's own words as a check: it serves, it stores, and after the second start it has that still. */
export function checkOf({ service, serves, write, read }: Workload): string {
  if (!write || !read) return `${service}=${serves}`;
  return `${service}={ ${serves}; } && if [ "$BULKHEAD_PHASE" = again ]; then ${read}; else ${write}; fi`;
}

/** A load, so that limits of memory and CPU are learnt too. The checks say whether it works: an archive may be half written. */
function loadOf({ service, serves }: Workload): string {
  const container = `"$BULKHEAD_CONTAINER_${service.toUpperCase()}"`;
  return `for i in 1 2 3; do docker exec ${container} sh -c ${quoted(serves)} || :; done`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** `bulkhead fix --apply` over the workload's file: why it does not serve then, or lost its data; undefined where it does. */
export async function fixServer(
  { engine, program, folder }: Bench,
  workload: Workload,
): Promise<string | undefined> {
  const project = writeProject(engine, workload, folder());
  try {
    const words = ["fix", "--no-config", "--apply", "compose.yaml"];
    const { status, stderr } = await runCli(program, words, { cwd: project.folder });
    if (status === null || status > 1) return stderr;
    await project.keepsServing();
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await project.remove();
  }
}

/** `bulkhead fix --verify` over the workload's file: what it says of each service. */
export async function verifyServer(bench: Bench, workload: Workload): Promise<readonly Tried[]> {
  const project = writeProject(bench.engine, workload, bench.folder());
  return triedBy(await inFolder(bench, project, ["fix", "--verify"], workload));
}

/** `bulkhead learn --apply` over the workload's file, under a load. */
export async function learnServer(
  bench: Bench,
  workload: Workload,
): Promise<{ readonly project: Project; readonly learnt: readonly Tried[] }> {
  const project = writeProject(bench.engine, workload, bench.folder());
  const words = ["learn", "--apply", "--while", loadOf(workload)];
  return { project, learnt: triedBy(await inFolder(bench, project, words, workload)) };
}

/** `bulkhead learn --bundle` over the workload's file, under a load. */
export async function bundleServer(bench: Bench, workload: Workload, file: string): Promise<Ran> {
  const project = writeProject(bench.engine, workload, bench.folder());
  return inFolder(bench, project, ["learn", "--while", loadOf(workload), "--bundle", file], workload);
}

function triedBy({ stdout, stderr }: Ran): readonly Tried[] {
  if (!stdout.startsWith("{")) throw new Error(`no document: ${stdout}${stderr}`);
  return JSON.parse(stdout).workloads;
}

function inFolder(
  { program, engine }: Bench,
  { folder }: Project,
  words: readonly string[],
  workload: Workload,
) {
  // A database on a busy machine takes longer than a minute to start for the first time.
  const times = ["--settle", "1", "--start-timeout", "300"];
  const check = [...times, "--check-exec", checkOf(workload), "--format", "json"];
  return runCli(program, [...words, "--no-config", ...check, "compose.yaml"], {
    cwd: folder,
    env: engine.environment,
  });
}

/** The findings of `bulkhead audit` on a file, as `service control`. */
export async function findingsOf({ program }: Bench, { folder }: Project): Promise<readonly string[]> {
  const words = ["audit", "--no-config", "--format", "json", "compose.yaml"];
  const { stdout, stderr } = await runCli(program, words, { cwd: folder });
  if (!stdout.startsWith("{")) throw new Error(`no report: ${stderr}`);
  const { findings } = JSON.parse(stdout);
  const failing = findings.filter(({ verdict }: { verdict: string }) => verdict === "fail");
  return failing
    .map(
      ({ subject, control }: { subject: string; control: string }) => `${subject.split("#")[1]} ${control}`,
    )
    .toSorted();
}

/** What `bulkhead prove` says does not hold of the project's running containers, as `service probe outcome`. */
export async function notHeld({ program, engine }: Bench, project: Project): Promise<readonly string[]> {
  const found: string[] = [];
  for (const line of (await project.compose("ps", "--format", "{{.Service}} {{.Name}}")).trim().split("\n")) {
    const [service = "", name = ""] = line.split(" ");
    const words = ["prove", `container:${name}`, "--format", "json"];
    const { stdout, stderr } = await runCli(program, words, { env: engine.environment });
    if (!stdout.startsWith("{")) throw new Error(`no proof of ${name}: ${stderr}`);
    for (const { probe, outcome, evidence } of JSON.parse(stdout).probes) {
      if (outcome !== "held") found.push(`${service} ${probe} ${outcome}: ${evidence}`);
    }
  }
  return found;
}

/** The capabilities that a hardened file gives back, each with its service. */
export function capabilitiesIn({ file }: Project): readonly (readonly [service: string, name: string])[] {
  const services: Record<string, { cap_add?: readonly string[] }> = parse(
    readFileSync(file, "utf8"),
  ).services;
  return Object.entries(services).flatMap(([service, { cap_add = [] }]) =>
    cap_add.map((name) => [service, name] as const),
  );
}

/** Why a hardened project does not work without one of its capabilities; undefined where it does. */
export async function whyNotWithout(
  { engine, folder }: Bench,
  workload: Workload,
  hardened: Project,
  [service, name]: readonly [service: string, name: string],
): Promise<string | undefined> {
  // A new folder: what a start has given to another user needs no capability any more.
  const project = writeProject(engine, workload, folder());
  const document = parse(readFileSync(hardened.file, "utf8"));
  const own = document.services[service];
  own.cap_add = own.cap_add.filter((each: string) => each !== name);
  writeFileSync(project.file, stringify(document));
  cpSync(join(hardened.folder, "seccomp"), join(project.folder, "seccomp"), { recursive: true });
  try {
    await project.keepsServing(12);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await project.remove();
  }
}
