import { type LimitSetting, lacksLimits, limitSettings } from "../../controls/cgroups/limits.ts";
import { whyNoLimits } from "../../controls/engine/rootless-host.ts";
import type { Engine } from "../../model/engine.ts";
import { engineIn } from "../judge/container/known.ts";
import type { Policies } from "../policy/policies.ts";

/**
 * Reports which limits of the policies have no effect, because the Engine cannot set them. Takes the Engine's
 * description each time it was asked for, and says the same only once.
 */
export function limitsTeller(
  policies: () => Pick<Policies, "default" | "clients">,
  tell: (message: string) => void,
): (document: unknown) => void {
  let last: string | undefined;
  return (document) => {
    const message = limitsInVain(policies(), engineIn(document));
    if (message !== undefined && message !== last) tell(message);
    last = message;
  };
}

function limitsInVain(
  { default: own, clients }: Pick<Policies, "default" | "clients">,
  engine: Engine,
): string | undefined {
  const all = [own, ...clients.map(({ policy }) => policy)];
  const names = (Object.keys(limitSettings) as readonly LimitSetting[]).filter(
    (name) =>
      lacksLimits(engine, [limitSettings[name].field]) &&
      all.some(({ limits, maxima }) => limits[name] !== undefined || maxima?.[name] !== undefined),
  );
  if (names.length === 0) return undefined;
  const said = names.map((name) => `limits.${name}`);
  const subject = said.length === 1 ? `${said[0]} of the policy has` : `${listed(said)} of the policy have`;
  return `${subject} no effect: the Engine sets no such limit, since ${whyNoLimits(engine)} (engine-limits)`;
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
