import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { ioLimit } from "./io-limit.ts";

testControl(ioLimit, {
  fails: [
    run("docker run postgres"),
    run("docker run --blkio-weight 0 postgres"),
    compose("services: { db: { image: postgres, blkio_config: { weight: 0 } } }"),
    inspect({ HostConfig: { BlkioWeight: 0, BlkioDeviceReadIOps: null } }),
    view("kernel: the default weight", container("effective", { blkioWeight: set(0) })),
  ],
  passes: [
    run("docker run --device-read-iops /dev/sda:1000 postgres", { message: /read-iops 1000 on \/dev\/sda/ }),
    run("docker run --device-write-bps /dev/sda:1mb postgres"),
    run("docker run --blkio-weight 300 postgres", { message: /only under contention/ }),
    compose(`
      services:
        db:
          image: postgres
          blkio_config:
            device_write_iops:
              - { path: /dev/sda, rate: 100 }
    `),
    inspect({ HostConfig: { BlkioDeviceReadIOps: [{ Path: "/dev/sda", Rate: 10 }] } }),
    view(
      "kernel: a throttle",
      container("effective", {
        blkioDeviceLimits: [set({ kind: "write-bps", path: "/dev/vda", rate: 1024 })],
      }),
    ),
  ],
  unknown: [
    view(
      "an unset variable",
      container("declared", { blkioWeight: unresolved("the variable W is not set") }),
    ),
  ],
});
