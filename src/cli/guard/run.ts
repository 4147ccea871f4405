import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, homedir, hostname, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { controls } from "../../controls/registry.ts";
import type { EngineClient } from "../../engine/client.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";
import { needsOf } from "../../fix/plan/kinds.ts";
import type { OwnFile } from "../../guard/engine/own-files.ts";
import { hostPrograms, unmountViews } from "../../guard/engine/views.ts";
import { hasSubpaths } from "../../guard/judge/container/folders.ts";
import type { Judged } from "../../guard/judge/judge.ts";
import { readBudget, shareOf, spellBudget, usualBudget } from "../../guard/leash/budget.ts";
import { hostName, openCgroup, removeCgroup } from "../../guard/leash/cgroup.ts";
import { type Cleaned, cleanLeash } from "../../guard/leash/clean.ts";
import { type DiskMeter, measureDisk } from "../../guard/leash/disk.ts";
import { type Folders, foldersOf, mountRules, placeApart, secretsIn } from "../../guard/leash/folder.ts";
import { leashGate } from "../../guard/leash/gate.ts";
import { insideArguments } from "../../guard/leash/inside.ts";
import { leashPolicy } from "../../guard/leash/policy.ts";
import { waysPast } from "../../guard/leash/reach.ts";
import {
  checkName,
  type HeldRecord,
  holdLeft,
  holdRecord,
  isLiving,
  type Kept,
  kept,
  knownNames,
  type LeashRecord,
  usualName,
} from "../../guard/leash/record.ts";
import { keepRestarting } from "../../guard/leash/restarts.ts";
import { startSummary } from "../../guard/leash/transcript.ts";
import { fileSink } from "../../guard/log/sink.ts";
import { ownerLabel } from "../../guard/policy/layer.ts";
import { serve } from "../../guard/proxy/serve.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import { runProgram } from "../../run/docker.ts";
import { loadConfig } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";
import type { GuardRunOptions } from "./run-options.ts";

/** `bulkhead guard run`. Answers the command's exit status. */
export async function runLeashed(words: readonly string[], options: GuardRunOptions): Promise<number> {
  if (options.clean) return words.length > 0 ? complain("--clean runs no command") : await cleanAll(options);
  const [program, ...args] = words;
  if (program === undefined) return complain("there is no command to run");
  const keep = keepOf(options.keep);
  if (typeof keep === "string") return complain(keep);
  const folders = foldersOf(options.folder, process.cwd());
  if (!folders.ok) return complain(folders.reason);
  const mounts = mountRules(folders.value, callersIds());
  if (!mounts.ok) return complain(mounts.reason);
  const budget = readBudget(
    options.budget,
    usualBudget({ memory: totalmem(), cpus: availableParallelism() }),
  );
  if (!budget.ok) return complain(budget.reason);
  const connect = connectOf(options);
  const endpoint = chooseEndpoint(connect);
  if (!endpoint.ok) return complain(endpoint.reason);
  const engine = endpoint.value.address;
  const engineSocket = endpoint.value.kind === "unix" ? endpoint.value.path : undefined;
  const settings = await loadConfig(
    { only: [], skip: [], ...(options.config !== undefined && { config: options.config }) },
    diskFiles(),
  );
  if (!settings.ok) return 2;
  // A command that finds no Engine would go on without one, and seem to be held.
  const reached = await connectEngine(connect);
  if (!reached.ok) return complain(reached.reason);
  const steady = mountsBySubpath(reached.value).finally(() => reached.value.close());

  const { value: limits } = budget;
  const cpuset = cpusetOf(limits.cpus);
  if (options.in !== undefined && engineSocket === undefined)
    return complain(
      `--in needs an Engine on this machine, and ${engine} is none: its containers cannot have the leash's socket`,
    );

  const { XDG_RUNTIME_DIR: ofUser = "/tmp" } = process.env;
  const place = placeApart(folders.value, [tmpdir(), ofUser, "/tmp", "/var/tmp"]);
  const runFolder = mkdtempSync(join(place, "bulkhead-leash-"));
  const socket = join(runFolder, "docker.sock");
  const begun = {
    engine,
    runFolder,
    keep,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.context !== undefined && { context: options.context }),
  };
  const held = hold(options.name, folders.value, begun);
  if (!held.ok) {
    rmSync(runFolder, { recursive: true, force: true });
    return complain(held.reason);
  }
  const { record, folder, before } = held.value;
  const { name, value } = record;
  const ignoreSignals = () => undefined;
  for (const signal of signals) process.on(signal, ignoreSignals);
  try {
    if (before && !before.isOver) await cleanRecord(before);
    held.value.write(record);
    const guardWords = settings.value.config.guard;
    const { policy, ignored } = leashPolicy({
      name,
      value,
      mounts: mounts.value,
      socket,
      config: guardWords && {
        words: withoutClients(guardWords),
        isNamed: typeof options.config === "string",
      },
    });
    const transcript = join(folder, "transcript.jsonl");
    rmSync(transcript, { force: true });
    const log = fileSink({ path: transcript, maxBytes: 256 * 1024 ** 2, keep: 1 });
    if (!log.ok) return complain(log.reason);
    const summary = startSummary();
    const own = ownFilesOf(socket, folder, folders.value);
    const restarts = keepRestarting(socket);
    const onHost = engineSocket !== undefined && isOnHost() ? hostPrograms(connect) : undefined;
    let disk: DiskMeter | undefined;
    const note = (judged: Judged) => {
      for (const each of [summary, restarts, disk]) each?.note(judged);
    };
    const serving = await serve({
      connect,
      listen: [`unix://${socket},mode=0600`],
      policies: { default: policy, clients: [], socketProxy: undefined },
      log: log.value,
      learner: { note: (_, judged) => note(judged) },
      // Another user than root does not see dockerd's files, but sees the host's where it is not in a container itself.
      hostRoot: engineSocket !== undefined && process.getuid?.() !== 0 && isOnHost() ? "/" : undefined,
      ownFiles: () => own,
      metrics: undefined,
      maxConnections: 1_000,
      ownViews: hostName(value),
      further(gate, asked) {
        disk = measureDisk(asked, value, limits.disk, (why) => void restarts.stopAll(why).then(complain));
        const cgroup = openCgroup({ value, budget: limits, cpuset }, asked, onHost, complain);
        return leashGate(gate, {
          value,
          ownerLabel,
          budget: limits,
          engine: asked,
          cpuset,
          cgroup: cgroup.parent,
          full: disk.full,
          restarts: restarts.asked,
          checkout: options.in === undefined ? undefined : folders.value.own,
        });
      },
      tell: complain,
    });
    if (!serving.ok) return complain(serving.reason);
    const ways = options.in === undefined ? await waysPast(engineSocket, engine, process.env) : [];
    complain(
      `leash ${name}: ${spellFolders(folders.value)}; ${spellBudget(limits)}. ${reachLine(ways, options.in)}`,
    );
    if (!(await steady))
      complain(
        "this Engine mounts no folder by a subpath (that needs API 1.45, root and no SELinux): a program that puts a link in the place of a folder can lead a mount out of it",
      );
    for (const word of ignored)
      complain(
        `bulkhead.yaml: guard.${word} would open what a leash closes, and is left out. Name the file with --config to use it`,
      );
    const secrets = secretsIn(folders.value.own);
    if (secrets.length > 0)
      complain(
        `the folder has ${secrets.slice(0, 6).join(", ")}${secrets.length > 6 ? ` and ${secrets.length - 6} more` : ""}: the command and its containers can read them`,
      );
    const status =
      options.in === undefined
        ? await runProgram(program, args, leashedEnvironment(process.env, socket, runFolder), limits.time)
        : await runInside(
            options,
            insideArguments({
              image: options.in,
              words,
              folders: folders.value,
              cwd: process.cwd(),
              socket,
              runFolder,
              value,
              limits: { memory: shareOf("memory", limits, 0), pids: shareOf("pids", limits, 0), cpuset },
              isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
              user: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
            }),
            limits.time,
          );
    disk?.close();
    await restarts.close();
    await serving.value.stop(0);
    const cleaned = await cleanRecord(record);
    for (const line of summary.lines()) complain(line);
    if (cleaned.ok) held.value.write({ ...record, isOver: true });
    complain(cleaned.ok ? `removed: ${spellCleaned(cleaned.value)}` : cleaned.reason);
    complain(`kept: ${[...keep, `each call in ${transcript}`].join(", ")}`);
    return status;
  } finally {
    rmSync(runFolder, { recursive: true, force: true });
    held.value.release();
    for (const signal of signals) process.off(signal, ignoreSignals);
  }
}

/** Undefined for root, who owns what a container's root makes anyway. */
/** Whether a mount stays in its folder, whatever links are put in its path meanwhile. */
async function mountsBySubpath(engine: EngineClient): Promise<boolean> {
  const [info, versions] = await Promise.all([engine.get("/info"), engine.get("/version")]);
  if (!info.ok || !versions.ok) return false;
  const document = { info: info.value, version: versions.value };
  return hasSubpaths(undefined, { state: "found", id: "", document });
}

function callersIds(): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return uid === 0 ? undefined : { uid, gid };
}

/** The command gets them; what comes after it has to be done to its end. */
const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

function connectOf({ host, context }: Pick<GuardRunOptions, "host" | "context">): ConnectOptions {
  const { environment, home } = diskFiles();
  return { host, context, environment, home };
}

function keepOf(text: string | undefined): readonly Kept[] | string {
  const words = text === undefined ? [] : text.split(",").map((word) => word.trim());
  const strange = words.find((word) => !(kept as readonly string[]).includes(word));
  return strange === undefined
    ? (words as Kept[])
    : `--keep ${strange}: it keeps ${kept.join(" or ")}, with a comma between them`;
}

/** A name that is given is taken or refused; the folder's own has a number where another leash works in that folder. */
function hold(
  given: string | undefined,
  { own }: Folders,
  begun: Omit<Parameters<typeof holdRecord>[0], "name">,
): ReturnType<typeof holdRecord> {
  const usual = usualName(own);
  for (let number = 1; ; number += 1) {
    const name = checkName(given ?? (number === 1 ? usual : `${usual}-${number}`));
    if (!name.ok) return name;
    const held = holdRecord({ ...begun, name: name.value });
    if (held.ok || given !== undefined || !isLiving(name.value) || number > 99) return held;
  }
}

function withoutClients<T extends { readonly clients?: unknown }>({
  clients: _,
  ...words
}: T): Omit<T, "clients"> {
  return words;
}

/** Whether this process sees the host's files: a container has a root of its own. */
function isOnHost(): boolean {
  return !existsSync("/.dockerenv") && !existsSync("/run/.containerenv") && hostname() !== "";
}

/** No container may have these. A program in the folder is the command's to write anyway. */
function ownFilesOf(socket: string, folder: string, { all }: Folders): readonly OwnFile[] {
  const script = process.argv[1];
  const programs = [
    process.execPath,
    ...(script && existsSync(script) ? [dirname(realpathSync(script))] : []),
  ];
  return [
    { path: socket, what: "listener" },
    { path: folder, what: "audit log" },
    ...programs
      .filter((path) => !all.some((each) => isAtOrBelow(path, each.path)))
      .map((path) => ({ path, what: "program" as const })),
  ];
}

/** CPUs for `--cpuset-cpus`, of those that this machine gives; undefined where all of them are few enough. */
function cpusetOf(cpus: number): string | undefined {
  const text = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const all = text.split(",").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  const count = Math.ceil(cpus);
  return count >= all.length ? undefined : all.slice(-count).join(",");
}

function spellFolders({ all }: Folders): string {
  return `containers can mount ${all.map(({ path, readOnly }) => `${path}${readOnly ? " (read-only)" : ""}`).join(", ")}`;
}

function reachLine(ways: readonly string[], image: string | undefined): string {
  if (image !== undefined) return `The command is in a container of ${image}, which has no other socket`;
  return ways.length === 0
    ? "No way past it is known"
    : `It holds a command that uses DOCKER_HOST: this user can still ${ways.join("; ")}`;
}

/** Runs the command's container by the user's own docker, hardened as `bulkhead run` does. */
async function runInside(
  { host, context }: GuardRunOptions,
  words: readonly string[],
  longest: number | undefined,
): Promise<number> {
  const { harden } = await import("../../run/harden.ts");
  const { policyOf } = await import("../../run/policy.ts");
  const hardened = harden({
    arguments: words,
    policy: policyOf({}),
    controls,
    rules: { ignores: [], today: new Date().toISOString().slice(0, 10) },
    needs: needsOf,
    // Whatever the image holds: the command is to gain no rights.
    unseen: undefined,
    io: diskFiles(),
  });
  const engine = host !== undefined ? ["--host", host] : context !== undefined ? ["--context", context] : [];
  return await runProgram("docker", [...engine, "run", ...hardened.arguments], process.env, longest);
}

/** Docker's own variables and credentials stay outside; its plugins are found as before. */
function leashedEnvironment(
  environment: NodeJS.ProcessEnv,
  socket: string,
  runFolder: string,
): NodeJS.ProcessEnv {
  const config = join(runFolder, "config");
  mkdirSync(config, { mode: 0o700 });
  const plugins = join(environment.DOCKER_CONFIG ?? join(homedir(), ".docker"), "cli-plugins");
  const settings = existsSync(plugins) ? { cliPluginsExtraDirs: [plugins] } : {};
  writeFileSync(join(config, "config.json"), JSON.stringify(settings));
  const kept = Object.entries(environment).filter(([name]) => !taken.test(name));
  return { ...Object.fromEntries(kept), DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: config };
}

/** They lead a client past DOCKER_HOST, or are credentials of a registry or an Engine. */
const taken =
  /^(?:DOCKER_(?:HOST|CONTEXT|CONFIG|CERT_PATH|AUTH_CONFIG|TLS.*)|BUILDX_(?:BUILDER|CONFIG)|BUILDKIT_HOST|CONTAINER_(?:HOST|CONNECTION|SSHKEY)|REGISTRY_AUTH_FILE)$/;

async function cleanRecord(record: LeashRecord) {
  const cleaned = await cleanLeash(record, connectOf(record));
  const onHost = hostPrograms(connectOf(record));
  await removeCgroup(record.value, onHost);
  await unmountViews(hostName(record.value), onHost);
  rmSync(record.runFolder, { recursive: true, force: true });
  return cleaned;
}

/** `--clean`: what leashes of this user left that no longer live. */
async function cleanAll({ name }: GuardRunOptions): Promise<number> {
  let status = 0;
  let count = 0;
  for (const each of knownNames().filter((known) => name === undefined || known === name)) {
    const left: HeldRecord | undefined = holdLeft(each);
    if (!left) continue;
    count += 1;
    try {
      const cleaned = await cleanRecord(left.record);
      if (cleaned.ok) left.write({ ...left.record, isOver: true });
      else status = 1;
      complain(`leash ${each}: ${cleaned.ok ? `removed ${spellCleaned(cleaned.value)}` : cleaned.reason}`);
    } finally {
      left.release();
    }
  }
  if (count === 0) complain("no leash has left anything");
  return status;
}

function spellCleaned({ left, ...counts }: Cleaned): string {
  const parts = Object.entries(counts).flatMap(([kind, count]) =>
    count === 0 ? [] : [`${count} ${count === 1 ? kind.slice(0, -1) : kind}`],
  );
  return [parts.join(", ") || "nothing", ...left.map((each) => `not ${each}`)].join("; ");
}
