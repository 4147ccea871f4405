import type { Ask, AskingArgument } from "../../model/kernel-interfaces/interface.ts";
import type { Opens } from "../../model/kernel-interfaces/standing.ts";
import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";

/** A rule of a profile as far as it decides: what is not read here is in none. */
interface DecidingRule {
  readonly names: readonly string[];
  readonly lets: boolean;
  readonly args: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo: number;
    readonly op: string;
  }[];
  /** Held only by a container with all of these capabilities. */
  readonly caps: readonly string[];
  /** Held only by a container with none of these. */
  readonly withoutCaps: readonly string[];
}

/**
 * The questions of the table that a profile lets through, each with the capabilities of which one is needed (none: in any
 * container), as libseccomp decides on x86-64 and arm64: a rule without conditions comes before those with some.
 */
export function opensOf(defaultLets: boolean, rules: readonly DecidingRule[]): Opens {
  const capabilities = new Set(rules.flatMap(({ caps, withoutCaps }) => [...caps, ...withoutCaps]));
  return Object.fromEntries(
    kernelInterfaces
      .flatMap(({ asks }) => asks)
      .flatMap((ask): [string, readonly string[]][] => {
        if (letsAsk(ask, [], defaultLets, rules)) return [[ask.what, []]];
        const enough = [...capabilities].filter((name) => letsAsk(ask, [name], defaultLets, rules));
        return enough.length > 0 ? [[ask.what, enough.map((name) => name.replace(/^CAP_/, ""))]] : [];
      }),
  );
}

function letsAsk(
  { calls }: Ask,
  has: readonly string[],
  defaultLets: boolean,
  rules: readonly DecidingRule[],
): boolean {
  return calls.every(([name, ...given]) => {
    const held = rules.filter(
      (rule) =>
        rule.names.includes(name) &&
        rule.caps.every((capability) => has.includes(capability)) &&
        !rule.withoutCaps.some((capability) => has.includes(capability)),
    );
    const plain = held.filter(({ args }) => args.length === 0);
    const chosen =
      plain.length > 0 ? plain : held.filter(({ args }) => args.every((each) => holds(each, given)));
    return chosen.length > 0 ? chosen.some(({ lets }) => lets) : defaultLets;
  });
}

/** A filter compares 64 bits. What is an address, or not said here, may be anything: it is taken to hold. */
function holds(
  { index, value, valueTwo, op }: DecidingRule["args"][number],
  given: readonly AskingArgument[],
): boolean {
  const argument = given[index];
  if (typeof argument !== "number") return true;
  const [has, wanted] = [BigInt.asUintN(64, BigInt(argument)), BigInt.asUintN(64, BigInt(value))];
  switch (op) {
    case "SCMP_CMP_EQ":
      return has === wanted;
    case "SCMP_CMP_NE":
      return has !== wanted;
    case "SCMP_CMP_LT":
      return has < wanted;
    case "SCMP_CMP_LE":
      return has <= wanted;
    case "SCMP_CMP_GT":
      return has > wanted;
    case "SCMP_CMP_GE":
      return has >= wanted;
    case "SCMP_CMP_MASKED_EQ":
      return (has & wanted) === BigInt.asUintN(64, BigInt(valueTwo));
    default:
      return true;
  }
}
