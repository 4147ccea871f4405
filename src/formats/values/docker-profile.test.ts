import { expect, it } from "vitest";
import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";
import { dockersProfile, isArchitecture } from "./docker-profile.ts";
import { beyondDefault, opensBy } from "./seccomp.ts";

const every = ["amd64", "arm64", "s390x", "riscv64", "loong64"].filter(isArchitecture);
const asks = kernelInterfaces.flatMap(({ asks }) => asks);

it("is in nothing wider than Docker's own of today", () => {
  expect(beyondDefault(dockersProfile(every))).toEqual([]);
});

it("lets through what the table says of Docker's own, and nothing that advisories ask to close", () => {
  const opens = opensBy(dockersProfile(["amd64"])) ?? {};
  // The clock's settimeofday needs its capability, and adjtimex goes through without.
  const rows = kernelInterfaces.filter(({ file, id }) => !file && id !== "clock");
  for (const { asks, dockers, isAsked } of rows) {
    for (const { what, hidden } of asks) {
      const isClosed = hidden !== "pointer" && (dockers !== undefined || isAsked);
      const unless = dockers?.unless?.toSorted();
      expect([what, opens[what]?.toSorted()]).toEqual([what, isClosed ? unless : []]);
    }
  }
});

it("names the architectures that are asked for", () => {
  const map = (text: string) => (JSON.parse(text) as { archMap: unknown }).archMap;
  expect(map(dockersProfile(["arm64"]))).toEqual([
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
  ]);
  expect(map(dockersProfile(every))).toHaveLength(5);
});

it("reads a profile as libseccomp does: a rule without conditions first, 64 bits compared", () => {
  const opens = (...syscalls: readonly object[]) =>
    Object.keys(opensBy(JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls })) ?? {});
  const socket = (op: string, value: number) => ({
    ...{ names: ["socket"], action: "SCMP_ACT_ALLOW" },
    args: [{ index: 0, value, op }],
  });
  expect(opens(socket("SCMP_CMP_GT", 40))).toContain("socket(AF_ALG + 2^32)");
  expect(opens(socket("SCMP_CMP_GT", 40))).not.toContain("socket(AF_ALG)");
  expect(opens(socket("SCMP_CMP_EQ", 38))).toEqual(["socket(AF_ALG)"]);
  expect(opens(socket("SCMP_CMP_EQ", 38), { names: ["socket"], action: "SCMP_ACT_ERRNO" })).toEqual([]);
  const open = opensBy(JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW" })) ?? {};
  expect(Object.keys(open)).toHaveLength(asks.length);
  expect(opensBy("[]")).toBeUndefined();
});
