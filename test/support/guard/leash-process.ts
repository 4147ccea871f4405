import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A user who is not root and may open the Engine's socket. */
export const user = 1000;

export interface LeashedRun {
  readonly child: ChildProcess;
  /** Both streams, so far. */
  said(): string;
  /** Waits until it has said this. */
  until(text: string): Promise<void>;
  /** The exit status, 128 + n by a signal. */
  readonly ended: Promise<number>;
}

export interface Leashes {
  readonly program: string;
  /** The user's project. */
  readonly folder: string;
  /** Where the user's leashes are recorded. */
  readonly state: string;
  start(
    args: readonly string[],
    options?: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
  ): LeashedRun;
  /** Runs it to its end; gives status and words. */
  run(
    args: readonly string[],
    options?: { readonly cwd?: string },
  ): Promise<{ status: number; said: string }>;
  /** The same for a line of a shell. */
  shell(line: string, args?: readonly string[]): Promise<{ status: number; said: string }>;
  remove(): void;
}

/** `bulkhead guard run` as a user runs it in a project. */
export function openLeashes(program: string, host: string, files?: string, owner = user): Leashes {
  const home = mkdtempSync(join(tmpdir(), "bulkhead-leashes-"));
  chmodSync(home, 0o755);
  const folder = join(home, "project");
  mkdirSync(folder);
  if (files !== undefined) cpSync(files, folder, { recursive: true });
  for (const path of [home, folder, host.replace("unix://", "")]) chownSync(path, owner, owner);

  const start: Leashes["start"] = (args, { cwd = folder, env = {} } = {}) => {
    const child = spawn(process.execPath, [program, "guard", "run", ...args], {
      cwd,
      uid: owner,
      gid: owner,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH ?? "", HOME: home, DOCKER_HOST: host, ...env },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
    const closed = new Promise((resolve) => child.once("close", resolve));
    // A command that outlives a leash that was killed has its streams.
    const ended = new Promise<number>((resolve) =>
      child.once("exit", (status, signal) => {
        void Promise.race([closed, pause(signal === null ? 5_000 : 200)]).then(() =>
          resolve(status ?? (signal === "SIGKILL" ? 137 : 143)),
        );
      }),
    );
    return {
      child,
      said: () => said,
      ended,
      async until(text) {
        for (let waited = 0; !said.includes(text); waited += 20) {
          if (waited > 60_000 || child.exitCode !== null)
            throw new Error(`“${text}” did not come, but: ${said}`);
          await pause(20);
        }
      },
    };
  };
  const run: Leashes["run"] = async (args, options) => {
    const running = start(args, options);
    return { status: await running.ended, said: running.said() };
  };
  return {
    program,
    folder,
    state: join(home, ".local/state/bulkhead/leash"),
    start,
    run,
    shell: (line, args = []) => run([...args, "--", "sh", "-c", line]),
    remove() {
      unmountViewsOf(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Takes away the views of folders below this one that a guard or a leash left which was killed. */
export function unmountViewsOf(folder: string): void {
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [, , , root = "", at = ""] = line.split(" ");
    if (!root.startsWith(`${folder}/`) || !at.startsWith("/run/bulkhead-folders/")) continue;
    execFileSync("umount", ["-l", at]);
    rmdirSync(at);
  }
}
