import { isEqual } from "../../../base/equal.ts";
import type { Container } from "../../../model/container.ts";
import { namedLists, offByDefault } from "../../../model/facts/table.ts";
import type { Mount } from "../../../model/mount.ts";
import { applyPatches, type ContainerPatch } from "../../../model/patch.ts";

/** Whether two items are one, whatever a reader with sight of the host added to them. */
export function isSameItem(field: string, a: unknown, b: unknown): boolean {
  return isEqual(bare(field, a), bare(field, b));
}

/**
 * The value without what is not written in a command (where a path really leads, what a profile holds), its keys in an
 * order that does not depend on who made it.
 */
function bare(field: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (field === "mounts") return bareMount(value as Mount);
  const shown = {
    ...value,
    ...(field === "seccomp" && { allowsAll: undefined, beyond: undefined, opens: undefined }),
  };
  const entries = Object.entries(field === "selinux" ? { ...shown, implied: false } : shown);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const noTmpfsOptions = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };

function bareMount({ type, source, target, readOnly, propagation, tmpfs }: Mount): unknown {
  const { size, mode, exec, suid, dev } = tmpfs ?? noTmpfsOptions;
  return { type, source, target, readOnly, propagation, tmpfs: { size, mode, exec, suid, dev } };
}

/**
 * Whether the container that was read is the one that the patches were to make of the other. An absent `--privileged`
 * and `--privileged=false` are one, and a network mode that is a network's name may stand among the networks too.
 */
export function isWhatWasMeant(
  before: Container,
  patches: readonly ContainerPatch[],
  after: Container,
): boolean {
  const networks = networkNames(before, patches);
  const wanted = applyPatches(bareView(before), patches.map(barePatch));
  return comparable(wanted, networks) === comparable(bareView(after), networks);
}

function bareView(view: Container): Container {
  const facts = Object.entries(view).map(([field, fact]) => [
    field,
    Array.isArray(fact) ? fact.map((item) => bareFact(field, item)) : bareFact(field, fact),
  ]);
  return { ...view, ...Object.fromEntries(facts) };
}

function bareFact(field: string, fact: unknown): unknown {
  if (typeof fact !== "object" || fact === null || !("value" in fact)) return fact;
  return { ...fact, value: bare(field, fact.value) };
}

function barePatch(patch: ContainerPatch): ContainerPatch {
  const shown: Record<string, unknown> = { ...patch };
  for (const key of ["value", "with"]) if (key in shown) shown[key] = bare(patch.field, shown[key]);
  return { ...patch, ...shown };
}

function networkNames(before: Container, patches: readonly ContainerPatch[]): ReadonlySet<string> {
  const modes = patches.flatMap((patch) => {
    if (patch.field !== "networkMode") return [];
    const was = before.networkMode.state === "set" ? [before.networkMode.value] : [];
    return patch.op === "set" ? [...was, patch.value] : was;
  });
  return new Set(modes.flatMap((mode) => (mode.mode === "network" ? [mode.name] : [])));
}

function comparable(view: Container, networks: ReadonlySet<string>): string {
  const shown = Object.entries(view).map(([field, fact]) => {
    if (!Array.isArray(fact)) return [field, said(field, fact)];
    const items = fact.filter((item) => field !== "networks" || !networks.has(item.value));
    const kept = isOneOf(namedLists, field) ? lastOfEachName(items) : items;
    return [field, kept.map((item) => said(field, item)).toSorted()];
  });
  return JSON.stringify(shown.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

function isOneOf(fields: readonly string[], field: string): boolean {
  return fields.includes(field);
}

function lastOfEachName<T extends { readonly state: string; readonly value?: { readonly name?: string } }>(
  items: readonly T[],
): readonly T[] {
  const last = new Map(items.map((item, index) => [item.value?.name ?? `\0${index}`, index]));
  return items.filter((item, index) => last.get(item.value?.name ?? `\0${index}`) === index);
}

function said(field: string, fact: unknown): string {
  if (typeof fact !== "object" || fact === null || !("state" in fact)) return JSON.stringify(fact);
  const value = "value" in fact ? fact.value : undefined;
  if (fact.state === "unset" || (value === false && isOneOf(offByDefault, field))) return "unset";
  return fact.state === "set" ? JSON.stringify(value) : String(fact.state);
}
