import { compose, run, testControl } from "../../../test/support/control-table.ts";
import { dockerSocketProxy } from "./docker-socket-proxy.ts";

const proxy = (image: string, more: string) => `services: { p: { image: '${image}', ${more} } }`;

testControl(dockerSocketProxy, {
  fails: [
    compose(proxy("tecnativa/docker-socket-proxy", "environment: { POST: 1 }, ports: ['2375:2375']"), {
      severity: "critical",
    }),
    compose(proxy("ghcr.io/tecnativa/docker-socket-proxy:0.3", "environment: [POST=1], ports: [2375]"), {
      severity: "critical",
    }),
    compose(
      proxy("wollomatic/socket-proxy:1", "command: ['-allowPOST=/v1..{1,2}/.*'], ports: ['2375:2375']"),
      { severity: "critical" },
    ),
    compose(proxy("lscr.io/linuxserver/socket-proxy:1", "environment: [CONTAINERS=1], ports: ['2375:2375']")),
    compose(proxy("tecnativa/docker-socket-proxy", "environment: { POST: 1 }, network_mode: host"), {
      severity: "critical",
    }),
    compose(proxy("tecnativa/docker-socket-proxy", "environment: { POST: '1' }"), { severity: "medium" }),
    run("docker run -e POST=1 -p 2375:2375 tecnativa/docker-socket-proxy", { severity: "critical" }),
  ],
  passes: [
    compose(proxy("tecnativa/docker-socket-proxy", "environment: { CONTAINERS: 1, POST: 0 }")),
    compose(
      proxy("tecnativa/docker-socket-proxy", "environment: { POST: 0 }, ports: ['127.0.0.1:2375:2375']"),
    ),
    run("docker run -e POST=1 -p 80:80 nginx"),
  ],
});
