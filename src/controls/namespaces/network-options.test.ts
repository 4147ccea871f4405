import { compose, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unseen } from "../../model/fact.ts";
import { networkOptions } from "./network-options.ts";

const joined = (network: string) =>
  `services: { a: { image: nginx, networks: [net] } }\nnetworks: { net: ${network} }\n`;
const option = (name: string, value: string) =>
  joined(`{ driver_opts: { com.docker.network.bridge.${name}: '${value}' } }`);

const live = container("configured", {
  networkDefinitions: [
    set({
      network: "lan",
      driver: "ipvlan",
      options: [{ name: "parent", value: "eth0" }],
      addressDriver: undefined,
      subnets: ["192.168.1.0/24"],
    }),
  ],
});

testControl(networkOptions, {
  fails: [
    compose(joined("{ driver: macvlan, driver_opts: { parent: eth0 } }"), { message: /host's own segment/ }),
    compose(joined("{ driver: weave }"), { message: /plugin/ }),
    compose(joined("{ ipam: { driver: infoblox } }"), { message: /driver infoblox: a plugin/ }),
    compose(joined("{ ipam: { config: [{ subnet: 8.8.8.0/24 }] } }"), { message: /8\.8\.8\.0\/24/ }),
    compose(option("gateway_mode_ipv4", "nat-unprotected"), { severity: "medium" }),
    compose(option("gateway_mode_ipv6", "routed"), { severity: "info" }),
    compose(option("trusted_host_interfaces", "eth1"), { message: /comes in by eth1/ }),
    compose(option("name", "br0"), { severity: "info" }),
    compose(option("host_binding_ipv4", "0.0.0.0"), { severity: "info" }),
    compose("services: { a: { image: nginx } }\nnetworks: { default: { driver: ipvlan } }\n"),
    view("an ipvlan network of the Engine", live),
  ],
  passes: [
    compose(joined("{ internal: true, ipam: { driver: default, config: [{ subnet: 10.9.0.0/16 }] } }")),
    compose(option("gateway_mode_ipv4", "isolated")),
    compose(option("host_binding_ipv4", "127.0.0.1")),
    compose(
      "services: { a: { image: nginx, network_mode: host } }\nnetworks: { default: { driver: ipvlan } }\n",
    ),
    compose(joined("{ driver: overlay, driver_opts: { encrypted: '' } }")),
    run("docker run nginx"),
    run("docker run --network host nginx"),
  ],
  unknown: [
    compose(joined("{ driver: '${DRIVER:?}' }")),
    compose(
      "services: { a: { image: nginx, networks: ['${NET:?}'] } }\nnetworks: { lan: { driver: macvlan } }\n",
    ),
    view(
      "a request that joins a network",
      container("configured", { networks: [set("lan")], networkDefinitions: [unseen("nobody looked")] }),
    ),
  ],
  notApplicable: [run("docker run --network lan nginx"), compose(joined("{ external: true }"))],
});
