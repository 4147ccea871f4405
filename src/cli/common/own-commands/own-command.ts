import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { InvalidArgumentError } from "commander";
import { whyProofsAreNotKnown } from "../../../engine/proof-register.ts";
import { type JobKind, jobKinds } from "../../../watch/job-kinds.ts";

export interface Ran {
  /** What it printed. */
  readonly printed: string;
  /** The last line that it complained with; "" where it did not. */
  readonly complaint: string;
  readonly status: number | null;
}

/** Characters of an output that are kept. */
const most = 8 * 1024 * 1024;

/**
 * Runs a command of this bulkhead in another process with a low priority. It is told to end where `signal` says so; it is waited
 * for in any case, since it takes away what it made. Never rejects.
 */
export function runOwnCommand(words: readonly string[], signal: AbortSignal): Promise<Ran> {
  const [, program = ""] = process.argv;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid !== undefined) lower(child.pid);
    const end = () => void child.kill("SIGTERM");
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    let printed = "";
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      if (printed.length < most) printed += chunk;
    });
    child.stderr.on("data", (chunk: string) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    const settle = (complaint: string, status: number | null) => {
      signal.removeEventListener("abort", end);
      resolve({ printed, complaint, status });
    };
    child.once("error", (error) => settle(error.message, null));
    child.once("close", (status) => {
      const last = said.trim().split("\n").at(-1) ?? "";
      settle(last.replace(/^bulkhead: /, ""), status);
    });
  });
}

/** The watch comes before. A system that refuses it runs the command all the same. */
function lower(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {
    // It has ended already.
  }
}

/** Of an option that may be given several times: what operators of bulkhead serve may start here. */
export function jobKind(value: string, before: readonly JobKind[]): readonly JobKind[] {
  const known = value.split(",").map((text) => jobKinds.find((kind) => kind === text.trim()));
  const kinds = known.filter((kind) => kind !== undefined);
  if (kinds.length < known.length) throw new InvalidArgumentError("prove, learn, fix or verify is expected.");
  return [...new Set([...before, ...kinds])];
}

/** Why these cannot be allowed; undefined where they can. */
export function whyNotAllowed(kinds: readonly JobKind[]): string | undefined {
  const unknown = kinds.includes("prove") ? whyProofsAreNotKnown() : undefined;
  return unknown === undefined ? undefined : `--allow prove ${unknown}`;
}
