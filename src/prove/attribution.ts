import type { Result } from "../base/result.ts";
import type { Proved } from "../model/proof.ts";
import { canLoosen } from "./containers/loosen.ts";
import type { Probe, ProbeTarget, TriedProbe } from "./probe.ts";

/** Gives a twin of the subject that lacks only these controls. */
export type Loosened = (controls: readonly string[]) => Promise<Result<ProbeTarget>>;

/** What holds, and in words how that was shown. */
interface Attribution {
  readonly by: readonly string[];
  readonly because: string;
}

/**
 * Finds which controls hold what a probe tried: the experiment is made again in twins that lack one or several of them.
 * The probe's own control holds where a twin that lacks that alone succeeds. Else the smallest set is looked for whose
 * lack lets it succeed: each of those alone would hold it.
 */
async function attribute(
  { control, others = [] }: Pick<Probe, "control" | "others">,
  tried: TriedProbe,
  loosened: Loosened,
): Promise<Attribution> {
  let reason: string | undefined;
  const succeedsWithout = async (controls: readonly string[]): Promise<boolean> => {
    if (controls.length === 0) return false;
    const twin = await loosened(controls);
    if (!twin.ok) {
      reason ??= twin.reason;
      return false;
    }
    const { outcome, evidence } = await tried.again(twin.value);
    if (outcome === "inconclusive") reason ??= evidence;
    return outcome === "notHeld";
  };
  // What belongs to the Engine and not to the container cannot be taken from a twin.
  const isTakeable = canLoosen(control);
  if (isTakeable && (await succeedsWithout([control]))) {
    return { by: [control], because: `a twin that lacks only ${control} succeeds` };
  }
  const all = [control, ...others].filter(canLoosen);
  if ((isTakeable && all.length < 2) || !(await succeedsWithout(all))) {
    const why = reason === undefined ? "" : ` (${reason})`;
    return { by: [], because: `a twin without ${listed(all, "and")} does not succeed either${why}` };
  }
  let needed: readonly string[] = all;
  for (const each of all.toReversed()) {
    const fewer = needed.filter((name) => name !== each);
    if (await succeedsWithout(fewer)) needed = fewer;
  }
  if (needed.length === 1) {
    const [only = ""] = needed;
    return {
      by: needed,
      because: `it is ${only} that holds it, not ${control}: a twin that lacks only ${only} succeeds`,
    };
  }
  return {
    by: needed,
    because: `${listed(needed, "and")} each hold it alone: only a twin that lacks ${needed.length === 2 ? "both" : "all of them"} succeeds`,
  };
}

/** The result of a probe with what holds it. */
function withAttribution(proved: Proved, { by, because }: Attribution): Proved {
  return { ...proved, evidence: `${proved.evidence}; ${because}`, by };
}

function listed(names: readonly string[], word: string): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}

/** A probe with what came of it; `proved` gets what holds it later on. */
export interface AttributedProbe {
  readonly probe: Probe;
  readonly tried: TriedProbe | undefined;
  proved: Proved;
}

/** How many probes are attributed side by side: most of it is the Engine's making of containers. */
const sideBySide = 3;

/** Finds what holds each probe that held. Those that burden the host come last, one after the other. */
export async function attributeAll(
  shown: readonly AttributedProbe[],
  loosened: Loosened,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (done: string) => Promise<void> },
): Promise<void> {
  const held = shown.filter(({ proved }) => proved.outcome === "held" && proved.by === undefined);
  let done = 0;
  const one = async (each: AttributedProbe) => {
    if (signal.aborted || !each.tried) return;
    await progress(`what holds it: ${done} of ${held.length} probes`);
    each.proved = withAttribution(each.proved, await attribute(each.probe, each.tried, loosened));
    done += 1;
  };
  const light = held.filter(({ probe }) => !probe.burdens);
  const worker = async () => {
    for (let next = light.shift(); next; next = light.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  for (const each of held.filter(({ probe }) => probe.burdens)) await one(each);
}
