import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { removeDeadPlugins } from "../support/guard/plugin-sockets.ts";
import { slowness } from "../support/slowness.ts";

export interface EngineOptions {
  /** The daemon's configuration file; the machine's own is never read. */
  readonly daemonJson?: Readonly<Record<string, unknown>>;
  /** More dockerd flags. */
  readonly flags?: readonly string[];
  /** Remaps root of the containers (`--userns-remap=default`; dockerd makes the user dockremap itself). */
  readonly usernsRemap?: boolean;
  /**
   * With a bridge the engine lives in a network namespace of its own, so that several do not fight over
   * docker0 and iptables: its TCP addresses are then out of the test's reach. Default: no bridge, the
   * machine's network.
   */
  readonly bridge?: boolean;
  /** With a bridge, in this network namespace (`ip netns`), with this host name. */
  readonly machine?: { readonly network: string; readonly name: string };
  /** With a folder of its own for plugins' sockets (`/run/docker/plugins`), in a mount namespace of its own. */
  readonly ownPlugins?: boolean;
  /** Addresses beside its unix socket: `tcp://127.0.0.1:2375`. */
  readonly hosts?: readonly string[];
}

export interface TestEngine {
  /** `unix:///tmp/…/docker.sock`: what DOCKER_HOST takes. */
  readonly host: string;
  readonly socketPath: string;
  /** dockerd's. */
  readonly pid: number;
  /** Holds everything of the engine (`data`, `exec`, `log`, `daemon.json`); gone after `stop`. */
  readonly folder: string;
  /** What the docker CLI needs in its environment to speak to this engine and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the real docker CLI and gives its standard output, trimmed; rejects with its standard error. */
  docker(args: readonly string[], input?: Uint8Array): Promise<string>;
  /** Stops dockerd with its containers and removes every trace. Idempotent. */
  stop(): Promise<void>;
}

/** Whether this machine can run an engine, and why not. */
export function engineAvailable(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
  if (process.platform !== "linux") return { ok: false, reason: "a test Engine needs Linux" };
  if (process.getuid?.() !== 0) return { ok: false, reason: "a test Engine needs root" };
  const missing = ["dockerd", "docker", "containerd", "runc", "busybox"].filter((name) => !onPath(name));
  if (missing.length === 0) return { ok: true };
  return {
    ok: false,
    reason: `a test Engine needs ${missing.join(", ")} (apt-get install docker.io busybox-static)`,
  };
}

function onPath(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Starts a throw-away dockerd in a temporary folder and waits until it answers (about 2 s). Several may run
 * side by side. It is taken away by `stop`, or when this process ends in any way.
 */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  await removeDeadPlugins();
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-engine-"));
  // A remapped root must be able to walk to its own data.
  await chmod(folder, 0o711);
  const socketPath = join(folder, "docker.sock");
  const host = `unix://${socketPath}`;
  await writeFile(join(folder, "daemon.json"), JSON.stringify(configuration(options, host), null, 2));
  return await launch(folder, socketPath, [
    ...networkWrapper(options),
    "dockerd",
    ...flagsOf(options, folder, host),
  ]);
}

/** Runs a command that becomes a dockerd, under a guardian that takes it away again with all of the folder. */
export async function launch(
  folder: string,
  socketPath: string,
  command: readonly string[],
): Promise<TestEngine> {
  const host = `unix://${socketPath}`;
  const guardian = spawn(fileURLToPath(new URL("guardian.sh", import.meta.url)), [folder, ...command], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
    env: guardianEnvironment(),
  });
  const ended = new Promise<void>((resolve) => guardian.once("exit", () => resolve()));
  const environment = { DOCKER_HOST: host, DOCKER_CONFIG: folder };
  const stop = async () => {
    guardian.stdin?.destroy();
    await ended;
  };
  try {
    const pid = await firstNumber(guardian);
    await untilReady(pid, socketPath, folder);
    return {
      host,
      socketPath,
      pid,
      folder,
      environment,
      docker: (args, input) => runDocker(args, environment, input),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `hosts` of a daemon.json and `-H` exclude each other, so the socket goes where the test put its own. */
function configuration(options: EngineOptions, host: string): Record<string, unknown> {
  const { daemonJson = {}, hosts = [] } = options;
  const store =
    process.env.BULKHEAD_IMAGE_STORE === "containerd" ? { features: { "containerd-snapshotter": true } } : {};
  return Array.isArray(daemonJson.hosts)
    ? { ...store, ...daemonJson, hosts: [host, ...daemonJson.hosts, ...hosts] }
    : { ...store, ...daemonJson };
}

function flagsOf(options: EngineOptions, folder: string, host: string): string[] {
  const { daemonJson = {}, flags = [], hosts = [], usernsRemap = false } = options;
  const bridge = options.bridge === true || options.machine !== undefined;
  const addresses = Array.isArray(daemonJson.hosts) ? [] : [host, ...hosts];
  return [
    `--config-file=${folder}/daemon.json`,
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/pid`,
    ...addresses.flatMap((address) => ["-H", address]),
    ...(bridge ? [] : ["--bridge=none", "--iptables=false"]),
    ...(usernsRemap ? ["--userns-remap=default"] : []),
    ...containerdFlags(folder),
    ...flags,
  ];
}

/**
 * BULKHEAD_CONTAINERD: the socket of one that runs already, as on most hosts. dockerd gives its own 15 s to start, which a machine
 * without hardware help may need longer for.
 */
function containerdFlags(folder: string): string[] {
  const socket = process.env.BULKHEAD_CONTAINERD;
  const name = basename(folder);
  return socket === undefined
    ? []
    : [
        `--containerd=${socket}`,
        `--containerd-namespace=${name}`,
        `--containerd-plugins-namespace=${name}-plugins`,
      ];
}

function networkWrapper({ bridge = false, ownPlugins = false, machine }: EngineOptions): string[] {
  if (machine) {
    // Not by "ip netns exec", which hides the cgroups' mounts.
    const named = ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', machine.name];
    return ["nsenter", `--net=/run/netns/${machine.network}`, ...named];
  }
  const plugins = "mkdir -p /run/docker/plugins; mount -t tmpfs none /run/docker/plugins";
  return [
    ...(bridge ? ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"] : []),
    ...(ownPlugins ? ["unshare", "--mount", "sh", "-c", `${plugins}; exec "$@"`, "sh"] : []),
  ];
}

/** Without the DOCKER_… of anyone who runs the tests. */
function guardianEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DOCKER_")));
}

function firstNumber(guardian: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    guardian.once("error", reject);
    guardian.once("exit", () => reject(new Error("the engine's guardian ended before it started dockerd")));
    guardian.stdout?.once("data", (data: Buffer) => resolve(Number(data.toString("utf8"))));
  });
}

async function untilReady(pid: number, socketPath: string, folder: string): Promise<void> {
  const deadline = Date.now() + 60_000 * slowness;
  while (!(await pings(socketPath))) {
    if (hasEnded(pid)) throw new Error(`dockerd ended:\n${await tail(join(folder, "log"))}`);
    if (Date.now() > deadline) throw new Error(`dockerd is not ready:\n${await tail(join(folder, "log"))}`);
    await pause(50);
  }
}

function pings(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: "/_ping", timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once("timeout", () => call.destroy());
    call.once("error", () => resolve(false));
    call.end();
  });
}

/** The guardian never waits for a dockerd that ended by itself, so it stays as a zombie. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}

async function tail(path: string): Promise<string> {
  const log = await readFile(path, "utf8").catch(() => "(no log)");
  return log.split("\n").slice(-15).join("\n");
}

/** runc on a loaded machine. The container stays, so its name would be in use when the test runs again. */
const lostInit = /read init-p: connection reset by peer/;

function runDocker(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input: Uint8Array | undefined,
): Promise<string> {
  const env = { ...guardianEnvironment(), ...environment };
  return new Promise((resolve, reject) => {
    const child = execFile("docker", args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (!error) {
        resolve(stdout.trim());
        return;
      }
      const failure = new Error(`docker ${args.join(" ")}: ${stderr.trim() || error.message}`);
      const named = args[0] === "run" && lostInit.test(stderr) ? args.indexOf("--name") : -1;
      if (named < 0) reject(failure);
      else execFile("docker", ["rm", "-f", args[named + 1] ?? ""], { env }, () => reject(failure));
    });
    // docker may end before it has read all of its input; its exit status says enough.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
