import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { hostCgroupNamespace } from "./host-cgroup-namespace.ts";

const version1 = { context: { engine: engine("configured", { cgroupVersion: set(1) }) } };
const version2 = { context: { engine: engine("configured", { cgroupVersion: set(2) }) } };
const privateDefault = {
  context: {
    engine: engine("configured", { cgroupVersion: set(1), defaultCgroupnsMode: set("private") }),
  },
};

testControl(hostCgroupNamespace, {
  fails: [
    run("docker run --cgroupns=host ubuntu"),
    run("docker run --cgroupns=host ubuntu", version1),
    run("docker run ubuntu", { ...version1, severity: "info", message: /this engine's default/ }),
    compose("services: { a: { image: ubuntu, cgroup: host } }"),
    inspect({ HostConfig: { CgroupnsMode: "host" } }, version2),
    inspect({ HostConfig: { CgroupnsMode: "host" } }, { ...version1, severity: "info" }),
    inspect({ HostConfig: { CgroupnsMode: "host" } }, privateDefault),
    view(
      "the kernel sees the host's on cgroup v1",
      container("effective", { cgroupnsMode: set({ mode: "host" }) }),
      { ...version1, severity: "info" },
    ),
  ],
  passes: [
    run("docker run ubuntu"),
    run("docker run ubuntu", version2),
    run("docker run ubuntu", privateDefault),
    run("docker run --cgroupns=private ubuntu", version1),
    inspect({ HostConfig: { CgroupnsMode: "private" } }, version1),
  ],
  unknown: [compose("services: { a: { image: ubuntu, cgroup: '${CG:?}' } }")],
});
