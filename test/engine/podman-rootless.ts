import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { importBusybox, podmanAvailable } from "./podman.ts";
import { type RootlessEngine, rootlessAvailable, testUser } from "./rootless.ts";

/** Whether this machine can run a rootless Podman, and why not. */
export function rootlessPodmanAvailable():
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string } {
  const podman = podmanAvailable();
  return podman.ok ? rootlessAvailable() : podman;
}

export interface RootlessPodman
  extends Pick<RootlessEngine, "uid" | "user" | "runtimeFolder" | "home" | "as"> {
  readonly host: string;
  readonly socketPath: string;
  readonly delegated: boolean;
  /** Runs podman as the user; gives what it prints, and rejects where it fails. */
  podman(args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts `podman system service` as a user, where systemd's `podman.socket` of a user has it. Where the user has no cgroups,
 * runc makes the containers, since crun takes no mix of the two cgroup versions.
 */
export async function startRootlessPodman(): Promise<RootlessPodman> {
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-podman-"));
  const account = await testUser(folder);
  const { uid, user, home, runtimeFolder, delegated } = account;
  const config = join(home, ".config/containers");
  await mkdir(config, { recursive: true });
  await mkdir(join(runtimeFolder, "podman"), { recursive: true });
  const runtime = delegated ? "" : 'cgroup_manager="cgroupfs"\nruntime="runc"\n';
  await writeFile(
    join(config, "containers.conf"),
    `[engine]\nevents_logger="file"\n${runtime}[network]\ndefault_rootless_network_cmd="slirp4netns"\n`,
  );
  await writeFile(join(config, "storage.conf"), '[storage]\ndriver = "vfs"\n');
  for (const path of [join(home, ".config"), config, join(runtimeFolder, "podman")])
    await chown(path, uid, uid);
  const socketPath = join(runtimeFolder, "podman/podman.sock");
  const host = `unix://${socketPath}`;
  const quiet = { PODMAN_IGNORE_CGROUPSV1_WARNING: "1" };
  const [program = "", ...args] = [
    ...account.startsWith(quiet),
    ...["sh", "-c", 'cd && exec podman system service --time=0 "$1"', "sh", host],
  ];
  const service = spawn(program, args, { stdio: "ignore" });
  const ended = once(service, "exit");
  const as: RootlessPodman["as"] = (who, command, more = {}) =>
    account.run(service.pid ?? 0, who, command, {
      ...(who === "user"
        ? { XDG_RUNTIME_DIR: runtimeFolder, XDG_STATE_HOME: join(home, "state") }
        : { DOCKER_HOST: host, XDG_STATE_HOME: join(folder, "etc/state") }),
      ...more,
    });
  const podman = async (args: readonly string[]) => {
    const { status, stdout, stderr } = await as("user", ["podman", ...args], quiet);
    if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const stop = async () => {
    await podman(["rm", "-af", "-t", "0"]).catch(() => "");
    await podman(["system", "migrate"]).catch(() => "");
    service.kill();
    await ended;
    // What it left behind is the user's, whom nobody else is.
    if (!delegated) for (const pid of pidsOf(uid)) endProcess(pid);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    while (!existsSync(socketPath)) {
      if (service.exitCode !== null) throw new Error("podman system service ended");
      await pause(50);
    }
    await importBusybox(home, podman);
  } catch (error) {
    await stop();
    throw error;
  }
  return { uid, user, home, runtimeFolder, delegated, host, socketPath, as, podman, stop };
}

function pidsOf(uid: number): readonly number[] {
  return readdirSync("/proc").flatMap((entry) => {
    try {
      const status = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/status`, "utf8") : "";
      return new RegExp(`^Uid:\\s+${uid}\\s`, "m").test(status) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
