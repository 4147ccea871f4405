import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { process } from "../../../test/support/processes.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { cgroupParent } from "./cgroup-parent.ts";

const own = engine("configured", { cgroupParent: set("/tenants") });

testControl(cgroupParent, {
  fails: [
    run("docker run --cgroup-parent /batch nginx", {
      message: /the cgroup \/batch instead of the engine's own/,
    }),
    run("docker run --cgroup-parent /docker/../batch nginx"),
    run("docker run --cgroup-parent /dockers nginx"),
    run("docker run --cgroup-parent /docker nginx", { context: { engine: own } }),
    compose("services: { web: { image: nginx, cgroup_parent: m-executor-abcd } }"),
    inspect({ HostConfig: { CgroupParent: "/" } }),
    view("kernel: elsewhere", container("effective", { cgroupParent: set("/kubepods") })),
    view(
      "kernel: a process that was moved",
      container("effective", { processes: [process(), process({ strayCgroup: set("memory:/") })] }),
      { message: /^nginx \(4242\) was moved out of the container's cgroup, to memory:\/: / },
    ),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --cgroup-parent= nginx"),
    run("docker run --cgroup-parent docker nginx"),
    run("docker run --cgroup-parent /docker/web nginx"),
    run("docker run --cgroup-parent system.slice nginx"),
    run("docker run --cgroup-parent /tenants/a nginx", { context: { engine: own } }),
    inspect({ HostConfig: { CgroupParent: "" } }),
    ...["/libpod_parent", "machine.slice", "user.slice"].map((CgroupParent) =>
      inspect(
        { HostConfig: { CgroupParent } },
        { context: { engine: engine("configured", { product: set("podman") }) } },
      ),
    ),
    view("kernel: the usual one", container("effective", { processes: [process()] })),
  ],
  unknown: [
    view(
      "an unset variable",
      container("declared", { cgroupParent: unresolved("the variable P is not set") }),
    ),
  ],
});
