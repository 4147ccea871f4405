import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../support/has-program.ts";
import { engineAvailable, launch, type TestEngine } from "./engine.ts";

/** The script of Docker that starts a dockerd in a user namespace, as distributions install it. */
const scripts = [
  "/usr/share/docker.io/contrib/dockerd-rootless.sh",
  "/usr/bin/dockerd-rootless.sh",
  "/usr/local/bin/dockerd-rootless.sh",
];

/** Whether this machine can run a rootless Engine, and why not. */
export function rootlessAvailable(): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
  const engine = engineAvailable();
  if (!engine.ok) return engine;
  const missing = ["rootlesskit", "slirp4netns", "newuidmap", "setpriv", "unshare"].filter(
    (name) => !hasProgram("sh", "-c", `command -v ${name}`),
  );
  if (missing.length > 0 || !scripts.some((path) => existsSync(path))) {
    const what = missing.length > 0 ? missing.join(", ") : "dockerd-rootless.sh";
    return {
      ok: false,
      reason: `a rootless Engine needs ${what} (apt-get install docker.io rootlesskit slirp4netns uidmap)`,
    };
  }
  try {
    // As a user who is nobody: where user namespaces are closed, this says why.
    execFileSync(
      "setpriv",
      ["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user", "true"],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    return { ok: true };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    return { ok: false, reason: `user namespaces are closed to users: ${said}` };
  }
}

export interface RootlessEngine extends TestEngine {
  readonly uid: number;
  readonly user: string;
  /** rootlesskit's; `pid` is the same. */
  readonly runtimeFolder: string;
  readonly home: string;
  /**
   * Runs a command where the user has his name: as root, or as the user with nothing but his own folders in its environment.
   * Gives status and output; never rejects for a status.
   */
  as(
    who: "root" | "user",
    command: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<{
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

/**
 * The account `rootless`, where systemd runs a manager for it: its Engine gets cgroups of its own, in which limits are in force.
 * The machine of scripts/kernels has it.
 */
export function delegatedUser(): { readonly uid: number; readonly runtimeFolder: string } | undefined {
  const uid = /^rootless:[^:]*:(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1];
  const runtimeFolder = `/run/user/${uid}`;
  return uid !== undefined && existsSync(`${runtimeFolder}/bus`)
    ? { uid: Number(uid), runtimeFolder }
    : undefined;
}

export interface RootlessOptions {
  /** For dockerd-rootless.sh: `DOCKERD_ROOTLESS_ROOTLESSKIT_…`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Default: none. */
  readonly bridge?: boolean;
}

/** A user of this machine for the length of a test: made for it, or the one whom systemd gives cgroups. */
export interface TestUser {
  readonly uid: number;
  readonly user: string;
  readonly home: string;
  readonly runtimeFolder: string;
  readonly delegated: boolean;
  /** What begins the command line of a program that runs as the user, with this environment. */
  startsWith(environment: Readonly<Record<string, string>>): readonly string[];
  /** Runs a command where the user has his name: in the mounts of the process `pid`, which `startsWith` began. */
  run(
    pid: number,
    who: "root" | "user",
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;
}

export async function testUser(folder: string): Promise<TestUser> {
  const delegated = delegatedUser();
  const uid = delegated?.uid ?? freeUid();
  const user = delegated ? "rootless" : "rover";
  const runtimeFolder = delegated?.runtimeFolder ?? join(folder, "run");
  const home = join(folder, "home");
  await mkdir(home);
  if (!delegated) await mkdir(runtimeFolder, 0o700);
  for (const path of [folder, runtimeFolder, home]) await chown(path, uid, uid);
  await chmod(folder, 0o711);
  const own = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: runtimeFolder,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtimeFolder}/bus`,
  };
  const made = [
    ...["unshare", "--mount", "--propagation", "slave"],
    fileURLToPath(new URL("rootless-user.sh", import.meta.url)),
    ...[folder, String(uid), user, String(2_000_000 + (uid % 1000) * 65_536)],
  ];
  const ids = ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  return {
    ...{ uid, user, home, runtimeFolder, delegated: delegated !== undefined },
    startsWith: (environment) => [
      ...(delegated ? ids : made),
      ...["env", "-i", ...pairsOf({ ...own, ...environment })],
      ...(delegated ? ["systemd-run", "--user", "--scope", "--quiet", "-p", "Delegate=yes", "--"] : []),
    ],
    run(pid, who, command, environment) {
      const [program = "", ...args] = [
        ...["nsenter", `--mount=/proc/${pid}/ns/mnt`],
        ...(who === "user" ? ids : []),
        ...["env", "-i", ...pairsOf({ PATH: own.PATH, HOME: home, ...environment })],
        ...command,
      ];
      return new Promise((resolve) => {
        execFile(program, args, { cwd: "/", maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
          const status = error ? (typeof error.code === "number" ? error.code : 1) : 0;
          resolve({ status, stdout, stderr });
        });
      });
    },
  };
}

function pairsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

export async function startRootless({
  environment = {},
  flags = [],
  bridge = false,
}: RootlessOptions = {}): Promise<RootlessEngine> {
  const folder = await mkdtemp(join(tmpdir(), "bulkhead-rootless-"));
  const account = await testUser(folder);
  const { uid, user, home, runtimeFolder } = account;
  // Where the guardian looks for it.
  await symlink(join(runtimeFolder, "docker.sock"), join(folder, "docker.sock"));
  const script = scripts.find((path) => existsSync(path)) ?? "";
  const engine = await launch(folder, join(runtimeFolder, "docker.sock"), [
    ...account.startsWith({ DOCKERD_ROOTLESS_ROOTLESSKIT_NET: "slirp4netns", ...environment }),
    ...["sh", script, `--data-root=${folder}/data`, "--storage-driver=vfs"],
    ...(bridge ? [] : ["--bridge=none", "--iptables=false"]),
    ...flags,
  ]);
  return {
    ...engine,
    ...{ uid, user, runtimeFolder, home },
    as: (who, command, more = {}) =>
      account.run(engine.pid, who, command, {
        ...(who === "user"
          ? { XDG_RUNTIME_DIR: runtimeFolder, XDG_STATE_HOME: join(home, "state") }
          : { DOCKER_HOST: engine.host, XDG_STATE_HOME: join(folder, "etc/state") }),
        ...more,
      }),
  };
}

/** One that no account and no process of this machine has. */
function freeUid(): number {
  const taken = new Set([
    ...readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => Number(line.split(":")[2])),
    ...readdirSync("/proc").flatMap((pid) => {
      try {
        return /^\d+$/.test(pid)
          ? [Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])]
          : [];
      } catch {
        return [];
      }
    }),
  ]);
  for (let uid = 61_000 + (process.pid % 900); ; uid++) if (!taken.has(uid)) return uid;
}
