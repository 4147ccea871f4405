import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planForCompose, planForRun } from "../../../test/support/formats/plans.ts";
import { allCapabilities, tweakCapabilities } from "../../model/container/capability.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Needs } from "./needs.ts";
import type { Step, SubjectPlan } from "./step.ts";

function stepsFor({ steps }: SubjectPlan, control: string): readonly Step[] {
  return steps.filter(({ controls }) => controls.includes(control));
}

function patchesFor(plan: SubjectPlan, control: string): readonly ContainerPatch[] {
  return stepsFor(plan, control).flatMap(({ patches }) => patches as readonly ContainerPatch[]);
}

const served: Needs = {
  user: { name: "101", requires: "the moon is full" },
  capabilities: ["CHOWN", "SETGID", "SETUID"],
  devices: ["/dev/net/tun"],
  writablePaths: ["/var/cache/served", "/run"],
  ports: [{ port: 80, protocol: "tcp" }],
  source: "the image served",
};

describe("limits", () => {
  test("of memory and CPU are never guessed: they are advice that names the flag", () => {
    const plan = planForRun("docker run nginx");
    for (const [control, flag] of [
      ["memory-limit", "--memory"],
      ["cpu-limit", "--cpus"],
    ] as const) {
      expect(stepsFor(plan, control)).toMatchObject([{ kind: "manual", patches: [] }]);
      expect(stepsFor(plan, control)[0]?.summary).toContain(flag);
    }
  });

  test("processes get a default that stops a fork bomb, and may be too low as any limit", () => {
    const patches = [{ op: "set", field: "pidsLimit", value: 8192 }];
    expect(stepsFor(planForRun("docker run nginx"), "pids-limit")).toMatchObject([
      { kind: "behavioural", patches, breaks: [expect.stringContaining("EAGAIN")] },
    ]);
    const unlimited = planForRun("docker run --pids-limit -1 nginx");
    expect(stepsFor(unlimited, "pids-limit")).toMatchObject([{ kind: "behavioural", patches }]);
  });

  test("with it they are set, and the step says whose word it is", () => {
    const plan = planForRun("docker run nginx", {
      limits: {
        memory: { value: 256 * 1024 ** 2, source: "--memory" },
        cpus: { value: 1.5, source: "bulkhead.yaml" },
        pids: { value: 90, source: "--pids-limit" },
      },
    });
    expect(patchesFor(plan, "memory-limit")).toEqual([
      { op: "set", field: "memory", value: 256 * 1024 ** 2 },
    ]);
    expect(patchesFor(plan, "cpu-limit")).toEqual([{ op: "set", field: "nanoCpus", value: 1.5e9 }]);
    expect(patchesFor(plan, "pids-limit")).toEqual([{ op: "set", field: "pidsLimit", value: 90 }]);
    expect(stepsFor(plan, "cpu-limit")[0]?.summary).toContain("bulkhead.yaml");
  });

  test("it is set for an image, too, that bulkhead knows no number for", () => {
    const limits = { memory: { value: 4 * 1024 ** 3, source: "--memory" } };
    const line = "docker run elasticsearch:8.15.0";
    expect(stepsFor(planForRun(line), "memory-limit")).toMatchObject([
      { patches: [], summary: expect.stringContaining("what this image needs") },
    ]);
    expect(patchesFor(planForRun(line, { limits }), "memory-limit")).toEqual([
      { op: "set", field: "memory", value: 4 * 1024 ** 3 },
    ]);
  });

  test("with a CPU period the quota is what the CPUs come to", () => {
    const limits = { cpus: { value: 2, source: "--cpus" } };
    const plan = planForRun("docker run --cpu-period 50000 nginx", { limits });
    expect(patchesFor(plan, "cpu-limit")).toEqual([{ op: "set", field: "cpuQuota", value: 100_000 }]);
  });

  test.each([
    ["docker run --memory-reservation 1g nginx", "reserves 1 GiB"],
    ["docker run --memory-swap 100m nginx", "100 MiB"],
  ])("%s: what Docker would refuse is not written but said", (line, why) => {
    const plan = planForRun(line, { limits: { memory: { value: 256 * 1024 ** 2, source: "--memory" } } });
    expect(stepsFor(plan, "memory-limit")).toMatchObject([{ kind: "manual", patches: [] }]);
    expect(stepsFor(plan, "memory-limit")[0]?.summary).toContain(why);
  });

  test("the OOM killer needs nobody's word", () => {
    const plan = planForRun("docker run --oom-kill-disable nginx");
    expect(patchesFor(plan, "memory-limit")).toEqual([{ op: "set", field: "oomKillDisable", value: false }]);
  });
});

describe("what the workload needs", () => {
  const privileged = "docker run --privileged --net=host served";

  test("of an unknown one nothing is given back, and that is said", () => {
    const plan = planForRun(privileged);
    expect(patchesFor(plan, "capabilities-drop")).toContainEqual({
      op: "add",
      field: "capDrop",
      value: "ALL",
    });
    expect(plan.steps.flatMap(({ patches }) => patches).filter(({ field }) => field === "capAdd")).toEqual(
      [],
    );
    expect(stepsFor(plan, "capabilities-drop").at(-1)?.breaks.join(" ")).toContain("adds none back");
  });

  test("the user of one that is not known is a guess, so it is a decision, and what breaks is said", () => {
    const [step] = stepsFor(planForRun("docker run --user 0 acme/unheard-of:1"), "root-user");
    expect(step).toMatchObject({
      kind: "decision",
      patches: [{ op: "set", field: "user", value: "1000:1000" }],
      breaks: [expect.stringContaining("EACCES")],
    });
  });

  test("of a known one its capabilities, devices, ports, user and folders are", () => {
    const plan = planForRun(privileged, { needs: () => served });
    const all = plan.steps.flatMap(({ patches }) => patches);
    for (const value of ["CHOWN", "SETGID", "SETUID"]) {
      expect(all).toContainEqual({ op: "add", field: "capAdd", value });
    }
    expect(all).toContainEqual({
      op: "add",
      field: "devices",
      value: { hostPath: "/dev/net/tun", containerPath: "/dev/net/tun", permissions: "rwm" },
    });
    expect(all).toContainEqual({
      op: "add",
      field: "ports",
      value: { hostIp: "127.0.0.1", hostPort: "80", containerPort: "80", protocol: "tcp" },
    });
    const tmpfs = all.flatMap((patch) =>
      patch.op === "add" && patch.field === "mounts" ? [patch.value] : [],
    );
    expect(tmpfs.map(({ target, tmpfs: options }) => [target, options?.size])).toEqual([
      ["/run", 64 * 1024 ** 2],
      // What users send may be of any size: an anonymous volume, without one.
      ["/var/cache/served", undefined],
    ]);
  });

  test("started as another user it holds no capability, so none is added back; what that takes is said", () => {
    const plan = planForRun("docker run -u 0 served", { needs: () => served });
    expect(patchesFor(plan, "root-user")).toEqual([{ op: "set", field: "user", value: "101" }]);
    expect(stepsFor(plan, "root-user")[0]?.breaks.join(" ")).toContain("the moon is full");
    expect(patchesFor(plan, "capabilities-drop")).toEqual([{ op: "add", field: "capDrop", value: "ALL" }]);
    expect(stepsFor(plan, "capabilities-drop")[0]?.breaks.join(" ")).toContain("CHOWN, SETGID, SETUID");
  });

  test("what must stay is not put into a tmpfs: without a volume for it the root file system is left", () => {
    const needs: Needs = { writablePaths: [], persistentPaths: ["/data"], source: "the image store" };
    const bare = planForRun("docker run store", { needs: () => needs });
    expect(stepsFor(bare, "read-only-rootfs")).toMatchObject([{ kind: "manual", patches: [] }]);
    const mounted = planForRun("docker run -v data:/data store", { needs: () => needs });
    expect(patchesFor(mounted, "read-only-rootfs")).toEqual([
      { op: "set", field: "readonlyRootfs", value: true },
    ]);
  });

  test.each([
    ["docker run -u 0 served", 0o1777],
    ["docker run -u 1000 served", 0o1777],
    ["docker run served", undefined],
  ])("%s: any user that it runs as can write to a tmpfs that it is given", (line, mode) => {
    const plan = planForRun(line, { needs: () => served });
    const modes = patchesFor(plan, "read-only-rootfs").flatMap((patch) =>
      patch.op === "add" && patch.field === "mounts" ? [patch.value.tmpfs?.mode] : [],
    );
    expect(modes).toEqual([mode, mode]);
  });

  test("a tmpfs that is there lets the new user in, too", () => {
    const line = "docker run -u 0 --read-only --tmpfs /run:size=8m --tmpfs /other:size=8m served";
    const plan = planForRun(line, { needs: () => served });
    const modes = patchesFor(plan, "root-user").flatMap((patch) =>
      patch.op === "replace" && patch.field === "mounts"
        ? [[patch.with.target, patch.with.tmpfs?.mode, patch.with.tmpfs?.size]]
        : [],
    );
    expect(modes).toEqual([["/run", 0o1777, 8 * 1024 ** 2]]);
  });

  test("no capability is given back that it does not hold today", () => {
    fc.assert(
      fc.property(
        fc.subarray([...allCapabilities]),
        fc.subarray([...allCapabilities], { maxLength: 3 }),
        fc.subarray([...allCapabilities], { maxLength: 3 }),
        (capabilities, added, dropped) => {
          const words = [
            ...added.map((name) => `--cap-add ${name}`),
            ...dropped.map((name) => `--cap-drop ${name}`),
          ];
          const plan = planForRun(`docker run ${words.join(" ")} served`, {
            needs: () => ({ source: "the image served", capabilities }),
          });
          const held = tweakCapabilities(false, added, dropped);
          const given = plan.steps.flatMap(({ patches }) =>
            patches.flatMap((patch) => (patch.op === "add" && patch.field === "capAdd" ? [patch.value] : [])),
          );
          expect(given.filter((name) => !held.has(name))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("what was tried on a run is told apart from what was read", () => {
    const knownFrom = "https://example.com/served";
    const tried = { on: "a served of our own", facts: ["writable"] } as const;
    const plan = planForRun("docker run -u 0 served", { needs: () => ({ ...served, knownFrom, tried }) });
    const known = (control: string) => stepsFor(plan, control)[0]?.knownFrom;
    expect(known("read-only-rootfs")).toContain("Tested with a served of our own.");
    expect(known("root-user")).toContain("From documents (https://example.com/served); not tested.");
  });

  test("a folder that is mounted already gets no tmpfs", () => {
    const plan = planForRun("docker run -v cache:/var/cache served", { needs: () => served });
    const targets = patchesFor(plan, "read-only-rootfs").flatMap((patch) =>
      patch.op === "add" && patch.field === "mounts" ? [patch.value.target] : [],
    );
    expect(targets).toEqual(["/run"]);
  });

  test("a dangerous capability that it is known to need is a decision", () => {
    const needs: Needs = { capabilities: ["NET_ADMIN"], source: "the image vpn" };
    const plan = planForRun("docker run --cap-drop ALL --cap-add NET_ADMIN --cap-add SYS_ADMIN vpn", {
      needs: () => needs,
    });
    expect(patchesFor(plan, "capabilities-dangerous")).toEqual([
      { op: "remove", field: "capAdd", value: "SYS_ADMIN" },
    ]);
    expect(
      stepsFor(plan, "capabilities-dangerous")
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["decision", "manual"]);
  });

  test("a file that is marked with a capability is executed only where that may be had, so it is given", () => {
    const needs: Needs = {
      user: { name: "1000" },
      capabilities: ["NET_BIND_SERVICE"],
      source: "the image web",
    };
    const plan = planForRun("docker run -u 0 web", { needs: () => needs });
    expect(patchesFor(plan, "capabilities-drop")).toContainEqual({
      op: "add",
      field: "capAdd",
      value: "NET_BIND_SERVICE",
    });
  });

  test("the drop is never safe, not even for who starts as another user and cannot rise", () => {
    const line = "docker run -u 1000 --security-opt no-new-privileges nginx";
    expect(stepsFor(planForRun(line), "capabilities-drop")).toMatchObject([
      { kind: "behavioural", breaks: [expect.stringContaining("getcap")] },
    ]);
  });
});

describe("the whole", () => {
  test("a fix brings no new finding: ports that come to count are published on the loopback address", () => {
    const plan = planForCompose(`
      services:
        web:
          image: nginx
          network_mode: host
          ports: ["8080:80"]
    `);
    expect(patchesFor(plan, "published-port")).toMatchObject([
      { op: "replace", field: "ports", with: { hostIp: "127.0.0.1", hostPort: "8080" } },
    ]);
  });

  test("a swap limit follows the memory limit that is set now", () => {
    const plan = planForRun("docker run --memory 1g --memory-swap -1 nginx");
    expect(patchesFor(plan, "memory-swap-limit")).toEqual([
      { op: "set", field: "memorySwap", value: 1024 ** 3 },
    ]);
  });

  test("the worst comes first, and the same input gives the same plan", () => {
    const line = "docker run --privileged -v /var/run/docker.sock:/var/run/docker.sock nginx";
    const [first] = planForRun(line).steps;
    expect(first?.controls[0]).toMatch(/docker-socket-mount|privileged/);
    expect(JSON.stringify(planForRun(line).steps)).toBe(JSON.stringify(planForRun(line).steps));
  });

  test("what is not asked for is not planned", () => {
    const plan = planForRun("docker run nginx", { takes: ({ kind }) => kind === "safe" });
    expect(plan.steps.every(({ kind }) => kind === "safe")).toBe(true);
  });

  test("what somebody silenced stays: one mount of two, and a whole control", () => {
    const plan = planForCompose(`
      services:
        web:
          # bulkhead-ignore read-only-rootfs -- it unpacks itself
          image: nginx
          volumes:
            - /var/run/docker.sock:/var/run/docker.sock # bulkhead-ignore docker-socket-mount -- a dashboard
            - /run/docker.sock:/other.sock
    `);
    expect(patchesFor(plan, "docker-socket-mount")).toMatchObject([
      { op: "remove", value: { target: "/other.sock" } },
    ]);
    expect(stepsFor(plan, "read-only-rootfs")).toEqual([]);
    expect(plan.failing).not.toContain("read-only-rootfs");
  });
});
