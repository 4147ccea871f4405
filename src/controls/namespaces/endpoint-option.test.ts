import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { endpointOption } from "./endpoint-option.ts";

const sysctls = "com.docker.network.endpoint.sysctls";
const joined = (options: string) =>
  `services: { a: { image: nginx, networks: { back: { driver_opts: ${options} } } } }\nnetworks: { back: }\n`;

testControl(endpointOption, {
  fails: [
    run(`docker run --network name=back,driver-opt=${sysctls}=net.ipv4.conf.IFNAME.forwarding=1 nginx`, {
      message: /net\.ipv4\.conf\.ifname\.forwarding=1 on the network back/,
    }),
    run(`docker run --network 'name=back,"driver-opt=${sysctls}=a=1,b=2"' nginx`, {
      message: /sets a=1,b=2/,
    }),
    compose(joined(`{ ${sysctls}: net.ipv4.conf.IFNAME.accept_redirects=1 }`)),
    compose(joined("{ com.example.plugin: x }"), { message: /depends on the driver/ }),
    inspect({ NetworkSettings: { Networks: { back: { DriverOpts: { [sysctls]: "a=1" } } } } }),
  ],
  passes: [
    run("docker run --network name=back,alias=a nginx"),
    compose(joined("{ com.docker.network.endpoint.ifname: eth7 }")),
    inspect({ NetworkSettings: { Networks: { back: { DriverOpts: null } } } }),
  ],
  unknown: [compose(joined("{ com.example.plugin: '${UNSET:?}' }"))],
});
