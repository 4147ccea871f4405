import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { hostPid } from "./host-pid.ts";

testControl(hostPid, {
  fails: [
    run("docker run --pid=host ubuntu"),
    run("docker run --pid container:top ubuntu", {
      context: { peer: () => container("configured", { pidMode: set({ mode: "host" }) }) },
    }),
    compose("services: { top: { image: ubuntu, pid: host } }"),
    inspect({ HostConfig: { PidMode: "host" } }),
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
  ],
  unknown: [run("docker run --pid container:http ubuntu")],
});
