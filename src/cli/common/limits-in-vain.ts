import { type LimitSetting, lacksLimits, limitSettings } from "../../controls/cgroups/limits.ts";
import { whyNoLimits } from "../../controls/engine/rootless-host.ts";
import type { EngineClient } from "../../engine/client.ts";
import { engineFromInfo, saysPodman } from "../../engine/documents/info.ts";
import { limitOf } from "../../fix/plan/limits.ts";
import type { Patch } from "../../model/patch.ts";

/** The limits that an Engine cannot set, and why. */
export interface LimitsInVain {
  readonly names: readonly LimitSetting[];
  /** A clause. */
  readonly why: string;
}

/** Undefined where the Engine sets them all, or does not answer. */
export async function limitsInVain(reader: EngineClient): Promise<LimitsInVain | undefined> {
  const [info, version] = await Promise.all(["/info", "/version"].map((path) => reader.get(path)));
  if (!info?.ok || !version?.ok) return undefined;
  const libpod = saysPodman(version.value) ? await reader.get("/libpod/info") : undefined;
  const engine = engineFromInfo({
    ...{ info: info.value, version: version.value, networks: [] },
    ...(libpod?.ok && { libpod: libpod.value }),
  });
  const all = Object.keys(limitSettings) as readonly LimitSetting[];
  const names = all.filter((name) => lacksLimits(engine, [limitSettings[name].field]));
  return names.length === 0 ? undefined : { names, why: whyNoLimits(engine) };
}

/** `memory, process`: all of them, or those that the patches set; undefined where that is none. */
export function nounsOf({ names }: LimitsInVain, patches?: readonly Patch[]): string | undefined {
  const meant =
    patches === undefined ? names : names.filter((name) => patches.some((each) => limitOf(each) === name));
  return meant.length === 0 ? undefined : meant.map((name) => limitSettings[name].noun).join(", ");
}
