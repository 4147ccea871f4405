import type { Container } from "../../model/container.ts";
import { isOpen, originsOf } from "../../model/fact.ts";
import { amountIn } from "../../model/facts/table.ts";
import { combine, fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { sayBytes } from "./amounts.ts";
import { whereInForce } from "./limits.ts";

export const memorySwapLimit: Control = {
  id: "memory-swap-limit",
  title: "The memory is limited, and swap is not",
  why: "A memory limit alone only moves the harm: with --memory-swap -1 the container pages out as much as it likes, fills the host's swap and keeps its disks busy until everything crawls. --memory-swap is memory and swap together; not set, the container gets as much swap as memory, which is bearable. --memory-swappiness above the usual 60 swaps its pages out early, with the same result.",
  row: "2.2",
  severity: "low",
  guard: "harden",
  cis: [],
  attack: ["T1499"],
  cwe: [770],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/resource_constraints/#--memory-swap-details",
    "https://docs.docker.com/reference/compose-file/services/#memswap_limit",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --memory 128m --memory-swap -1 redis" },
      {
        syntax: "compose",
        text: "services:\n  cache:\n    image: redis\n    mem_limit: 128m\n    memswap_limit: 4g\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --memory 128m redis" },
      { syntax: "run", text: "docker run --memory 128m --memory-swap 128m redis" },
    ],
  },
  check: {
    container: whereInForce(["memory-swap"], (container) => {
      const swap = judgeSwap(container);
      const swappiness = judgeSwappiness(container);
      return swappiness ? combine([swappiness, swap]) : swap;
    }),
  },
  remedy: {
    container(container) {
      const { memory } = container;
      const isUnlimited = judgeSwap(container).verdict === "fail" && memory.state === "set";
      return {
        kind: "behavioural",
        summary: isUnlimited
          ? "Allow no swap beyond the memory limit: memory and swap together are as much as memory."
          : "Leave memory-swappiness to the host.",
        patches: [
          ...(isUnlimited ? [{ op: "set", field: "memorySwap", value: memory.value } as const] : []),
          ...(judgeSwappiness(container) ? [{ op: "unset", field: "memorySwappiness" } as const] : []),
        ],
        breaks:
          "A workload that lived on swap is killed at its memory limit (exit status 137); raise --memory if so.",
      };
    },
  },
};

function judgeSwap({ memory, memorySwap, level }: Container): Verdict {
  if (isOpen(memory)) return unknownFact(memory);
  if (memory.state === "unset" || memory.value <= 0) return notApplicable("the memory is not limited");
  if (isOpen(memorySwap)) return unknownFact(memorySwap);
  if (memorySwap.state === "unset" || memorySwap.value === 0) {
    return level === "effective"
      ? notApplicable("the kernel does not account for swap here")
      : pass("as much swap as memory");
  }
  const both = memorySwap.value;
  if (both > 0 && both <= 2 * memory.value) return pass(`memory and swap ${sayBytes(both)}`);
  const amount = both < 0 ? "unlimited swap" : `${sayBytes(both - memory.value)} of swap`;
  return fail(
    `may use ${amount} beside ${sayBytes(memory.value)} of memory: it can fill the host's swap and slow everything down`,
    { origins: memorySwap.origins, observed: amount },
  );
}

/** What a host has where nobody changed it (https://docs.kernel.org/admin-guide/sysctl/vm.html#swappiness). */
const usualSwappiness = 60;

/** A container that asks to be swapped out sooner than everything else. What the kernel shows may be the host's own. */
function judgeSwappiness(container: Container): Verdict | undefined {
  const asked = container.level === "effective" ? undefined : amountIn(container, "memorySwappiness");
  if (asked === undefined || asked <= usualSwappiness) return undefined;
  return fail(
    `sets memory-swappiness ${asked} (a host has ${usualSwappiness}): its pages are swapped out early, and keep the host's disks busy`,
    {
      origins: originsOf(container.memorySwappiness),
      evidence: "memory-swappiness",
      observed: `memory-swappiness ${asked}`,
    },
  );
}
