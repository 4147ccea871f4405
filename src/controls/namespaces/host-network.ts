import type { Control } from "../control.ts";
import { judgeHostNamespace } from "./host-namespace.ts";

export const hostNetwork: Control = {
  id: "host-network",
  title: "The container uses the host's network",
  why: "In the host's network namespace there is no wall between the container and the host: it reaches every service that listens on the host's loopback (databases, metadata agents, the X server, abstract sockets of containerd), listens on any of the host's ports, and with NET_RAW reads the traffic of the host. Published ports mean nothing there. Where two workloads must share a network, share one container's with the other.",
  row: "2.12",
  severity: "high",
  guard: "deny",
  cis: ["5.10"],
  attack: ["T1046", "T1040", "T1557"],
  cwe: [653, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/network/drivers/host/",
    "https://docs.docker.com/engine/network/#container-networks",
    "https://man7.org/linux/man-pages/man7/network_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --net=host nginx" },
      {
        syntax: "compose",
        text: "services:\n  sidecar:\n    image: example/sidecar\n    network_mode: service:agent\n  agent:\n    image: example/agent\n    network_mode: host\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run -p 127.0.0.1:8080:80 nginx" },
      {
        syntax: "compose",
        text: "services:\n  debug:\n    image: example/debug\n    network_mode: service:http\n  http:\n    image: nginx\n",
      },
    ],
  },
  check: {
    container: (container, context) =>
      judgeHostNamespace(container, "networkMode", context, {
        name: "the host's network",
        reach: "reach every service on the host's loopback and listen on any of the host's ports",
      }),
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary:
        "Give it its own network and publish the ports that it serves (`-p 127.0.0.1:8080:8080`); where it must share, share only the container that needs it (`--network container:NAME`, `network_mode: service:NAME`).",
      patches: [{ op: "unset", field: "networkMode" }],
      breaks:
        "Its ports are no longer reachable until they are published, `localhost` in it is no longer the host (use `host.docker.internal` with `--add-host host.docker.internal:host-gateway`), and broadcast or multicast discovery stops working.",
    }),
  },
};
