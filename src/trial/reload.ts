import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Docker } from "./docker.ts";
import { type ContainerState, isHere, processesOf } from "./state.ts";

/** Servers that replace their workers on a signal, by their program (their manual pages). */
const reloads: readonly (readonly [program: RegExp, signal: string])[] = [
  [/^nginx$/, "HUP"],
  [/^php-fpm[\d.]*$/, "USR2"],
  [/^(?:apache2|httpd)$/, "USR1"],
  [/^haproxy$/, "USR2"],
];

const inits = /^(?:docker-init|tini(?:-static)?|dumb-init)$/;

/** Milliseconds. */
const usual = 10_000;

/** Milliseconds until the workers were replaced; undefined where they were not, or it is no server that does so. */
export async function reload(
  state: ContainerState,
  docker: Docker,
  signal: AbortSignal,
  limit: number = usual,
): Promise<number | undefined> {
  if (!isHere(state)) return undefined;
  const main = serverOf(state.pid);
  const name = main === undefined ? "" : programOf(main);
  const by = reloads.find(([program]) => program.test(name))?.[1];
  if (main === undefined || by === undefined) return undefined;
  const workers = processesOf(main).filter((pid) => pid !== main);
  if (workers.length === 0) return undefined;
  const begun = Date.now();
  await docker.run(["kill", "--signal", by, state.id], { limit: usual, signal });
  while (Date.now() - begun < limit && !signal.aborted) {
    await pause(100, undefined, { signal }).catch(() => {});
    const now = processesOf(main);
    if (now.length > 1 && !workers.some((pid) => now.includes(pid))) return Date.now() - begun;
  }
  return undefined;
}

/** The container's first process, or what an init started. */
function serverOf(pid: number): number | undefined {
  return inits.test(programOf(pid)) ? processesOf(pid)[1] : pid;
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return "";
  }
}
