import { execFile, execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { TestEngine } from "../engine/engine.ts";
import { type Ran, runCli } from "./cli.ts";
import { type FixedStep, isLeft } from "./decisions.ts";

export interface Finding {
  readonly control: string;
  readonly verdict: string;
  readonly subject: string;
  readonly level: string;
}

/** What `bulkhead fix --format json` says of a subject, as far as proofs need it. */
export interface FixedSubject {
  readonly subject: string;
  readonly patches: readonly FixedStep[];
  readonly refused: readonly unknown[];
}

/** The controls whose every step was made: nothing of them is left to a person. */
export function mended({ patches }: FixedSubject): readonly string[] {
  const left = new Set(patches.filter(isLeft).flatMap(({ controls }) => controls));
  const made = patches.filter((each) => !isLeft(each)).flatMap(({ controls }) => controls);
  return [...new Set(made)].filter((control) => !left.has(control));
}

/** The open findings of what is named: files, or `container:NAME` with the kernel's word. */
export async function failing(
  program: string,
  engine: TestEngine,
  targets: readonly string[],
  cwd?: string,
): Promise<readonly Finding[]> {
  const args = ["audit", "--no-config", "--format", "json", ...targets];
  const ran = await runCli(program, args, { env: engine.environment, ...(cwd !== undefined && { cwd }) });
  const { findings, gaps } = JSON.parse(ran.stdout) as {
    readonly findings: readonly Finding[];
    readonly gaps: readonly unknown[];
  };
  if (gaps.length > 0) throw new Error(`not everything was read: ${JSON.stringify(gaps)}`);
  return findings.filter(({ verdict }) => verdict === "fail");
}

/** What a server answers on a published port, in the network that the Engine lives in; it may take ten seconds to start. */
export async function answers(engine: TestEngine, wanted: RegExp, ask: Request): Promise<string> {
  let said = "";
  for (let attempt = 0; attempt < 50; attempt += 1) {
    said = await asked(engine, ask);
    if (wanted.test(said)) return said;
    await pause(200);
  }
  return said;
}

export interface Request {
  readonly port: number;
  /** Asks over HTTP, posting a body of this many bytes. */
  readonly path?: string;
  readonly bytes?: number;
  /** Sends these lines over TCP instead. */
  readonly lines?: readonly string[];
}

function asked({ pid }: TestEngine, { port, path = "/", bytes, lines }: Request): Promise<string> {
  const url = `http://127.0.0.1:${port}${path}`;
  const post = bytes === undefined ? [] : ["--post-file=-"];
  const words = lines ? ["nc", "-w", "3", "127.0.0.1", `${port}`] : ["wget", "-qO-", "-T", "3", ...post, url];
  return new Promise((resolve) => {
    const child = execFile("nsenter", ["-t", `${pid}`, "-n", "busybox", ...words], (_, stdout, stderr) =>
      resolve(stdout.replaceAll("\r", "") || stderr),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(lines ? lines.map((line) => `${line}\r\n`).join("") : "x".repeat(bytes ?? 0));
  });
}

/** Runs a program of the machine against the engine; rejects with what it says. */
export function runAgainst(engine: TestEngine, cwd: string, program: string, args: readonly string[]): void {
  execFileSync(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: cwd, ...engine.environment },
  });
}

/** Runs bulkhead against the engine. */
export function bulkhead(
  program: string,
  engine: TestEngine,
  args: readonly string[],
  cwd: string,
): Promise<Ran> {
  return runCli(program, args, { cwd, env: engine.environment });
}
