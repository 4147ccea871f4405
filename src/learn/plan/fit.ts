import { dirname } from "node:path";
import type { Cause } from "../../trial/cause.ts";
import { isScratch } from "../../trial/written.ts";

/** What may be given to a service again after a run that failed. */
export interface Grants {
  readonly service: string;
  readonly hasUser: boolean;
  readonly capabilities: readonly string[];
  /** What it has today: no more is ever given. */
  readonly before: readonly string[];
  /** Folders that a run made writable. */
  readonly scratch: readonly string[];
  /** The controls of its steps. */
  readonly controls: readonly string[];
}

/** What to change before the next run. */
export type PlanChange =
  | { readonly kind: "capabilities"; readonly service: string; readonly add: readonly string[] }
  | { readonly kind: "user"; readonly service: string }
  /** A tmpfs at this folder. */
  | { readonly kind: "scratch"; readonly service: string; readonly path: string }
  /** Without the step of this control. */
  | { readonly kind: "step"; readonly service: string; readonly control: string };

/** A file that is not open to root without it (capabilities(7)). */
const opensFiles = "DAC_OVERRIDE";

/** Refusals that no capability and no user helps. */
const limits = /^(?:EROFS|ENOSPC|ENOMEM|EAGAIN|EMFILE|it cannot reach another host)/;

/**
 * What a failed run asks for: a folder to write into, the step that a refusal names, the capability that its logs name, else the old user, else every capability of the service that
 * failed. Undefined where nothing is left to give. Pure.
 */
export function changeAfter(
  causes: readonly (Cause & { readonly service: string })[],
  culprit: string | undefined,
  all: readonly Grants[],
): PlanChange | undefined {
  const [first] = causes;
  const failing = all.find(({ service }) => service === first?.service);
  if (first && failing && limits.test(first.reason)) {
    const { path } = first;
    const folder = path === undefined ? undefined : dirname(path);
    if (
      first.reason.startsWith("EROFS") &&
      folder &&
      isScratch(folder) &&
      !failing.scratch.includes(folder)
    ) {
      return { kind: "scratch", service: failing.service, path: folder };
    }
    const control = first.suspects.find((each) => failing.controls.includes(each));
    if (control !== undefined) return { kind: "step", service: failing.service, control };
  }
  const order = all.toSorted((a, b) => Number(b.service === culprit) - Number(a.service === culprit));
  for (const cause of causes) {
    const own = all.find(({ service }) => service === cause.service);
    const name = cause.capability ?? (cause.reason.startsWith("EACCES") ? opensFiles : undefined);
    if (!own || own.hasUser || name === undefined) continue;
    const isNew = own.before.includes(name) && !own.capabilities.includes(name);
    if (isNew) return { kind: "capabilities", service: own.service, add: [name] };
  }
  const asOther = order.find(({ hasUser }) => hasUser);
  if (asOther) return { kind: "user", service: asOther.service };
  for (const { service, capabilities, before } of order) {
    const add = before.filter((name) => !capabilities.includes(name));
    if (add.length > 0) return { kind: "capabilities", service, add };
  }
  return undefined;
}
