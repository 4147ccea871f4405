import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as another user: what root may read, others may not. */
  readonly uid?: number;
}

/** The built command, in a copy that every user can read; built anew where the sources are newer. */
export function builtCommand(): string {
  const program = "dist/bulkhead.cjs";
  if (!existsSync(program) || Math.max(newest("src"), newest("web")) > statSync(program).mtimeMs) {
    execFileSync("node", ["scripts/build.mjs"], { stdio: "inherit" });
  }
  const copy = mkdtempSync(join(runFolder(), "bulkhead-dist-"));
  cpSync("dist", copy, { recursive: true });
  execFileSync("chmod", ["-R", "a+rX", copy]);
  mkdirSync(join(copy, "states"));
  execFileSync("chmod", ["1777", join(copy, "states")]);
  return join(copy, "bulkhead.cjs");
}

/** Goes with the run of the tests, where it is one: also what a test that was killed has left. */
function runFolder(): string {
  return process.env.BULKHEAD_TEST_RUN ?? tmpdir();
}

function newest(folder: string): number {
  const times = readdirSync(folder, { recursive: true, withFileTypes: true }).map(
    (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
  );
  return Math.max(...times);
}

/**
 * Runs the command as its users do: as a process, without an Engine in reach unless `env` names one. Never rejects for
 * an exit status.
 */
export function runCli(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--", program, ...args], {
      cwd: options.cwd,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: "/nonexistent",
        XDG_STATE_HOME: join(dirname(program), "states", String(options.uid ?? "own")),
        DOCKER_HOST: "unix:///nonexistent/docker.sock",
        ...options.env,
      },
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (status) =>
      resolve({
        status,
        stdout: Buffer.concat(chunks.stdout).toString(),
        stderr: Buffer.concat(chunks.stderr).toString(),
      }),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** A folder of the given files, which is gone after `remove`. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): {
  readonly path: string;
  readonly remove: () => void;
} {
  const path = mkdtempSync(join(runFolder(), "bulkhead-e2e-"));
  execFileSync("chmod", ["755", path]);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
