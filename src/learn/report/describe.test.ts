import { expect, it } from "vitest";
import { container } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import type { Learnt } from "../learnt.ts";
import { diskPatches } from "../plan/steps.ts";
import { learntFacts } from "./describe.ts";

const mebibyte = 1024 ** 2;
const disk = {
  path: "/dev/sda",
  readBytes: 0,
  writtenBytes: 4 * mebibyte,
  readRate: 0,
  writeRate: 9 * mebibyte,
};

/** What the report says of the limits of a service that wrote to a disk. */
function limitsOf(
  isLoaded: boolean,
  patches: readonly ContainerPatch[] = [],
  cpus?: number,
  pids?: { readonly pids: number; readonly pidsSampled?: boolean },
): string {
  const subject: ContainerSubject = {
    ...{ id: "compose.yaml#web", stableId: "web", name: "web", kind: "container", source: "compose" },
    ...{ location: undefined, views: [container("declared", {})] },
  };
  const step = {
    ...({
      kind: "behavioural",
      keys: ["learn io-limit"],
      controls: ["io-limit"],
      summary: "",
      why: "",
    } as const),
    ...{ breaks: undefined, patches },
  };
  const learnt = {
    plan: { subject, steps: [step] },
    capabilities: { before: [], needed: new Map() },
    ...{ broken: [], isLoaded, user: { candidate: undefined } },
    seen: {
      peaks: { memory: undefined, pids: undefined, cpus, disks: [disk], ...pids },
      network: { peers: [], sentBytes: 0 },
      listens: [],
    },
  };
  // The report on limits reads no more of it than this.
  const facts = learntFacts(learnt as unknown as Learnt);
  return new Map(facts).get("limits")?.join("\n") ?? "";
}

it("gives the line that would limit a disk, and says why it is not written", () => {
  const said = limitsOf(true);
  expect(said).toContain("/dev/sda unchanged: read 0 bytes, wrote 4 MiB (peak 9 MiB/s)");
  expect(said).toContain("they name a disk of this host, and elsewhere the container would not start");
  expect(said).toContain("blkio_config: { device_write_bps: [{ path: /dev/sda, rate: 18m }] }");
});

it("takes no limit of a disk from a run without a load", () => {
  expect(limitsOf(false)).not.toContain("blkio_config");
});

it("states the limit that was set, with its head room", () => {
  const said = limitsOf(true, diskPatches([{ kind: "write-bps", path: "/dev/sda", rate: 18 * mebibyte }]));
  expect(said).toContain("/dev/sda writes 18 MiB/s: ");
  expect(said).toContain("times 2, at least 16 MiB/s");
  expect(said).not.toContain("--disk-limits");
});

it("states each CPU limit that was set, also of a service that used next to nothing", () => {
  const half = [{ op: "set", field: "nanoCpus", value: 5e8 } as const];
  expect(limitsOf(true, half, 0.2)).toContain("CPUs 0.5: peak 0.2, times 2, at least 0.5");
  expect(limitsOf(true, half, 0)).toContain("CPUs 0.5: peak below 0.01, times 2, at least 0.5");
  expect(limitsOf(true, [], 0)).not.toContain("CPUs");
});

it("says that the most processes come from samples where the kernel kept no peak", () => {
  const limit = [{ op: "set", field: "pidsLimit", value: 80 } as const];
  expect(limitsOf(true, limit, 0, { pids: 20 })).toContain("processes 80: peak 20, times 4, at least 64");
  expect(limitsOf(true, limit, 0, { pids: 20, pidsSampled: true })).toContain(
    "processes 80: peak 20 in samples (this kernel keeps no peak: there may have been more), times 4",
  );
});
