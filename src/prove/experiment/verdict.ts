import type { Result } from "../../base/result.ts";
import type { Judgement } from "../probe.ts";
import type { WayTried } from "./ways.ts";

/** What a way that failed came to, beside the same way in the looser container. */
type Closed =
  /** It succeeds there: something holds it here. */
  | "refused"
  /** The kernel does not have it, or it has been refused to everybody: it shows nothing. */
  | "nowhere"
  /** Nothing that is known to refuse such a right gives this error. */
  | "strange"
  /** It fails there with an error that shows that the experiment was wrong. */
  | "unshown";

/** Errors of a kernel that does not have what is asked for. */
export const absent: ReadonlySet<string> = new Set([
  ...["ENOSYS", "ENOENT", "ENOTDIR", "ENODEV", "ENXIO", "EOPNOTSUPP", "empty"],
  ...["EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT"],
]);

interface Words {
  /** Errors that the layers which hold this right give. */
  readonly refusals: readonly string[];
  /** The looser container, in words. */
  readonly looser: string;
}

/**
 * The law of prove's verdicts. Not held: one way is open. Held: no way is open, each that the kernel has met a refusal, and
 * at least one of them succeeds in the looser container. Inconclusive: anything else.
 */
export function verdict(
  subject: readonly WayTried[],
  control: Result<readonly WayTried[]>,
  { refusals, looser }: Words,
): Judgement {
  const open = subject.filter(({ error }) => error === undefined);
  if (open.length > 0) return { outcome: "notHeld", evidence: sayWays(open) };
  if (subject.length === 0) return { outcome: "inconclusive", evidence: "nothing was tried" };
  if (!control.ok) {
    return {
      outcome: "inconclusive",
      evidence: `${sayWays(subject)}; no looser container: ${control.reason}`,
    };
  }
  const looserBy = new Map(control.value.map((way) => [keyOf(way), way]));
  const is = (wanted: Closed) =>
    subject.filter((way) => closedBy(way, looserBy.get(keyOf(way)), refusals) === wanted);
  const strange = is("strange");
  if (strange.length > 0) {
    return {
      outcome: "inconclusive",
      evidence: `${sayWays(strange)}, where ${refusals.join(" or ")} was expected`,
    };
  }
  const refused = is("refused");
  const shown = refused.filter((way) => looserBy.has(keyOf(way)));
  const unshown = shown.length > 0 ? is("unshown") : subject;
  if (unshown.length > 0) {
    const there = unshown.flatMap((way) => looserBy.get(keyOf(way)) ?? []);
    return {
      outcome: "inconclusive",
      evidence: `${sayWays(unshown)}, but in ${looser} it fails, too: ${sayWays(there)}`,
    };
  }
  return { outcome: "held", evidence: `${sayWays(refused)}; in ${looser} it succeeds` };
}

function closedBy(
  { error = "" }: WayTried,
  there: WayTried | undefined,
  refusals: readonly string[],
): Closed {
  const isRefusal = refusals.includes(error);
  // A path that the looser container does not have.
  if (!there) return isRefusal ? "refused" : absent.has(error) ? "nowhere" : "strange";
  if (there.error === undefined) return isRefusal ? "refused" : "strange";
  if (absent.has(there.error)) return "nowhere";
  // A kernel without 32-bit calls kills who makes one.
  if (there.error === "SIGSEGV" && there.abi !== "native") return "nowhere";
  return isRefusal && refusals.includes(there.error) ? "nowhere" : "unshown";
}

function keyOf({ abi, what }: WayTried): string {
  return `${abi} ${what.replace(throughSetuid, "")}`;
}

const throughSetuid = / through a program that is setuid root.*$/;

/**
 * What ways came to, for evidence: `mount(tmpfs), fsopen(tmpfs): EPERM (no CAP_SYS_ADMIN), as 32-bit calls, too`. A call of
 * another ABI is named where it came to something else.
 */
export function sayWays(ways: readonly WayTried[]): string {
  const groups = new Map<string, WayTried[]>();
  for (const way of ways) {
    const came = way.error === undefined ? "" : `: ${way.error}${way.layer ? ` (${way.layer})` : ""}`;
    groups.set(came, [...(groups.get(came) ?? []), way]);
  }
  return [...groups]
    .map(([came, same]) => {
      const native = same.filter(({ abi }) => abi === "native").map(({ what }) => what);
      const others = same.filter(({ abi }) => abi !== "native");
      const alone = others.filter(({ what }) => !native.includes(what));
      const names = [...native, ...alone.map(({ what, abi }) => `${what} as ${said[abi]}`)];
      const too = alone.length < others.length ? ", as 32-bit calls, too" : "";
      const verb = came === "" ? ` succeed${names.length === 1 ? "s" : ""}` : came;
      return `${names.join(", ")}${verb}${too}`;
    })
    .join("; ");
}

const said = { native: "a call", i386: "a 32-bit call", x32: "an x32 call" } as const;
