import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { sharedNamespace } from "./shared-namespace.ts";

const privileged = { context: { peer: () => container("configured", { privileged: set(true) }) } };
const plain = { context: { peer: () => container("configured") } };

testControl(sharedNamespace, {
  fails: [
    run("docker run --net=container:agent ubuntu", { ...privileged, message: /agent, which is privileged/ }),
    run("docker run --pid=container:agent ubuntu", privileged),
    run("docker run --ipc=container:agent ubuntu", privileged),
    compose(`
      services:
        a: { image: ubuntu, network_mode: "service:b" }
        b: { image: ubuntu, network_mode: "service:c" }
        c: { image: ubuntu, network_mode: host }
    `),
    compose(
      `
      services:
        a: { image: ubuntu, pid: "service:b" }
        b: { image: ubuntu, network_mode: host }
    `,
      { message: /host's network namespace/ },
    ),
    inspect({ HostConfig: { PidMode: "container:agent" } }, privileged),
  ],
  passes: [
    run("docker run ubuntu"),
    run("docker run --privileged --net=host ubuntu"),
    view(
      "in the kernel, where the peer is in it too",
      container("effective", { networkMode: set({ mode: "host" }) }),
      {
        message: /network host/,
      },
    ),
    run("docker run --net=container:http --pid=container:http ubuntu", plain),
    compose(`
      services:
        a: { image: ubuntu, network_mode: "service:b" }
        b: { image: ubuntu, pid: host }
    `),
    compose(`
      services:
        a: { image: ubuntu, network_mode: "service:b" }
        b: { image: ubuntu, network_mode: "service:a" }
    `),
  ],
  unknown: [
    run("docker run --net=container:elsewhere ubuntu", { message: /container:elsewhere/ }),
    run("docker run --net=container:agent ubuntu", {
      context: { peer: () => container("declared", { privileged: unresolved("the variable P is not set") }) },
      message: /variable P/,
    }),
  ],
});
