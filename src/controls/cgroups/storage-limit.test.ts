import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { storageLimit } from "./storage-limit.ts";

const overlay = (backing: string, supported: boolean) =>
  engine("configured", {
    storageDriver: set("overlay2"),
    backingFilesystem: set(backing),
    storageQuotaSupported: set(supported),
  });
const able = { engine: overlay("xfs", true) };
const unable = { engine: overlay("extfs", false) };
const sized = {
  engine: engine("declared", { storageOptions: [set({ name: "overlay2.size", value: "5G" })] }),
};
const options = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };

testControl(storageLimit, {
  fails: [
    run("docker run --tmpfs /run nginx", { message: /half of the host's memory/ }),
    run("docker run --storage-opt size=5G --mount type=tmpfs,target=/run nginx"),
    run("docker run nginx", { context: able, message: /no quota/ }),
    run("docker run --storage-opt size=0 nginx", { context: sized }),
    run("docker run nginx", { context: { engine: engine("configured", { storageDriver: set("btrfs") }) } }),
    compose("services: { web: { image: nginx, tmpfs: [/run, '/tmp:size=1m'] } }"),
    compose("services: { web: { image: nginx, volumes: [{ type: tmpfs, target: /run }] } }"),
    inspect({ HostConfig: { Tmpfs: { "/run": "" } } }),
    view(
      "kernel: half of the memory",
      container("effective", { mounts: [set(mount({ type: "tmpfs", target: "/run", tmpfs: options }))] }),
    ),
  ],
  passes: [
    run("docker run --storage-opt size=5G nginx"),
    run("docker run --read-only --tmpfs /run:size=16m nginx", { message: /read-only/ }),
    run("docker run nginx", { context: sized, message: /overlay2.size=5G by the engine's default/ }),
    compose("services: { web: { image: nginx, storage_opt: { size: 1G } } }"),
    inspect({ HostConfig: { StorageOpt: { size: "5G" } } }, { context: able }),
  ],
  unknown: [
    run("docker run nginx"),
    run("docker run --tmpfs /run:size=16m nginx"),
    compose("services: { web: { image: nginx } }"),
    run("docker run nginx", { context: { engine: engine("declared") } }),
  ],
  notApplicable: [
    run("docker run nginx", { context: unable, message: /overlay2 on extfs cannot limit/ }),
    run("docker run --tmpfs /run:size=16m nginx", { context: unable }),
    run("docker run nginx", { context: { engine: engine("configured", { storageDriver: set("vfs") }) } }),
    view("the kernel shows no quota", container("effective")),
    view(
      "a read-only tmpfs",
      container("effective", {
        mounts: [set(mount({ type: "tmpfs", target: "/run", readOnly: true, tmpfs: options }))],
      }),
    ),
  ],
});
