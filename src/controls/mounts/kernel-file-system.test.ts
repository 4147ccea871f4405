import { run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { FileSystem } from "../../model/mount.ts";
import type { Severity } from "../../model/severity.ts";
import { kernelFileSystem } from "./kernel-file-system.ts";

function mounted(given: Partial<FileSystem>, severity: Severity, message: RegExp) {
  const all: FileSystem = {
    type: "proc",
    target: "/mnt",
    readOnly: false,
    showsHost: false,
    device: undefined,
    ...given,
  };
  const label = `${all.type}${all.readOnly ? ", read-only" : ""}${all.showsHost ? ", the host's" : ""}`;
  return view(
    label,
    container("effective", { fileSystems: [set(all, { kernel: "/proc/4242/mountinfo", field: "/mnt" })] }),
    { severity, message },
  );
}

testControl(kernelFileSystem, {
  fails: [
    mounted({ showsHost: true }, "critical", /every process of the host, and root can run programs/),
    mounted({}, "critical", /none of Docker's masks, and root can run programs on the host/),
    mounted({ readOnly: true, showsHost: true }, "high", /read-only at \/mnt: .*every process of the host/),
    mounted({ readOnly: true }, "medium", /none of Docker's masks/),
    mounted({ type: "debugfs" }, "high", /has a debugfs mounted at \/mnt: root can read and change/),
    mounted({ type: "cgroup" }, "critical", /release_agent/),
    mounted({ type: "cgroup2", readOnly: true }, "medium", /has a cgroup2 mounted read-only/),
    mounted({ type: "ext4", device: "/dev/sda1" }, "high", /every file on the disk \/dev\/sda1/),
    mounted({ type: "overlay", device: "/etc" }, "high", /has an overlay mounted at \/mnt: .* \/etc/),
    mounted({ type: "pstore" }, "high", /it shows the host's kernel/),
  ],
  passes: [view("none", container("effective"))],
  unknown: [],
  notApplicable: [run("docker run alpine"), view("the Engine's view", container("configured"))],
});
