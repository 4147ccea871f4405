import { ok, type Result } from "../../base/result.ts";
import { allCapabilities, type Capability } from "../../model/container/capability.ts";
import type { Builder, Call } from "../helper/program.ts";
import type { ProbeTarget } from "../probe.ts";
import { type Attempt, successIf, tryCalls } from "./attempts.ts";
import { textFile } from "./looks.ts";

interface Rights {
  /** The capability that the calls need. */
  readonly needs?: Capability;
  /** Errors that come only after the kernel granted the right. */
  readonly granted?: readonly string[];
}

/**
 * Tries calls that need a right: as the container's user and, where that is not root, through a program that is setuid
 * root, as any image may have one. The bounding set and no-new-privileges decide what that one may.
 *
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
export async function tryRights(
  target: ProbeTarget,
  calls: Readonly<Record<string, (builder: Builder) => Call>>,
  { needs, granted = [] }: Rights = {},
): Promise<Result<readonly Attempt[]>> {
  return await asBoth(target, needs, async (through) => {
    const attempts = await tryCalls(through, calls);
    return attempts.ok ? ok(successIf(attempts.value, granted)) : attempts;
  });
}

/** Makes attempts as the container's user, and through a program that is setuid root where they fail so. */
export async function asBoth(
  target: ProbeTarget,
  needs: Capability | undefined,
  attempt: (target: Pick<ProbeTarget, "run">) => Promise<Result<readonly Attempt[]>>,
): Promise<Result<readonly Attempt[]>> {
  const direct = await attempt(target);
  if (!direct.ok || direct.value.every(({ error }) => error === undefined)) return direct;
  const user = await target.run((builder) => {
    const call = builder.call("geteuid");
    return (ran) => ran.result(call) ?? -1;
  });
  if (!user.ok) return user;
  if (user.value === 0) return direct;
  const { throughSetuid } = target;
  if (!throughSetuid) return await notTriedInPlace(target, needs, direct.value);
  const raised = await attempt({ run: throughSetuid });
  if (!raised.ok) return raised;
  return ok(
    direct.value.map((one, index) => {
      const other = raised.value[index];
      if (one.error === undefined || other?.error !== undefined) return one;
      return { what: `${one.what} through a program that is setuid root`, error: undefined };
    }),
  );
}

/** Without a setuid program to try, what its bounding set allows is not known to be held. */
async function notTriedInPlace(
  target: ProbeTarget,
  needs: Capability | undefined,
  direct: readonly Attempt[],
): Promise<Result<readonly Attempt[]>> {
  if (needs === undefined) return ok(direct);
  const status = await textFile(target, "/proc/self/status");
  if (!status.ok) return status;
  const text = status.value.ok ? status.value.value : "";
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(text)?.[1];
  const isLocked = /^NoNewPrivs:\s*1$/m.test(text);
  const bit = 1n << BigInt(allCapabilities.indexOf(needs));
  if (isLocked || (bounding !== undefined && (BigInt(`0x${bounding}`) & bit) === 0n)) return ok(direct);
  return ok(
    direct.map(({ what, error }) => ({
      what: `${what} through a program that is setuid root (the bounding set allows it)`,
      error: error === undefined ? undefined : "not tried in place",
    })),
  );
}
