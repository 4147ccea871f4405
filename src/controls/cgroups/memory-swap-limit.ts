import { isOpen } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { sayBytes } from "./amounts.ts";

export const memorySwapLimit: Control = {
  id: "memory-swap-limit",
  title: "The memory is limited, and swap is not",
  why: "A memory limit alone only moves the harm: with --memory-swap -1 the container pages out as much as it likes, fills the host's swap and keeps its disks busy until everything crawls. --memory-swap is memory and swap together; not set, the container gets as much swap as memory, which is bearable.",
  row: "2.2",
  severity: "low",
  guard: "harden",
  cis: [],
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
    container({ memory, memorySwap, level }) {
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
    },
  },
  remedy: {
    container: ({ memory }) => ({
      kind: "behavioural",
      summary: "Allow no swap beyond the memory limit: memory and swap together are as much as memory.",
      patches: memory.state === "set" ? [{ op: "set", field: "memorySwap", value: memory.value }] : [],
      breaks:
        "A workload that lived on swap is killed at its memory limit (exit status 137); raise --memory if so.",
    }),
  },
};
