import { originsOf, setItems } from "../../model/fact.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { undecided } from "../undecided.ts";
import { whereInForce } from "./limits.ts";

export const ioLimit: Control = {
  id: "io-limit",
  title: "The disk I/O is not limited",
  why: "One container that copies, compacts or logs without end keeps the disk so busy that its neighbours, and the host, wait seconds for each read. --device-read-iops, --device-write-iops and the -bps pair cap it for a device; --blkio-weight makes it give way, and only where the kernel's I/O scheduler knows weights (elsewhere the Engine drops it with a warning).",
  row: "2.4",
  severity: "info",
  guard: "byName",
  cis: [],
  attack: ["T1499"],
  cwe: [770, 400],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#device-read-bps",
    "https://docs.docker.com/reference/compose-file/services/#blkio_config",
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#io",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run postgres" },
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres\n    blkio_config:\n      weight: 0\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --device-write-iops /dev/sda:500 postgres" },
      { syntax: "run", text: "docker run --blkio-weight 300 postgres" },
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres\n    blkio_config:\n      device_write_bps:\n        - path: /dev/sda\n          rate: 12mb\n",
      },
    ],
  },
  settledBy: "effective",
  check: {
    container: whereInForce(["blkio"], ({ blkioWeight, blkioDeviceLimits }) => {
      const limit = setItems(blkioDeviceLimits).find(({ value }) => value.rate > 0)?.value;
      if (limit) return pass(`${limit.kind} ${limit.rate} on ${limit.path}`);
      if (blkioWeight.state === "set" && blkioWeight.value > 0) {
        return pass(`I/O weight ${blkioWeight.value}, felt only under contention`);
      }
      return (
        undecided(blkioWeight, ...blkioDeviceLimits) ??
        fail("has no disk I/O limit: it can keep the host's disks busy and make everything wait", {
          origins: originsOf(blkioWeight),
          observed: "no I/O limit",
        })
      );
    }),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary:
        "Give it an I/O weight below its neighbours', or better cap the device that its data is on (--device-write-iops, --device-write-bps).",
      patches: [{ op: "set", field: "blkioWeight", value: 300 }],
      breaks:
        "Under contention its reads and writes wait for others'. The Engine drops the weight where the kernel has no weighted I/O scheduler (`docker info` warns “No blkio weight support”): only a device's cap helps there.",
    }),
  },
};
