import { isRecord } from "../../base/json.ts";
import type { Patch } from "../../model/patch.ts";
import { compareSeverity } from "../../model/severity.ts";
import type { Failure } from "./failures.ts";
import { limitOf } from "./limits.ts";
import { distinct, joinTexts, riskier, type Step } from "./step.ts";

interface MergedStep {
  step: Step;
  /** In place of the step's own. */
  patches: Patch[];
  /** Where the step stood among those that came in. */
  readonly place: number;
}

/**
 * The steps without what contradicts or repeats: each thing is changed once. Who changes it first keeps it, takes in what
 * later ones want of it, and serves their controls too; taking a thing away outweighs every change of it. What is left
 * without a patch is gone. The order stays. What is given by the steps `before` is not taken away again.
 */
export function mergeSteps(steps: readonly Step[], before: readonly Step[] = []): readonly Step[] {
  const [only] = steps;
  if (before.length === 0 && steps.length === 1 && only && only.patches.length < 2) return steps;
  const made: MergedStep[] = [];
  const owners = new Map<string, MergedStep>();
  const placed = steps.map((step, index) => ({ step, place: before.length + index }));
  for (const [place, step] of before.entries()) mergeInto(made, owners, { step, place });
  // Removals first, so that nothing is changed that then goes.
  for (const each of placed.toSorted((a, b) => Number(removes(b.step)) - Number(removes(a.step)))) {
    mergeInto(made, owners, each);
  }
  return made.toSorted((a, b) => a.place - b.place).map(asStep);
}

function asStep({ step, patches }: MergedStep): Step {
  const isSame =
    patches.length === step.patches.length && patches.every((patch, at) => patch === step.patches[at]);
  return isSame ? step : { ...step, patches };
}

function removes({ patches }: Step): boolean {
  return patches.some((patch) => patch.op === "remove");
}

function mergeInto(
  made: MergedStep[],
  owners: Map<string, MergedStep>,
  { step, place }: Pick<MergedStep, "step" | "place">,
): void {
  const advice = step.patches.length === 0 ? `advice ${step.kind} ${step.summary}` : undefined;
  const same = advice === undefined ? undefined : owners.get(advice);
  if (same) {
    same.step = serving(same.step, step);
    return;
  }
  const own: MergedStep = { step, patches: [], place };
  for (const patch of step.patches) {
    const key = keyOf(patch.field, patch);
    const owner = owners.get(key);
    if (!owner) {
      own.patches.push(patch);
      for (const each of keysOf(patch, key)) owners.set(each, own);
      continue;
    }
    const before = owner.patches;
    const isMeant = (each: Patch) => keysOf(each).includes(key);
    if (patch.op === "remove" && before.some((each) => each.op === "add" && isMeant(each))) continue;
    owner.patches = before.map((each) => (isMeant(each) ? combine(each, patch) : each));
    const isChanged = JSON.stringify(owner.patches) !== JSON.stringify(before);
    if (owner !== own) owner.step = isChanged ? taking(owner.step, step) : serving(owner.step, step);
    for (const each of owner.patches.flatMap((made) => keysOf(made))) owners.set(each, owner);
  }
  if (own.patches.length === 0 && advice === undefined) return;
  made.push(own);
  if (advice !== undefined) owners.set(advice, own);
}

/** The owner does what the other asked for as well. */
function taking(owner: Step, other: Step): Step {
  return {
    ...serving(owner, other),
    kind: riskier(owner.kind, other.kind),
    summary: joinTexts(owner.summary, other.summary),
    breaks: distinct(...owner.breaks, ...other.breaks),
    knownFrom: distinct(...(owner.knownFrom ?? []), ...(other.knownFrom ?? [])),
  };
}

/** The owner does already what the other asked for. */
function serving(owner: Step, other: Step): Step {
  const [key, ...keys] = owner.keys;
  return {
    ...owner,
    keys: [key, ...new Set([...keys, ...other.keys])],
    controls: [...new Set([...owner.controls, ...other.controls])],
  };
}

/** What the patch changes: a fact, or an item of a list. */
function keyOf(field: string, patch: Patch): string {
  if (patch.op === "set" || patch.op === "unset") return field;
  return `${field} ${JSON.stringify(patch.value)}`;
}

/** That, and the item that it leaves behind, so that a later patch may speak of either. */
function keysOf(patch: Patch, key: string = keyOf(patch.field, patch)): readonly string[] {
  return patch.op === "replace" ? [key, `${patch.field} ${JSON.stringify(patch.with)}`] : [key];
}

/** One patch for two of the same thing. Where they cannot both be had, the first one stands. */
function combine(first: Patch, second: Patch): Patch {
  if (second.op === "add" || second.op === "set" || second.op === "unset") return first;
  if (first.op === "set" || first.op === "unset" || first.op === "remove") return first;
  // The fields are equal, so the value's type is the field's; the compiler cannot follow that over a union.
  if (second.op === "remove") {
    return first.op === "replace"
      ? ({ op: "remove", field: first.field, value: first.value } as Patch)
      : first;
  }
  if (first.op === "add") return { ...first, value: changed(first.value, second) } as Patch;
  return { ...first, with: changed(first.with, second) } as Patch;
}

/** The value with what the replacement changes of it, key by key. */
function changed(
  value: unknown,
  { value: from, with: to }: { readonly value: unknown; readonly with: unknown },
): unknown {
  if (!isRecord(value) || !isRecord(from) || !isRecord(to)) return to;
  const keys = Object.keys(to).filter((key) => JSON.stringify(to[key]) !== JSON.stringify(from[key]));
  const parts = keys.map((key) => [key, changed(value[key], { value: from[key], with: to[key] })] as const);
  return { ...value, ...Object.fromEntries(parts) };
}

/** Lists whose items stand each for itself: one mount may go while another stays. */
const apart = new Set<Patch["field"]>([
  "mounts",
  "volumesFrom",
  "ports",
  "devices",
  "deviceCgroupRules",
  "environment",
  "capAdd",
  "listenAddresses",
  "insecureRegistries",
]);

/** The remedies as steps, the worst failure first; equal ones stay in the controls' order. */
export function stepsOf(failures: readonly Failure[]): readonly Step[] {
  const sorted = failures.toSorted((a, b) => compareSeverity(b.severity, a.severity));
  return sorted.flatMap((failure) =>
    split(failure.remedy.patches).map((patches) => stepOf(failure, patches)),
  );
}

/** What must not be torn apart (a log driver and its options) stays together; everything else is a step of its own. */
function split(patches: readonly Patch[]): readonly (readonly Patch[])[] {
  const alone = patches.filter(isAlone);
  const together = patches.filter((patch) => !isAlone(patch));
  const parts = [...(together.length > 0 ? [together] : []), ...alone.map((patch) => [patch])];
  return parts.length > 0 ? parts : [[]];
}

function isAlone(patch: Patch): boolean {
  return (
    limitOf(patch) !== undefined ||
    ((patch.op === "remove" || patch.op === "replace") && apart.has(patch.field))
  );
}

function stepOf({ control, remedy }: Failure, patches: readonly Patch[]): Step {
  const breaks = distinct(remedy.breaks);
  const [only] = patches;
  const isKiller = patches.length === 1 && only?.field === "oomKillDisable";
  const summary = isKiller ? "Leave the OOM killer on." : remedy.summary;
  // A remedy whose every patch was silenced, or that has none, is advice.
  const kind = patches.length === 0 ? "manual" : remedy.kind;
  const key = `${control.id} ${JSON.stringify(patches)}`;
  return { kind, keys: [key], controls: [control.id], summary, why: control.why, breaks, patches };
}
