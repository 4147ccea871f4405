import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { runningNamed } from "../../../test/support/running.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { cpuLimit } from "./cpu-limit.ts";

const twoCpus = engine("configured", { cpus: set(2) });
const light = container("configured", { cpuShares: set(768) });
const heavy = container("configured", { cpuShares: set(2048) });

testControl(cpuLimit, {
  fails: [
    run("docker run nginx", { message: /every CPU/ }),
    run("docker run --cpu-shares 1024 nginx", { message: /no CPU limit \(1024 shares are none\)/ }),
    run("docker run --cpus 0 --cpu-quota -1 nginx"),
    compose("services: { web: { image: nginx, cpu_shares: 262144 } }"),
    compose("services: { web: { image: nginx, deploy: { resources: { reservations: { cpus: '1' } } } } }"),
    inspect({ HostConfig: { NanoCpus: 0, CpuShares: 0, CpuQuota: 0, CpusetCpus: "" } }),
    view("kernel: quota 0, shares 1024", container("effective", { cpuQuota: set(0), cpuShares: set(1024) })),
    view("as many CPUs as the host has", container("configured", { nanoCpus: set(2e9) }), {
      context: { engine: twoCpus },
      message: /no CPU limit \(2 CPUs are all that the host has\)/,
    }),
    view("a quota of more", container("effective", { cpuQuota: set(400_000) }), {
      context: { engine: twoCpus },
    }),
    view("a list of all CPUs", container("configured", { cpusetCpus: set("0-999999999") }), {
      context: { engine: twoCpus },
      message: /CPUs 0-999999999 are all/,
    }),
    view("2048 beside 768", heavy, {
      context: { running: runningNamed({ light, heavy }) },
      message: /72\.73 % of the CPU under full contention/,
    }),
  ],
  passes: [
    run("docker run --cpus 0.5 nginx", { message: /at most 0.5 CPUs/ }),
    run("docker run --cpu-quota 50000 nginx", { message: /at most 0.5 CPUs/ }),
    run("docker run --cpuset-cpus 0 --cpu-shares 768 nginx", { message: /CPUs 0/ }),
    run("docker run --cpu-shares 768 nginx", { message: /felt only under contention/ }),
    compose("services: { web: { image: nginx, deploy: { resources: { limits: { cpus: '0.25' } } } } }"),
    compose("services: { web: { image: nginx, cpus: 1.5 } }"),
    inspect({ HostConfig: { NanoCpus: 500000000 } }),
    view(
      "kernel: an ancestor's quota",
      container("effective", { cpuQuota: set(20_000), cpuPeriod: set(10_000) }),
    ),
    view("fewer CPUs than the host has", container("configured", { nanoCpus: set(1.5e9) }), {
      context: { engine: twoCpus },
    }),
    view("one of two CPUs", container("configured", { nanoCpus: set(2e9), cpusetCpus: set("1") }), {
      context: { engine: twoCpus },
      message: /CPUs 1/,
    }),
    view("768 beside 2048", light, {
      context: { running: runningNamed({ light, heavy }) },
      message: /27\.27 % of the CPU under full contention/,
    }),
  ],
  unknown: [
    view(
      "an unset variable",
      container("declared", { nanoCpus: unresolved("the variable CPUS is not set") }),
    ),
  ],
});
