import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Ran } from "../../support/cli.ts";
import type { TestEngine } from "../engine.ts";
import type { Bench } from "./learnt.ts";
import type { Stack } from "./stacks.ts";

const run = promisify(execFile);

/** How a stack is hardened before it is used: words of the command, without the file. */
export const hardenings = {
  fix: ["fix", "--apply"],
  verify: ["fix", "--verify", "--apply"],
  learn: ["learn", "--apply"],
} as const;

export type Hardening = keyof typeof hardenings;

/** What its owner saw. */
interface Use {
  readonly outputs: readonly string[];
  /** Milliseconds, and the statuses with which its services ended. */
  readonly stop: { readonly took: number; readonly statuses: string };
}

/** Writes the stack's files into a folder. */
export function writeStack({ compose, files, prepare }: Stack, folder: string): void {
  for (const [name, text] of Object.entries({ "compose.yaml": compose, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  if (prepare) execFileSync("sh", ["-c", prepare], { cwd: folder });
}

/** Hardens the stack in a folder of its own: what the command said. */
export async function harden(bench: Bench, stack: Stack, folder: string, hardening: Hardening): Promise<Ran> {
  const [command, ...words] = hardenings[hardening];
  const checks = hardening === "fix" ? [] : checksOf(stack);
  return await inFolder(bench, folder, [command, "--no-config", ...words, ...checks, "compose.yaml"]);
}

/** `bulkhead learn --bundle` over the stack's file, with its checks. */
export async function bundleStack(bench: Bench, stack: Stack, file: string): Promise<Ran> {
  const folder = bench.folder();
  writeStack(stack, folder);
  const times = ["--start-timeout", "300"];
  const words = ["learn", "--no-config", ...checksOf(stack), ...times, "--bundle", file, "compose.yaml"];
  return await inFolder(bench, folder, words);
}

function checksOf({ checks }: Stack): readonly string[] {
  return ["--settle", "1", ...checks];
}

async function inFolder({ engine, program }: Bench, folder: string, words: readonly string[]): Promise<Ran> {
  // The containers have addresses in the Engine's own network.
  const inside = [`--net=/proc/${engine.pid}/ns/net`, process.execPath, program, ...words];
  const state = join(dirname(program), "states/own");
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", XDG_STATE_HOME: state, ...engine.environment };
  return await new Promise((resolve) => {
    execFile("nsenter", inside, { cwd: folder, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** Brings the stack up, uses it and stops it. */
export async function useOf(engine: TestEngine, stack: Stack, folder: string): Promise<Use> {
  const env = { ...process.env, ...engine.environment, COMPOSE_PROJECT_NAME: stack.name };
  const options = { cwd: folder, env, maxBuffer: 2 ** 26 };
  const compose = async (...words: readonly string[]) => (await run("docker-compose", words, options)).stdout;
  const within = async (service: string, command: string) =>
    service === "host"
      ? (await run("sh", ["-c", command], options)).stdout
      : compose("exec", "-T", service, "sh", "-c", command);
  try {
    await compose("up", "-d", "--quiet-pull");
    const outputs: string[] = [];
    for (const [service, command] of stack.uses) outputs.push(await untilDone(service, command));
    const begun = Date.now();
    await compose("stop");
    const took = Date.now() - begun;
    const statuses = (await compose("ps", "-a", "--format", "{{.Service}} {{.ExitCode}}")).trim();
    return { outputs, stop: { took, statuses } };
  } finally {
    await compose("down", "--volumes", "--timeout", "1");
  }

  async function untilDone(service: string, command: string): Promise<string> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const said = await within(service, command).catch(
        (error: unknown) => `it fails: ${String(error).split("\n").slice(-3).join(" ")}`,
      );
      if (!said.startsWith("it fails") || Date.now() > deadline) return said.trim();
      await pause(300);
    }
  }
}

/** How the hardened stack differs from the untouched one, a line each; none where its owner sees no difference. */
export function differences(before: Use, after: Use): readonly string[] {
  const slow = after.stop.took > before.stop.took * 3 + 4_000;
  return [
    ...before.outputs.flatMap((output, at) =>
      after.outputs[at] === output ? [] : [`“${output}” became “${after.outputs[at]}”`],
    ),
    ...(after.stop.statuses === before.stop.statuses
      ? []
      : [`it ended with ${before.stop.statuses}, and ends with ${after.stop.statuses}`]),
    ...(slow ? [`it stopped within ${before.stop.took} ms, and takes ${after.stop.took} ms`] : []),
  ];
}
