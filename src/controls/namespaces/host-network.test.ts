import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { hostNetwork } from "./host-network.ts";

const onHost = container("configured", { networkMode: set({ mode: "host" }) });

testControl(hostNetwork, {
  fails: [
    run("docker run --net=host nginx"),
    run("docker run --network host nginx"),
    run("docker run --network container:agent nginx", {
      context: { peer: () => onHost },
      message: /joins agent, which runs in the host's network/,
    }),
    compose("services: { web: { image: nginx, network_mode: host } }"),
    compose(
      `services:
        web: { image: nginx, network_mode: "container:agent-1" }
        agent: { image: nginx, container_name: agent-1, network_mode: host }`,
      { message: /joins agent, which runs in/ },
    ),
    compose(`
      services:
        web: { image: nginx, network_mode: "service:middle" }
        middle: { image: nginx, network_mode: "service:agent" }
        agent: { image: nginx, network_mode: host }
    `),
    inspect({ HostConfig: { NetworkMode: "host" } }),
    view(
      "the kernel sees the host's namespace",
      container("effective", { networkMode: set({ mode: "host" }, { kernel: "/proc/7/ns/net" }) }),
    ),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --network none nginx"),
    run("docker run --network hostile nginx"),
    run("docker run --net=bridge -p 80:80 nginx"),
    compose(`
      services:
        web: { image: nginx, network_mode: "service:http" }
        http: { image: nginx }
    `),
    inspect({ HostConfig: { NetworkMode: "default" } }),
  ],
  unknown: [
    run("docker run --network container:other nginx", { message: /container:other/ }),
    compose("services: { web: { image: nginx, network_mode: '${MODE:?}' } }"),
    view(
      "an unreadable reference",
      container("effective", { networkMode: unresolved("the engine's own namespace cannot be read") }),
    ),
  ],
});
