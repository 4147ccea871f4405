import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { hasProgram } from "../support/has-program.ts";

const run = promisify(execFile);

/**
 * What runc says where a container's first process ended before it answered: seen once in some hundred starts on this kernel, of
 * Podman's and of the Engine's. The next start works.
 */
const endedEarly = "read init-p: connection reset by peer";

/** Whether this machine can run a Podman with its API, and why not. */
export function podmanAvailable(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
  if (process.getuid?.() !== 0) return { ok: false, reason: "a test Podman needs root" };
  const missing = ["podman", "runc", "conmon", "busybox"].filter(
    (name) => !hasProgram("sh", "-c", `command -v ${name}`),
  );
  return missing.length === 0
    ? { ok: true }
    : {
        ok: false,
        reason: `a test Podman needs ${missing.join(", ")} (apt-get install podman runc busybox-static)`,
      };
}

export interface TestPodman {
  readonly host: string;
  podman(args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** The image that it has. */
export const image = "localhost/busybox:test";

/**
 * Starts `podman system service` with a storage of its own in a temporary folder, and waits until its socket is there. runc,
 * since crun takes no mix of the two cgroup versions.
 */
export async function startPodman(): Promise<TestPodman> {
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-podman-"));
  const socket = join(folder, "podman.sock");
  const { stdout: runc } = await run("sh", ["-c", "command -v runc"]);
  await writeFile(
    join(folder, "storage.conf"),
    `[storage]\ndriver = "vfs"\nrunroot = "${folder}/run"\ngraphroot = "${folder}/root"\n`,
  );
  await writeFile(
    join(folder, "containers.conf"),
    `[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\ntmp_dir="${folder}/tmp"\nstatic_dir="${folder}/static"\n[engine.runtimes]\nrunc=["${runc.trim()}"]\n`,
  );
  const environment = {
    ...process.env,
    CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
    CONTAINERS_CONF: join(folder, "containers.conf"),
    PODMAN_IGNORE_CGROUPSV1_WARNING: "1",
  };
  const podman = async (args: readonly string[]) =>
    (await run("podman", [...args], { env: environment })).stdout.trim();
  const orOnceMore = async (args: readonly string[]) => {
    try {
      return await podman(args);
    } catch (error) {
      if (args[0] !== "run" || !String(error).includes(endedEarly)) throw error;
      const at = args.indexOf("--name");
      if (at > 0) await podman(["rm", "-f", args[at + 1] ?? ""]);
      return await podman(args);
    }
  };
  const service: ChildProcess = spawn("podman", ["system", "service", "--time=0", `unix://${socket}`], {
    env: environment,
    stdio: "ignore",
  });
  const stop = async () => {
    service.kill();
    await podman(["rm", "-af", "-t", "0"]).catch(() => "");
    await podman(["system", "prune", "-af"]).catch(() => "");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await importBusybox(folder, podman);
    while (!existsSync(socket)) {
      if (service.exitCode !== null) throw new Error("podman system service ended");
      await pause(50);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `unix://${socket}`, podman: orOnceMore, stop };
}

export async function importBusybox(
  folder: string,
  podman: (args: readonly string[]) => Promise<string>,
): Promise<void> {
  const bin = join(folder, "rootfs/bin");
  await mkdir(bin, { recursive: true });
  const { stdout: path } = await run("sh", ["-c", "command -v busybox"]);
  await copyFile(path.trim(), join(bin, "busybox"));
  for (const name of ["sh", "sleep"]) await symlink("busybox", join(bin, name));
  const archive = join(folder, "rootfs.tar");
  await run("tar", ["-C", join(folder, "rootfs"), "-cf", archive, "."]);
  await podman(["import", "-q", archive, image]);
}
