import { expect, test } from "vitest";
import { ci, compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { containerFromRun } from "../../../test/support/subjects.ts";
import { bareContext } from "../control.ts";
import { publishedPort } from "./published-port.ts";

testControl(publishedPort, {
  fails: [
    run("docker run -p 8080:80 nginx", { message: /publishes 8080/ }),
    run("docker run -p 80 nginx", { message: /a free port/ }),
    run("docker run -p 0.0.0.0:80:80 nginx"),
    run("docker run -p '[::]:80:80' nginx"),
    run("docker run -p :80:80 nginx"),
    run("docker run -p 127.0.0.1:80:80 -p 443:443/udp nginx", { message: /443\/udp/ }),
    inspect({ HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.300", HostPort: "80" }] } } }),
    run("docker run -P nginx", { message: /-P/ }),
    run("docker run -p 5432:5432 postgres", { severity: "high", message: /PostgreSQL/ }),
    run("docker run -p 6379:6379 redis", {
      severity: "high",
      message: /Redis, which asks for no password by default/,
    }),
    run("docker run -p 6379:6379 redis redis-server --requirepass x1", {
      severity: "high",
      message: /reaches Redis, past/,
    }),
    run("docker run -p 8000:8000 vllm/vllm-openai:v0.6.3", { severity: "high" }),
    run("docker run -p 16379:6379 team/cache", { severity: "high", message: /Redis/ }),
    run("docker run -p 8080:8080 adminer:5", { severity: "high", message: /Adminer/ }),
    run("docker run -p 9443:9443 portainer/portainer-ce:2.21", { severity: "high" }),
    run("docker run -p 6379:6379/udp team/x"),
    // A database that a workflow starts for one job.
    ci(
      "github-actions",
      "jobs: { a: { steps: [], services: { db: { image: postgres, ports: ['5432:5432'] } } } }",
      {
        severity: "low",
        message: /while the job runs, everyone who reaches that machine reaches PostgreSQL/,
      },
    ),
    compose("services: { web: { image: nginx, ports: ['8000-8010:80-90'] } }"),
    compose("services: { web: { image: nginx, ports: [80] } }"),
    compose("services: { web: { image: nginx, ports: [{ target: 80, published: '80', host_ip: '' }] } }"),
    inspect({ HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "80" }] } } }),
    inspect({ HostConfig: { PublishAllPorts: true } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --expose 80 nginx"),
    run("docker run -p 127.0.0.1:80:80 -p '[::1]:80:80' -p 127.0.0.1::81 nginx"),
    run("docker run -p 192.168.1.4:80:80 nginx"),
    compose("services: { web: { image: nginx, expose: [80], ports: ['127.0.0.1:80:80'] } }"),
    inspect({ HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "80" }] } } }),
  ],
  unknown: [compose("services: { web: { image: nginx, ports: ['${PORT:?}:80'] } }")],
  notApplicable: [
    run("docker run --net=host -p 80:80 nginx"),
    run("docker run --net=none -P nginx"),
    compose(
      "services: { web: { image: nginx, network_mode: 'service:vpn', ports: ['80:80'] }, vpn: { image: x } }",
    ),
  ],
});

test("the remedy binds to the loopback address of the same family, except where Swarm cannot", () => {
  const judged = containerFromRun("docker run -P -p 80:80 -p [::]:81:81 -p 127.0.0.1:82:82 nginx");
  const remedy = publishedPort.remedy.container?.(judged, bareContext("run-command"));
  expect(remedy?.patches).toMatchObject([
    { field: "publishAllPorts", value: false },
    { with: { hostIp: "127.0.0.1", hostPort: "80" } },
    { with: { hostIp: "::1", hostPort: "81" } },
  ]);
  expect(publishedPort.remedy.container?.(judged, bareContext("swarm")).kind).toBe("manual");
});
