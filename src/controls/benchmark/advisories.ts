import {
  type Advisory,
  type Event,
  isAffected,
  type Mitigation,
  type Package,
} from "../../model/advisories/advisory.ts";
import { kernelAdvisories } from "../../model/advisories/kernel.ts";
import { releaseOf } from "../../model/advisories/release.ts";
import { runtimeAdvisories } from "../../model/advisories/runtime.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { Standing } from "../../model/kernel-interfaces/standing.ts";
import { readReach } from "../mac/static-reach.ts";
import { isOtherRoot } from "../users/root-of.ts";
import { startingUser } from "../users/starting-user.ts";

/** The day on which the list was made. */
export const asOf = "2026-11-30";

export const advisories: readonly Advisory[] = [...runtimeAdvisories, ...kernelAdvisories];

/** The first release that has the fixes of all of them, as of that day. */
export function fixedBy(name: Package): string {
  const fixes = advisories
    .flatMap(({ affected }) => affected.filter((each) => each.package === name))
    .flatMap(({ events }) => events.flatMap((event) => ("fixed" in event ? [event.fixed] : [])));
  return fixes.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1) ?? "";
}

let newer: readonly Advisory[] = [];

/** Takes what a file of bulkhead.yaml adds; one with an id that is known takes its place. */
export function knowAdvisories(more: readonly Advisory[]): void {
  newer = more;
}

export function knownAdvisories(): readonly Advisory[] {
  const ids = new Set(newer.map(({ id }) => id));
  return [...advisories.filter(({ id }) => !ids.has(id)), ...newer];
}

/** Whether the Engine's host has the hole. */
export type Presence =
  | { readonly state: "present" | "fixed"; readonly of: string }
  | { readonly state: "unknown"; readonly why: string };

/** How a container stands to it. */
export type Exposure =
  /** With the calls by which it reaches the kernel's part. */
  | { readonly state: "exposed"; readonly through?: readonly string[] }
  | { readonly state: "fixed" }
  | { readonly state: "mitigated"; readonly by: readonly string[] }
  | { readonly state: "unknown"; readonly why: string };

/** Older lines of the Engine with fixes of their own, by major number. As of November 2026. */
const maintainedByVendors: Readonly<Record<number, { readonly by: string; readonly until: string }>> = {
  25: { by: "Mirantis", until: "2026-12-04" },
};

/** By what the Engine shows of its versions: of several parts the first one whose version it shows. */
export function presenceOf({ affected }: Advisory, engine: Engine, today = ""): Presence {
  for (const { package: name, events } of affected) {
    const version = versionOf(name, engine);
    if (version === undefined) continue;
    return presenceIn(name, version, events, today);
  }
  const names = affected.map(({ package: name }) => name).join(", ");
  return { state: "unknown", why: `the Engine does not show its version of ${names}` };
}

export function presenceIn(
  name: Package,
  version: string,
  events: readonly Event[],
  today: string,
): Presence {
  const of = `${titleOf(name)} ${version}`;
  const release = releaseOf(version);
  if (!release) return { state: "unknown", why: `the version ${of} is not a release` };
  const is = isAffected(release, events);
  if (is === false) return { state: "fixed", of };
  const vendor = name === "docker-engine" ? maintainedByVendors[release.numbers[0]] : undefined;
  if (vendor && today <= vendor.until)
    return {
      state: "unknown",
      why: `${of} is of a line that ${vendor.by} maintains until ${vendor.until}: its release notes say which fixes it has`,
    };
  if (is === true) return { state: "present", of };
  return {
    state: "unknown",
    why: release.isOfDistribution
      ? `${of} is a distribution's own build, and its number does not show which fixes it has: its security tracker does`
      : `no release of ${titleOf(name)} is known to fix it`,
  };
}

function titleOf(name: Package): string {
  return name === "docker-engine" ? "Docker" : name;
}

function versionOf(name: Package, engine: Engine): string | undefined {
  if (name === "linux") return valueOr(engine.kernelVersion, undefined);
  if (name === "docker-engine")
    return valueOr(engine.product, "docker") === "docker" ? valueOr(engine.version, undefined) : undefined;
  return setItems(engine.components).find(({ value }) => value.name === name)?.value.value;
}

/** For one container after the other: what it reaches of the kernel is read once for all advisories. */
export function exposuresOf(
  all: readonly Advisory[],
  container: Container,
  engine: Engine,
  today = "",
): readonly Exposure[] {
  const reach = new Map(readReach(container, engine).map((standing) => [standing.row.id, standing]));
  return all.map((advisory): Exposure => {
    const presence = presenceOf(advisory, engine, today);
    if (presence.state === "fixed") return { state: "fixed" };
    const stands = advisory.affected[0]?.package === "linux" ? byReach(advisory, reach) : undefined;
    if (stands && (stands.state !== "exposed" || presence.state === "present")) return stands;
    const mitigations = advisory.mitigatedBy.map((each) => ({ each, is: holds(each, container, engine) }));
    const by = mitigations.filter(({ is }) => is === true).map(({ each }) => each);
    if (by.length > 0) return { state: "mitigated", by };
    if (presence.state === "unknown") return presence;
    const open = mitigations.find(({ is }) => is === undefined);
    return open ? { state: "unknown", why: `its ${open.each} is not known` } : { state: "exposed" };
  });
}

/** A hole of the kernel is used through an interface: all of those that it was used through have to be closed. */
function byReach({ interfaces }: Advisory, reach: ReadonlyMap<string, Standing>): Exposure | undefined {
  const standings = interfaces.flatMap((id) => reach.get(id) ?? []);
  if (standings.length === 0) return undefined;
  const through = standings.flatMap((each) => (each.state === "reached" ? each.through : []));
  if (through.length > 0) return { state: "exposed", through };
  const open = standings.find(({ state }) => state === "unknown");
  if (open) return { state: "unknown", why: open.by[0] ?? "" };
  const by = new Set(standings.flatMap((each) => each.by));
  return {
    state: "mitigated",
    by: [...by].map((each) => (each === "kernel" ? "a kernel without it" : each)),
  };
}

/** Undefined where it is not known. */
function holds(mitigation: Mitigation, container: Container, engine: Engine): boolean | undefined {
  if (mitigation === "user namespace") return isOtherRoot(container, engine);
  const user = startingUser(container);
  if (user.known && user.isRoot) return false;
  const isUser = user.known ? true : undefined;
  if (mitigation === "user") return isUser;
  const { noNewPrivileges } = container;
  if (noNewPrivileges.state === "set") return noNewPrivileges.value ? isUser : false;
  if (noNewPrivileges.state !== "unset" || engine.noNewPrivileges.state === "unresolved") return undefined;
  return valueOr(engine.noNewPrivileges, false) && isUser;
}
