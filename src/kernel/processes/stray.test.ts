import { describe, expect, it } from "vitest";
import { process } from "../../../test/support/processes.ts";
import { parseCgroup } from "../cgroups/tree.ts";
import { layHost, status } from "../testing/recorded-host.ts";
import { withStrays } from "./roles.ts";

const id = "4f".repeat(32);
const v1 = (memory: string, pids = memory) =>
  `9:name=systemd:/\n8:memory:${memory}\n7:pids:${pids}\n6:cpu,cpuacct:/docker/${id}\n0::/\n`;

function strays(init: string, child: string, role: "child" | "entered" = "child") {
  const recorded = (pid: number, cgroup: string) => ({
    pid,
    cgroup,
    status: status({ name: "sh", pid, ppid: 1 }),
    namespaces: {},
  });
  const { proc } = layHost({ processes: [recorded(10, init), recorded(11, child)], cgroup: {} });
  const both = [process({ pid: 10 }), process({ pid: 11, role })];
  return withStrays(both, { id, pid: 10, membership: parseCgroup(init) }, proc).map(
    ({ strayCgroup }) => strayCgroup?.value,
  );
}

describe("cgroup v1", () => {
  it("processes in the container's own cgroup, or one below, are no strays", () => {
    expect(strays(v1(`/docker/${id}`), v1(`/docker/${id}/below`))).toEqual([undefined, undefined]);
  });

  it("one hierarchy is enough, and is named", () => {
    expect(strays(v1(`/docker/${id}`), v1("/", `/docker/${id}`))).toEqual([undefined, "memory:/"]);
    expect(strays(v1(`/docker/${id}`), v1("/batch"))).toEqual([undefined, "memory:/batch, pids:/batch"]);
  });

  it("the first process counts, too", () => {
    expect(strays(v1("/"), v1(`/docker/${id}`))).toEqual(["memory:/, pids:/", undefined]);
  });
});

describe("cgroup v2", () => {
  const scope = `0::/system.slice/docker-${id}.scope\n`;

  it("tells who stands elsewhere", () => {
    expect(strays(scope, scope)).toEqual([undefined, undefined]);
    expect(strays(scope, "0::/\n")).toEqual([undefined, ":/"]);
    expect(strays("0::/user.slice\n", scope)).toEqual([":/user.slice", undefined]);
  });

  it("who came in from outside never stood there", () => {
    expect(strays(scope, "0::/\n", "entered")).toEqual([undefined, undefined]);
  });

  it("an engine that makes no cgroups leaves nothing to tell", () => {
    expect(strays("0::/init.scope\n", "0::/\n")).toEqual([undefined, undefined]);
  });
});
