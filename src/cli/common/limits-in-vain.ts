import { type LimitSetting, lacksLimits, limitSettings } from "../../controls/cgroups/limits.ts";
import { whyNoLimits } from "../../controls/engine/rootless-host.ts";
import type { EngineClient } from "../../engine/client.ts";
import { engineFromInfo, saysPodman } from "../../engine/documents/info.ts";
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

/** `memory, process`: those of them that `isMeant`; undefined where none is. */
export function nounsOf(
  { names }: LimitsInVain,
  isMeant: (name: LimitSetting) => boolean = () => true,
): string | undefined {
  const nouns = names.filter(isMeant).map((name) => limitSettings[name].noun);
  return nouns.length === 0 ? undefined : nouns.join(", ");
}

/** Whether one of the patches sets this limit. */
export function setsLimit(patches: readonly Patch[], name: LimitSetting): boolean {
  const facts: readonly string[] = limitSettings[name].facts;
  return patches.some((patch) => patch.op === "set" && facts.includes(patch.field));
}
