import { cpuCap, defaultPeriod } from "../../model/container/cpu-cap.ts";
import { cpusIn } from "../../model/container/cpu-set.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { undecided } from "../undecided.ts";
import { round } from "./amounts.ts";
import { cpuShareOf, defaultShares, sharesOf } from "./capacity.ts";
import { whereInForce } from "./limits.ts";

export const cpuLimit: Control = {
  id: "cpu-limit",
  title: "The CPU is not limited",
  why: "A container without a limit may take every CPU of the host: one busy loop, one miner, and all its neighbours starve. --cpus (or a quota) caps it, --cpuset-cpus pins it to some CPUs, and shares below the default of 1024 make it give way. Shares are relative and felt only while others want the CPU too; 1024 and more are no limit, and neither is a cap of as many CPUs as the host has.",
  row: "2.1",
  severity: "low",
  guard: "harden",
  cis: ["5.12"],
  attack: ["T1496", "T1499"],
  cwe: [770, 400],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/resource_constraints/#cpu",
    "https://docs.docker.com/reference/compose-file/deploy/#resources",
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "run", text: "docker run --cpu-shares 1024 nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    cpu_shares: 2048\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --cpuset-cpus 0 --cpu-shares 768 nginx" },
      { syntax: "run", text: "docker run --cpu-period 100000 --cpu-quota 50000 nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    deploy:\n      resources:\n        limits:\n          cpus: '0.5'\n",
      },
    ],
  },
  settledBy: "effective",
  check: {
    container: whereInForce(["cpus"], (container, { running, engine }) => {
      const { cpusetCpus, nanoCpus, cpuQuota, cpuShares } = container;
      const all = allCpus(engine);
      const cap = cpuCap(container);
      if (cap !== undefined && cap < all) return pass(`at most ${round(cap)} CPUs`);
      const cpus = valueOr(cpusetCpus, "");
      if (cpus !== "" && !((cpusIn(cpus) ?? 0) >= all)) return pass(`CPUs ${cpus}`);
      const shares = sharesOf(container);
      const contended = contention(container, running);
      if (shares < defaultShares) {
        return pass(`${shares} CPU shares, felt only under contention${contended}`);
      }
      const open = undecided(nanoCpus, cpuQuota, cpusetCpus, cpuShares);
      if (open) return open;
      if (cap !== undefined || cpus !== "") {
        const [what, fact] =
          cap === undefined ? [`CPUs ${cpus}`, cpusetCpus] : [`${round(cap)} CPUs`, nanoCpus];
        return fail(
          `has no CPU limit (${what} are all that the host has): it can use every CPU of the host${contended}`,
          { origins: fact.state === "set" ? fact.origins : [], observed: "no CPU limit" },
        );
      }
      const asked = cpuShares.state === "set" && cpuShares.value !== 0;
      return fail(
        asked
          ? `has no CPU limit (${shares} shares are none): it can use every CPU of the host${contended}`
          : `has no CPU limit: it may take every CPU of the host and starve its neighbours${contended}`,
        { origins: asked ? cpuShares.origins : [], observed: "no CPU limit" },
      );
    }),
  },
  remedy: {
    container: (container, { engine }) => ({
      kind: "behavioural",
      summary: "Cap the CPU; 1 CPU is a starting point, `docker stats` under load shows what it needs.",
      patches: oneCpu(container, allCpus(engine)),
      breaks:
        "A workload that used more than one CPU gets slower: nr_throttled in its cgroup's cpu.stat counts how often it was held back.",
    }),
  },
};

function contention(container: Container, running: Context["running"]): string {
  const share = cpuShareOf(container, running);
  return share && running.length > 1 ? ` (${share.percent} % of the CPU under full contention)` : "";
}

/** The CPUs of the host; no end where they are not known. */
function allCpus(engine: Context["engine"]): number {
  return (engine && valueOr(engine.cpus, 0)) || Number.POSITIVE_INFINITY;
}

/** One CPU, or half of a host's only one. Docker takes either `--cpus` or a period with its quota, not both. */
function oneCpu({ cpuPeriod, cpuQuota }: Container, all: number): readonly ContainerPatch[] {
  const period = valueOr(cpuPeriod, 0);
  const cpus = Math.min(1, all / 2);
  return period > 0 || valueOr(cpuQuota, 0) > 0
    ? [{ op: "set", field: "cpuQuota", value: (period > 0 ? period : defaultPeriod) * cpus }]
    : [{ op: "set", field: "nanoCpus", value: cpus * 1e9 }];
}
