import { expect, test } from "vitest";
import {
  type BundledWorkload,
  predicateType,
  type Statement,
  statementType,
} from "../../fix/bundle/bundle.ts";
import { compareWith } from "./compare.ts";

const learnt = {
  subject: "compose.yaml#web",
  capabilities: { needed: [{ name: "CHOWN" }] },
  user: { startsAs: "", endsAs: { uid: 101, gid: 101 }, canStartAsIt: true },
  files: { scratch: [{ path: "/run" }], data: [{ path: "/data" }], amongTheImages: [] },
  network: { listens: ["tcp/80"] },
  seccomp: { calls: ["read", "write"] },
  steps: [{ controls: ["read-only-rootfs"], outcome: "holds" }],
};

const workload: BundledWorkload = {
  image: { reference: "nginx:1", id: "sha256:a", repoDigests: [] },
  invocation: "sha256:1",
  mounts: ["/data"],
  learnt,
};

function of(...workloads: readonly BundledWorkload[]): Statement {
  const tool = { name: "bulkhead", version: "1" } as const;
  const predicate = { tool, made: "2026-12-02", architecture: "x64", workloads };
  return { _type: statementType, subject: [], predicateType, predicate };
}

test("the same is no difference, also where fewer calls were made", () => {
  const fewer = { ...workload, learnt: { ...learnt, seccomp: { calls: ["read"] } } };
  expect(compareWith(of(workload), of(fewer))).toEqual([{ subject: "web", differences: [] }]);
});

test.each([
  [{ image: { ...workload.image, id: "sha256:b" } }, "its image is sha256:b, and was sha256:a"],
  [{ invocation: "sha256:2" }, "it is started with other words, or as another user"],
  [{ mounts: [] }, "it has a mount at /data no more"],
  [{ learnt: { ...learnt, capabilities: { needed: [] } } }, "it needs the capability CHOWN no more"],
  [{ learnt: { ...learnt, files: { ...learnt.files, data: [] } } }, "it keeps data in /data no more"],
  [
    { learnt: { ...learnt, files: { ...learnt.files, amongTheImages: ["/etc/a"] } } },
    "it writes among the image's files: /etc/a now, and did not then",
  ],
  [{ learnt: { ...learnt, network: { listens: [] } } }, "it listens on tcp/80 no more"],
  [{ learnt: { ...learnt, steps: [] } }, "it works with read-only-rootfs no more"],
  [
    { learnt: { ...learnt, user: { ...learnt.user, canStartAsIt: false } } },
    "it starts as, or could start as, another user",
  ],
  [
    { learnt: { ...learnt, seccomp: { calls: ["read", "write", "ptrace"] } } },
    "it makes system calls that it did not make then: ptrace",
  ],
] as const)("%j differs", (change, said) => {
  expect(compareWith(of(workload), of({ ...workload, ...change }))).toEqual([
    { subject: "web", differences: [said] },
  ]);
});

test("a workload that only one of them has differs", () => {
  const other = { ...workload, learnt: { ...learnt, subject: "compose.yaml#db" } };
  expect(compareWith(of(workload), of(other))).toEqual([
    { subject: "db", differences: ["the bundle does not have it"] },
    { subject: "web", differences: ["it was not learnt this time"] },
  ]);
});
