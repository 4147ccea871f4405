import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { readOnlyRootfs } from "./read-only-rootfs.ts";

testControl(readOnlyRootfs, {
  fails: [
    run("docker run nginx"),
    run("docker run --read-only=false nginx"),
    compose("services: { web: { image: nginx, read_only: false } }"),
    inspect({ HostConfig: { ReadonlyRootfs: false } }),
    view(
      "mounted writable again in the kernel",
      container("effective", { readonlyRootfs: set(false, { kernel: "/proc/7/mountinfo", field: "/" }) }),
    ),
  ],
  passes: [
    run("docker run --read-only nginx"),
    compose("services: { web: { image: nginx, read_only: true } }"),
    inspect({ HostConfig: { ReadonlyRootfs: true } }),
  ],
  unknown: [
    compose("services: { web: { image: nginx, read_only: '${RO:?}' } }"),
    view(
      "an unreadable mountinfo",
      container("effective", { readonlyRootfs: unresolved("it cannot be read") }),
    ),
  ],
});
