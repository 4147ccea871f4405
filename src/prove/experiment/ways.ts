import { ok, type Result } from "../../base/result.ts";
import type { Capability } from "../../model/container/capability.ts";
import { type Builder, type Call, type Plan, program, type Ran } from "../helper/program.ts";
import type { Abi } from "../helper/syscalls.ts";
import type { ProbeTarget } from "../probe.ts";
import { type Attempt, errorOf, inChild } from "./attempts.ts";
import { type Credentials, layerOf, maySucceed, readCredentials } from "./credentials.ts";

/** One way to use a right. Its calls are made in a process of their own, once for each ABI that has them. */
export interface Way {
  /** As a call: `unshare(CLONE_NEWUSER)`. */
  readonly what: string;
  /** Makes the calls, and gives those that must all succeed, or what reads the error that stands for them. */
  readonly make: (builder: Builder) => Call | readonly Call[] | ((ran: Ran) => string | undefined);
  /** Errors that come only after the kernel granted the right. */
  readonly granted?: readonly string[];
  /** The call could not be harmless if it were granted: it shows that it is let through, and the capability tells the rest. */
  readonly byCapability?: boolean;
  /** The capability that this way needs, where it is not the right's. */
  readonly needs?: Capability;
  /** That capability counts in the user namespace of the container, as for its own network. */
  readonly inOwnNamespace?: boolean;
  /** The ABIs that its arguments are laid out for; every one without this. */
  readonly abis?: readonly Abi[];
}

/** Every way to use a right that the kernel has. One call is never all of them. */
export type Ways = readonly [Way, Way, ...Way[]];

/** What came of one way. */
export interface WayTried extends Attempt {
  readonly abi: Abi;
  /** What said no, in a few words. */
  readonly layer?: string;
  /** The capability that it needs. */
  readonly needs?: Capability;
}

const everyAbi: readonly Abi[] = ["native", "i386", "x32"];

/**
 * Tries every way: as the container's user and, where that is not root, through a program that is setuid root, as any
 * image may have one. The bounding set and no-new-privileges decide what that one may.
 *
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
export async function tryWays(
  target: ProbeTarget,
  ways: Ways,
  needs: Capability | undefined,
): Promise<Result<readonly WayTried[]>> {
  const plan = planOf(ways, needs, target);
  const direct = await target.run(plan);
  if (!direct.ok) return direct;
  const { tried, credentials } = direct.value;
  if (tried.every(({ error }) => error === undefined) || credentials.euid === 0) return ok(tried);
  const { throughSetuid } = target;
  if (!throughSetuid) return ok(withoutSetuid(tried, credentials));
  const raised = await throughSetuid(plan);
  if (!raised.ok) return raised;
  return ok(
    tried.map((one, index) => {
      const other = raised.value.tried[index];
      if (one.error === undefined || other === undefined) return one;
      if (other.error !== undefined) return other;
      return { ...one, what: `${one.what} through a program that is setuid root`, error: undefined };
    }),
  );
}

interface TriedAs {
  readonly tried: readonly WayTried[];
  readonly credentials: Credentials;
}

function planOf(ways: Ways, needs: Capability | undefined, { facts }: ProbeTarget): Plan<TriedAs> {
  const each = ways.flatMap((way) =>
    (way.abis ?? everyAbi)
      .filter((abi) => existsOn(way, abi, facts.architecture))
      .map((abi) => ({ way, abi })),
  );
  return (builder) => {
    const readers = each.map(({ way, abi }) => ({ way, abi, read: tryWay(builder, way, abi) }));
    const look = readCredentials(builder);
    return (ran) => {
      const credentials = look(ran);
      const tried = readers.map(({ way, abi, read }): WayTried => {
        const met = read(ran);
        const isLetThrough = met === undefined || (way.granted ?? []).includes(met);
        const needed = way.needs ?? needs;
        const isGranted =
          isLetThrough && (!way.byCapability || maySucceed(credentials, needed, way.inOwnNamespace));
        const about = { what: way.what, abi, ...(needed && { needs: needed }) };
        if (isGranted) return { ...about, error: undefined };
        const error = isLetThrough || met === undefined ? "EPERM" : met;
        const layer = layerOf(error, credentials, needed);
        return { ...about, error, ...(layer !== undefined && { layer }) };
      });
      return { tried, credentials };
    };
  };
}

function existsOn({ make }: Way, abi: Abi, architecture: ProbeTarget["facts"]["architecture"]): boolean {
  const made = program((builder) => {
    make(builder.by(abi));
    return () => undefined;
  });
  return made.existsOn(architecture);
}

/** The error that a way meets in a process of its own. */
function tryWay(builder: Builder, { make }: Way, abi: Abi): (ran: Ran) => string | undefined {
  let read: (ran: Ran) => string | undefined = () => undefined;
  const outcome = inChild(builder, () => {
    const made = make(builder.by(abi));
    read = typeof made === "function" ? made : (ran) => firstError(ran, "kind" in made ? [made] : made);
  });
  const whatItMet = read;
  return (ran) => outcome(ran).killedBy ?? whatItMet(ran);
}

function firstError(ran: Ran, calls: readonly Call[]): string | undefined {
  return calls.map((call) => errorOf(ran, call)).find((error) => error !== undefined);
}

/** Without a setuid program to try, what its bounding set allows is not known to be held. */
function withoutSetuid(
  tried: readonly WayTried[],
  { bounding, noNewPrivileges }: Credentials,
): readonly WayTried[] {
  return tried.map((way) => {
    if (way.error === undefined || way.needs === undefined) return way;
    if (noNewPrivileges || !bounding.has(way.needs)) return way;
    const what = `${way.what} through a program that is setuid root (the bounding set allows it)`;
    return { what, abi: way.abi, error: "not tried in place" };
  });
}
