import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import type { Process } from "../../model/container/process.ts";
import { container } from "../../model/container.ts";
import { type Fact, set, unresolved, unset } from "../../model/fact.ts";
import { hostPid } from "./host-pid.ts";

/** A view whose reader saw processes and named no mode. */
function seen(...shares: readonly Fact<boolean>[]) {
  return container("effective", { processes: shares.map((share) => processSharing(share)) });
}

function processSharing(pid: Fact<boolean>): Process {
  const no = set(false);
  return {
    pid: 7,
    name: "sleep",
    role: "init",
    uid: unset,
    gid: unset,
    hostUid: unset,
    capEffective: unset,
    capPermitted: unset,
    capBounding: unset,
    capAmbient: unset,
    seccomp: unset,
    noNewPrivs: unset,
    lsmLabel: unset,
    sharesHost: { net: no, pid, ipc: no, uts: no, cgroup: no, user: no, mnt: no },
  };
}

testControl(hostPid, {
  fails: [
    run("docker run --pid=host ubuntu"),
    run("docker run --pid container:top ubuntu", {
      context: { peer: () => container("configured", { pidMode: set({ mode: "host" }) }) },
    }),
    compose("services: { top: { image: ubuntu, pid: host } }"),
    inspect({ HostConfig: { PidMode: "host" } }),
    view("one of its processes is in the host's", seen(set(false), set(true))),
  ],
  passes: [
    run("docker run ubuntu"),
    run("docker run --net=host --ipc=host --uts=host ubuntu"),
    compose(`
      services:
        strace: { image: ubuntu, pid: "service:http" }
        http: { image: nginx }
    `),
    inspect({ HostConfig: { PidMode: "" } }),
    view("none of its processes is in the host's", seen(set(false), set(false))),
  ],
  unknown: [
    run("docker run --pid container:http ubuntu"),
    view("a process that cannot be read", seen(set(false), unresolved("it cannot be read"))),
  ],
});
