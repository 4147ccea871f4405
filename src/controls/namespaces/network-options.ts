import type { Container } from "../../model/container.ts";
import type { NetworkDefinition } from "../../model/container-values.ts";
import type { OpenFact } from "../../model/fact.ts";
import {
  harmlessNetworkOptions,
  isLoopbackBinding,
  isPrivateRange,
} from "../../model/host/network-options.ts";
import type { Origin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import { combine, fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { dockerOnly, judgeOptions } from "../engine/docker-only.ts";

interface Problem {
  readonly severity: Severity;
  readonly message: string;
  readonly evidence: string;
}

export const networkOptions: Control = {
  id: "network-options",
  title: "A network opens its containers to others",
  why: "Docker's bridge keeps other machines away from ports that are not published. A `macvlan` or `ipvlan` network puts its containers on the host's own segment instead, past those rules. `gateway_mode_ipv4: nat-unprotected` and `trusted_host_interfaces` take the rules away. dockerd's own options (`iptables: false`, `allow-direct-routing`, `default-network-opts`) do so for every network. A network driver of a plugin decides by itself, and runs as root. A range of public addresses takes the traffic of the machines that own them.",
  row: "2.12",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1046", "T1021"],
  cwe: [653, 923],
  where: ["F", "A", "J", "E"],
  references: [
    "https://docs.docker.com/engine/network/drivers/bridge/#options",
    "https://docs.docker.com/engine/network/packet-filtering-firewalls/#gateway-modes",
    "https://docs.docker.com/engine/network/drivers/macvlan/",
    "https://docs.docker.com/reference/compose-file/networks/#driver_opts",
    "https://docs.docker.com/reference/cli/dockerd/#default-network-options",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "iptables": false }\n' },
      { syntax: "daemon.json", text: '{ "ip6tables": false }\n' },
      { syntax: "daemon.json", text: '{ "allow-direct-routing": true }\n' },
      { syntax: "dockerd", text: "dockerd --ip-forward-no-drop" },
      {
        syntax: "daemon.json",
        text: '{ "default-network-opts": { "bridge": { "com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected" } } }\n',
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    networks: [lan]\nnetworks:\n  lan:\n    driver: macvlan\n    driver_opts:\n      parent: eth0\n",
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\nnetworks:\n  default:\n    driver_opts:\n      com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected\n",
      },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "iptables": true, "allow-direct-routing": false }\n' },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    networks: [back]\nnetworks:\n  back:\n    internal: true\n    driver_opts:\n      com.docker.network.driver.mtu: 1400\n",
      },
    ],
  },
  check: {
    engine: dockerOnly((engine) =>
      judgeOptions(engine, {
        "default-network-opts": (text, origins) => {
          const [, name = "", value = ""] = /^[^=]*=([^=]*)=(.*)$/s.exec(text) ?? [];
          return combine(
            ofOption(name, value).map(({ severity, message, evidence }) =>
              fail(`gives every new network an option that ${message}`, {
                ...{ origins, severity, evidence, observed: evidence },
              }),
            ),
          );
        },
        ...switchedTo("true", "low", {
          "allow-direct-routing":
            "lets other machines reach published ports by the container's own address, whatever address they are published on",
          "ip-forward-no-drop":
            "turns on IP forwarding and does not drop what it forwards: the host then routes between all of its networks, those of the containers among them",
        }),
        ...switchedTo("false", "medium", {
          iptables:
            "writes no firewall rules: containers of different networks reach one another, and other machines reach ports that are not published",
          ip6tables:
            "writes no firewall rules for IPv6: containers of different networks reach one another, and other machines reach ports that are not published",
        }),
      }),
    ),
    container(container, { source }) {
      return combine(
        container.networkDefinitions.map((item) => {
          if (item.state !== "set") return openVerdict(item, container, source);
          const problems = problemsOf(item.value);
          if (problems.length === 0) return pass();
          return combine(
            problems.map(({ severity, message, evidence }) =>
              fail(`joins the network ${item.value.network}, which ${message}`, {
                origins: item.origins,
                severity,
                evidence: `${item.value.network} ${evidence}`,
                observed: evidence,
              }),
            ),
          );
        }),
      );
    },
  },
  remedy: {
    engine: () =>
      manual(
        "Take the option out, and publish the ports that other machines need on the addresses that they use.",
      ),
    container: () =>
      manual("Use a bridge network without these options, and publish the ports that others need."),
  },
};

function switchedTo(bad: string, severity: Severity, messages: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [
      name,
      (value: string, origins: readonly Origin[]) =>
        value === bad
          ? fail(message, { origins, severity, evidence: name, observed: `${name}: ${value}` })
          : pass(`${name}: ${value}`),
    ]),
  );
}

/** What files leave to `docker network create` is not theirs to say: an audit of the Engine judges it. */
function openVerdict(open: OpenFact, { networkMode, networks }: Container, source: string): Verdict {
  if (open.state !== "unseen") return unknownFact(open);
  const isOwn =
    networkMode.state === "unset" || (networkMode.state === "set" && networkMode.value.mode !== "network");
  if (isOwn && networks.length === 0) return pass();
  return source === "engine-api" ? unknownFact(open) : notApplicable(open.reason);
}

const onTheSegment: ReadonlySet<string> = new Set(["macvlan", "ipvlan"]);

function problemsOf({ driver = "", options, addressDriver, subnets }: NetworkDefinition): readonly Problem[] {
  if (onTheSegment.has(driver)) {
    const message = `is a ${driver} network: its containers are on the host's own segment, past Docker's firewall rules`;
    return [{ severity: "low", message, evidence: driver }];
  }
  const isBuiltIn = ["", "default", "bridge", "overlay", "host", "none", "null"].includes(driver);
  const plugins = [isBuiltIn ? undefined : driver, addressDriver].filter((name) => name !== undefined);
  return [
    ...plugins.map((name) => ({
      severity: "low" as const,
      message: `uses the driver ${name}: a plugin that runs as root decides what it does`,
      evidence: name,
    })),
    ...(driver === "overlay" ? [] : options.flatMap(({ name, value }) => ofOption(name, value))),
    ...subnets
      .filter((subnet) => !isPrivateRange(subnet) && !isChosenByDocker(subnet))
      .map((subnet) => ({
        severity: "low" as const,
        message: `takes the addresses ${subnet}, which are not private: the host sends to a container what is meant for their owners`,
        evidence: subnet,
      })),
  ];
}

/** `0.0.0.0/24` asks Docker for a range of that size. */
function isChosenByDocker(subnet: string): boolean {
  return /^(?:0\.0\.0\.0|::)\//.test(subnet);
}

const bridge = "com.docker.network.bridge.";

function ofOption(name: string, value: string): readonly Problem[] {
  if (harmlessNetworkOptions.has(name) || isLoopbackBinding(name, value)) return [];
  const evidence = `${name}=${value}`;
  if (name.startsWith(`${bridge}gateway_mode_`)) {
    if (value === "nat" || value === "isolated" || value === "") return [];
    const message =
      value === "nat-unprotected"
        ? "lets other machines reach every port of its containers, published or not"
        : "is routed: other machines reach the published ports by the container's own address";
    return [{ severity: value === "nat-unprotected" ? "medium" : "info", message, evidence }];
  }
  if (name === `${bridge}trusted_host_interfaces`) {
    const message = `lets anyone who comes in by ${value} reach its containers past Docker's firewall rules`;
    return [{ severity: "low", message, evidence }];
  }
  if (name === `${bridge}name`) {
    const message = `uses the bridge ${value}: if the host has one of that name already, its containers join what is on it`;
    return [{ severity: "info", message, evidence }];
  }
  return [{ severity: "info", message: `sets ${name}, which can open it to others`, evidence }];
}
