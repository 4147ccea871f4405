import { execFileSync } from "node:child_process";
import { isRecord, textAt, textsOf } from "../base/json.ts";
import type { Result } from "../base/result.ts";
import type { ConnectOptions } from "../engine/connect/endpoint.ts";
import { connectEngine } from "../engine/connect.ts";
import { engineFromInfo } from "../engine/documents/info.ts";
import { hostFiles } from "../engine/host/files.ts";
import { type HostSight, seeHost } from "../engine/host/host.ts";
import { readStanding } from "../engine/host/own-container.ts";
import { isRootlessOwner, nameOwner, readRootOwner } from "../engine/host/root.ts";

/** What bulkhead needs from a host, and whether it is there. */
export interface Check {
  /** What was looked at: `cgroups`, `Docker Engine`. */
  readonly name: string;
  /** `limited`: some of it works. `missing`: what needs it does not work. */
  readonly state: "ok" | "limited" | "missing";
  /** What was found, in a few words. */
  readonly found: string;
  /** What bulkhead cannot do without, and what to do about it; null where nothing is lost. */
  readonly cost: string | null;
}

export function ok(name: string, found: string): Check {
  return { name, state: "ok", found, cost: null };
}

export function limited(name: string, found: string, cost: string): Check {
  return { name, state: "limited", found, cost };
}

export function missing(name: string, found: string, cost: string): Check {
  return { name, state: "missing", found, cost };
}

/** Whether an Engine answers, and what it says of itself. Never rejects. */
export async function checkEngine(options: ConnectOptions, proc: string): Promise<readonly Check[]> {
  const client = await connectEngine(options);
  if (!client.ok)
    return [
      missing(
        "Docker Engine",
        client.reason,
        "Only files can be audited. Start the Engine, or name another one with --host or --context.",
      ),
    ];
  try {
    const { address, apiVersion, socketPath } = client.value;
    const sight = socketPath === undefined ? undefined : seeHost(socketPath, proc, hostFiles);
    const [info, about] = await Promise.all([client.value.get("/info"), client.value.get("/version")]);
    if (!info.ok)
      return [
        limited(
          "Docker Engine",
          `${address}: ${info.reason}`,
          "What it runs is read, what it is set to is not.",
        ),
      ];
    const version = textAt(info.value, "ServerVersion") ?? "unknown version";
    const { product } = engineFromInfo({
      info: info.value,
      version: about.ok ? about.value : undefined,
      networks: undefined,
    });
    const isPodman = product.state === "set" && product.value === "podman";
    const found = `${isPodman ? "Podman " : ""}${version} at ${address}, API ${apiVersion}`;
    return [
      ok("Docker Engine", found),
      sameMachine(socketPath, sight, proc),
      ...hostsFiles(sight),
      whoseRoot(info.value, sight, proc),
    ];
  } finally {
    await client.value.close();
  }
}

function sameMachine(socketPath: string | undefined, sight: HostSight | undefined, proc: string): Check {
  const name = "Engine's kernel";
  const away =
    "Only what the Engine says is checked, not what the kernel enforces. Run bulkhead on the Engine's machine.";
  if (socketPath === undefined)
    return limited(name, "the Engine is on another machine, or reached by TCP", away);
  if (sight) return ok(name, `this machine's, seen at ${proc}`);
  const { isInside } = readStanding(hostFiles);
  return limited(
    name,
    `the Engine's process is not among those at ${proc}`,
    isInside
      ? "Only what the Engine says is checked, not what the kernel enforces. Run this container with --pid host: it then sees the processes of every container. To look into them it needs --cap-add SYS_PTRACE as well, and --security-opt apparmor=unconfined where AppArmor runs."
      : away,
  );
}

/** From inside a container: whether the files of the Engine's host are in sight. */
function hostsFiles(sight: HostSight | undefined): readonly Check[] {
  if (!readStanding(hostFiles).isInside) return [];
  const isSeen = sight !== undefined && hostFiles.stat(`${sight.root}/proc`) !== undefined;
  const name = "host's files";
  return [
    isSeen
      ? ok(name, `seen at ${sight.root || "/"}`)
      : limited(
          name,
          "not in sight of this container",
          "Where a link in a mounted folder leads, who may open the Engine's socket and what daemon.json says are unknown. audit, prove and watch see them with --pid host and --cap-add SYS_PTRACE; guard proxy with -v /:/host:ro and --host-root /host.",
        ),
  ];
}

/** The user namespace of a rootless Engine that runs here, in which its containers' processes are; undefined for any other. */
export async function rootlessNamespace(options: ConnectOptions, proc: string): Promise<string | undefined> {
  const client = await connectEngine(options);
  if (!client.ok) return undefined;
  const { socketPath } = client.value;
  await client.value.close();
  const sight = socketPath === undefined ? undefined : seeHost(socketPath, proc, hostFiles);
  const owner = sight && readRootOwner({ ...sight, proc }, hostFiles);
  return sight && isRootlessOwner(owner) ? hostFiles.readLink(`${sight.folder}/ns/user`) : undefined;
}

/** Who acts on the host where root acts in a container. */
function whoseRoot(info: unknown, sight: HostSight | undefined, proc: string): Check {
  const name = "root in containers";
  const owner = sight && readRootOwner({ ...sight, proc }, hostFiles);
  if (owner && isRootlessOwner(owner))
    return ok(name, `is ${nameOwner(owner)} on the host: the Engine is rootless`);
  if (owner?.kind === "rootful")
    return ok(name, "is root on the host, unless a container has a user namespace of its own");
  if (owner?.kind === "nested") return ok(name, "is root of the container that the Engine runs in");
  const options = isRecord(info) ? textsOf(info.SecurityOptions) : [];
  if (options.includes("name=rootless")) return ok(name, "is the user who runs the Engine: it is rootless");
  if (options.includes("name=userns"))
    return ok(name, "is a user of the host who owns nothing (userns-remap)");
  return ok(name, "is root, as far as the Engine says");
}

/** How long a tool may take to say its version, in milliseconds. */
const patience = 10_000;

/** Programs and packages that some commands need. */
export async function checkTools(
  node: string,
  tryDriver: () => Promise<Result<unknown>>,
): Promise<readonly Check[]> {
  return [nodeVersion(node), compose(), database(await tryDriver())];
}

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  return isEnough
    ? ok("Node.js", version)
    : missing("Node.js", version, "bulkhead needs Node.js 20.19 or newer: parts of it fail without notice.");
}

function compose(): Check {
  const version = outputOf("docker", "compose", "version", "--short");
  if (version !== undefined) return ok("docker compose", version);
  const cli = outputOf("docker", "--version");
  return limited(
    "docker compose",
    cli === undefined ? "the docker command is not installed" : "the docker command has no compose plugin",
    "bulkhead fix --verify and bulkhead learn cannot start anything. Install Docker's CLI with its compose plugin.",
  );
}

function database(driver: Result<unknown>): Check {
  return driver.ok
    ? ok("history", "the database driver loads")
    : limited("history", driver.reason, "bulkhead watch keeps no history.");
}

function outputOf(program: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: patience,
    }).trim();
  } catch {
    return undefined;
  }
}
