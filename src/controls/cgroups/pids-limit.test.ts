import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { pidsLimit } from "./pids-limit.ts";

testControl(pidsLimit, {
  fails: [
    run("docker run nginx", { message: /has no pids limit/ }),
    run("docker run --pids-limit 0 nginx", { message: /pids-limit 0, which is none/ }),
    run("docker run --pids-limit=-1 nginx"),
    run("docker run --ulimit nproc=100 nginx"),
    compose("services: { web: { image: nginx, pids_limit: -1 } }"),
    inspect({ HostConfig: { PidsLimit: null } }),
    inspect({ HostConfig: { PidsLimit: 0 } }),
    view("kernel: max", container("effective", { pidsLimit: set(0) })),
  ],
  passes: [
    run("docker run --pids-limit 200 nginx", { message: /200 processes/ }),
    compose("services: { web: { image: nginx, pids_limit: 50 } }"),
    compose("services: { web: { image: nginx, deploy: { resources: { limits: { pids: 50 } } } } }"),
    inspect({ HostConfig: { PidsLimit: 200 } }),
    view("kernel: an ancestor's", container("effective", { pidsLimit: set(512) })),
  ],
  unknown: [view("unreadable", container("effective", { pidsLimit: unresolved("pids.max cannot be read") }))],
});
