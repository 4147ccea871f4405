import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { builtCommand, folderOf } from "../../support/cli.ts";
import { engineAvailable, startEngine } from "../engine.ts";
import type { Bench } from "./learnt.ts";
import { serverPackages } from "./packages.ts";

/** For scripts: starts a throw-away Engine for real servers, and takes away all that was made when the work has ended. */
export async function withBench(
  wanted: Parameters<typeof serverPackages>[0],
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  const available = engineAvailable();
  if (!available.ok) throw new Error(available.reason);
  const packages = await serverPackages(wanted);
  if (!packages.ok) throw new Error(packages.reason);
  const engine = await startEngine({ bridge: true });
  const given = process.env.BULKHEAD_PROGRAM;
  const program = given ?? builtCommand();
  const made: (() => void)[] = [];
  const folder = () => {
    const { path, remove } = folderOf({});
    made.push(remove);
    return path;
  };
  try {
    await work({ engine, program, folder });
  } finally {
    await engine.stop();
    for (const remove of made) remove();
    if (given === undefined) rmSync(dirname(program), { recursive: true });
  }
}

/** Those with the names; all where none is given. */
export function chosenFrom<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.filter((each) => !all.some(({ name }) => name === each));
  if (unknown.length > 0) {
    throw new Error(`there is no ${unknown.join(", ")}; there are ${all.map(({ name }) => name).join(", ")}`);
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}
