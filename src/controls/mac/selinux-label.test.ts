import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { selinuxLabel } from "./selinux-label.ts";

const runs = { engine: engine("configured", { kernelLsm: set(["selinux"]), selinuxEnabled: set(true) }) };
const lacks = { engine: engine("configured", { kernelLsm: set(["apparmor"]) }) };
const label = (type: string, disable: boolean, implied = false) =>
  container("effective", {
    selinux: set({ disable, implied, type, user: "system_u", role: "system_r", level: "s0:c1,c2" }),
  });

testControl(selinuxLabel, {
  fails: [
    run("docker run --security-opt label=disable alpine"),
    run("docker run --security-opt label:disable alpine", { message: /label=disable/ }),
    run("docker run --security-opt label=type:spc_t alpine", { message: /spc_t/ }),
    compose("services: { web: { image: nginx, security_opt: ['label:disable'] } }"),
    inspect({ HostConfig: { SecurityOpt: ["label=disable"] } }, { context: runs }),
    view("kernel: spc_t", label("spc_t", true)),
  ],
  passes: [
    run("docker run alpine"),
    run("docker run --security-opt label=level:s0:c100,c200 alpine"),
    run("docker run --pid=host --security-opt label=level:s0:c100,c200 alpine"),
    run(
      "docker run --security-opt label:user:U --security-opt label:role:R --security-opt label:type:T alpine",
    ),
    compose("services: { web: { image: nginx } }"),
    view("kernel: container_t", label("container_t", false)),
  ],
  unknown: [
    view("unreadable", container("effective", { selinux: unresolved("attr/current cannot be read") })),
  ],
  notApplicable: [
    inspect({ HostConfig: { SecurityOpt: ["label=disable"] } }, { context: lacks }),
    inspect({ HostConfig: { PidMode: "host", SecurityOpt: ["label=disable"] } }, { context: runs }),
    run("docker run --privileged alpine"),
    run("docker run --pid=host alpine"),
    compose("services: { web: { image: nginx, ipc: host } }"),
    view("kernel: none", container("effective")),
    view("the Engine uses none", label("unconfined_t", true), {
      context: { ...lacks, configured: container("configured") },
    }),
    view("kernel: implied", label("spc_t", true, true)),
  ],
});
