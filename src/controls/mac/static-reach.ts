import { isBefore, releaseOf } from "../../model/advisories/release.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { Ask, KernelInterface } from "../../model/kernel-interfaces/interface.ts";
import type { Opens, Standing } from "../../model/kernel-interfaces/standing.ts";
import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";
import { boundingSet } from "../capabilities/bounding-set.ts";
import { asksPrivileged } from "../capabilities/privilege.ts";
import { isOtherRoot } from "../users/root-of.ts";
import { runsModule } from "./security-module.ts";

/** What a layer says of one question: nothing stops it here, it is stopped, or it is not known and why. */
type Said = "lets" | "stops" | { readonly unknown: string };

/**
 * Which interfaces of the kernel a container reaches, as its profile, its capabilities and the Engine say. The kernel is not
 * asked: what it does not have is known only from an Engine on this host.
 */
export function readReach(container: Container, engine: Engine | undefined): readonly Standing[] {
  const filter = filterOf(container, engine);
  const bounding = boundingSet(container);
  return kernelInterfaces.map((row): Standing => {
    const stopped = (by: string): Standing => ({ row, state: "stopped", by: [by], through: [] });
    const unknown = (why: string): Standing => ({ row, state: "unknown", by: [why], through: [] });
    if (
      engine &&
      row.module !== undefined &&
      valueOr<readonly string[], readonly string[]>(engine.absentModules, []).includes(row.module)
    )
      return stopped("kernel");
    if (row.file) {
      const said = ofFile(row.file, container);
      if (said === "lets")
        return { row, state: "reached", by: [], through: row.asks.map(({ what }) => what) };
      return said === "stops" ? stopped("how it is mounted") : unknown(said.unknown);
    }
    const said = row.asks.map((ask) => ({ what: ask.what, is: filter(row, ask) }));
    if (said.every(({ is }) => is === "stops")) return stopped("seccomp");
    if (row.needs) {
      if (bounding.state !== "set") return unknown("its capabilities are not known");
      if (!bounding.value.has(row.needs.capability)) return stopped(`no CAP_${row.needs.capability}`);
      if (row.needs.in === "initial" && isOtherRoot(container, engine)) return stopped("user namespace");
    }
    if (deniesByAppArmor(row, container, engine)) return stopped("AppArmor docker-default");
    const through = said.filter(({ is }) => is === "lets").map(({ what }) => what);
    if (through.length > 0) return { row, state: "reached", by: [], through };
    const why = said.flatMap(({ is }) => (typeof is === "object" ? [is.unknown] : []));
    return unknown(why[0] ?? "");
  });
}

function filterOf(
  container: Container,
  engine: Engine | undefined,
): (row: KernelInterface, ask: Ask) => Said {
  const { seccomp } = container;
  if (asksPrivileged(container)) return () => "lets";
  if (seccomp.state === "unseen" || seccomp.state === "unresolved")
    return () => ({ unknown: seccomp.reason });
  const chosen = seccomp.state === "set" ? seccomp.value : undefined;
  if (chosen?.profile === "unconfined") return () => "lets";
  const bounding = boundingSet(container);
  const has = (capability: string) => bounding.state === "set" && bounding.value.has(capability);
  if (chosen?.profile === "custom") return byText(chosen.opens, has);
  const engines = engine ? valueOr(engine.seccompProfile, "builtin") : undefined;
  if (engines === "unconfined") return () => "lets";
  if (engine && engines !== undefined && !/^(?:builtin|default|)$/.test(engines))
    return byText(valueOr(engine.seccompOpens, undefined), has);
  return (row, ask) => byDockers(row, ask, engine, has);
}

type Has = (capability: string) => boolean;

function byText(opens: Opens | undefined, has: Has): (row: KernelInterface, ask: Ask) => Said {
  if (!opens) return () => ({ unknown: "the seccomp profile could not be read" });
  return (_, { what }) => {
    const capabilities = opens[what];
    if (!capabilities) return "stops";
    return capabilities.length === 0 || capabilities.some(has) ? "lets" : "stops";
  };
}

function byDockers(
  { dockers }: KernelInterface,
  { hidden }: Ask,
  engine: Engine | undefined,
  has: Has,
): Said {
  const version = engine && valueOr(engine.version, undefined);
  const isDocker = engine && valueOr(engine.product, "docker") === "docker";
  if (hidden === "pointer") return version === "29.4.2" ? "stops" : "lets";
  if (!dockers || hidden) return "lets";
  if (dockers.unless?.some(has)) return "lets";
  // Every Engine that still runs has it.
  if (dockers.since === "1.10") return "stops";
  if (version !== undefined && !isDocker)
    return {
      unknown:
        "the profile is another Engine's, whose calls its API does not show: bulkhead reach asks the kernel",
    };
  if (version === undefined)
    return {
      unknown: `Docker's own profile stops it since Engine ${dockers.since}, and the Engine's version is not seen`,
    };
  const release = releaseOf(version);
  if (release && !isBefore(release, dockers.since)) return "stops";
  if (release && !release.isOfDistribution) return "lets";
  return {
    unknown: `Docker's own profile stops it since Engine ${dockers.since}; ${version} is a distribution's build, which may have that, too: bulkhead reach asks the kernel`,
  };
}

function ofFile(file: "proc" | "sys" | "dev", container: Container): Said {
  if (asksPrivileged(container)) return "lets";
  const { pathProtection, devices, mounts } = container;
  const isMounted = setItems(mounts).some(({ value }) =>
    new RegExp(`^/${file}(?:/|$)`).test(value.hostPath ?? ""),
  );
  if (isMounted) return { unknown: `it mounts a part of the host's /${file}` };
  if (file === "dev") return devices.length === 0 ? "stops" : { unknown: "it has devices of the host" };
  if (pathProtection.state !== "set") return "stops";
  if (file === "proc" && pathProtection.value.mode === "unconfined") return "lets";
  return file === "proc" ? { unknown: "it has paths of its own masked" } : "stops";
}

function deniesByAppArmor(
  { apparmorSince }: KernelInterface,
  container: Container,
  engine: Engine | undefined,
): boolean {
  if (apparmorSince === undefined || !engine || asksPrivileged(container)) return false;
  const name = valueOr(container.apparmor, "");
  const release = releaseOf(valueOr(engine.version, ""));
  return (
    runsModule("apparmor", engine) === true &&
    (name === "" || name === "docker-default") &&
    release !== undefined &&
    !isBefore(release, apparmorSince)
  );
}
