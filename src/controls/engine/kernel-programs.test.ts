import { testControl, view } from "../../../test/support/control-table.ts";
import { engine, type KernelProgram } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { kernelPrograms } from "./kernel-programs.ts";

const program = (value: string, more: Partial<KernelProgram> = {}): KernelProgram => ({
  setting: "kernel.core_pattern",
  value: `|${value}`,
  paths: value.split(" ").filter((word) => word.startsWith("/")),
  files: [],
  ...more,
});
const named = (name: string, one: KernelProgram, message?: RegExp) =>
  view(
    name,
    engine("configured", { kernelPrograms: set([one]), dataRoot: set("/srv/docker") }),
    message && { message },
  );
const path = "/usr/lib/systemd/systemd-coredump";
const file = { path, mode: 0o755, uid: 0, gid: 0 };

testControl(kernelPrograms, {
  fails: [
    named("a container's layer", program("/var/lib/docker/overlay2/ab/diff/x"), /in a container's files/),
    named("the Engine's own data root", program("/srv/docker/overlay2/ab/diff/x")),
    named("another process's files", program("/proc/77/root/x")),
    named(
      "a folder of everybody's, where it need not even be",
      program("/tmp/x", { files: [{ ...file, path: "/tmp", mode: 0o1777 }] }),
      /starts \/tmp\/x as root by kernel.core_pattern: everybody can write \/tmp$/,
    ),
    named(
      "a user's folder, of a file among its arguments",
      program("/usr/bin/cat /home/eve/x", { files: [{ ...file, path: "/home/eve", uid: 1000 }] }),
      /starts \/home\/eve\/x as root .*: uid 1000 owns \/home\/eve$/,
    ),
    named(
      "a folder far above, in a place that looks like root's",
      program("/opt/agent/bin/x", { files: [{ ...file, path: "/opt", mode: 0o775, gid: 50 }] }),
      /the group 50 can write \/opt$/,
    ),
    named(
      "where a link leads",
      program("/usr/bin/x", { files: [{ ...file, path: "/srv/eve/x", uid: 1000 }] }),
      /starts \/usr\/bin\/x as root .*: uid 1000 owns \/srv\/eve\/x$/,
    ),
    named("a shell", program("/bin/sh -c id"), /runs whatever its arguments say/),
    named("a program that a user owns", program(path, { files: [{ ...file, uid: 1000 }] }), /uid 1000/),
    named("one that everybody writes", program(path, { files: [{ ...file, mode: 0o757 }] })),
    named("one that a group writes", program(path, { files: [{ ...file, mode: 0o775, gid: 50 }] })),
    named("one that an ACL opens", program(path, { files: [{ ...file, openTo: "uid 9 (by its ACL)" }] })),
  ],
  passes: [
    named("root's own", program(`${path} %P`, { files: [file] })),
    named("a mount of root's", program("/mnt/tools/x", { files: [{ ...file, path: "/mnt/tools/x" }] })),
    named("one that is not there", program("/sbin/modprobe", { setting: "kernel.modprobe" })),
    named(
      "an interpreter for its own files",
      program("/usr/bin/python3.11", { setting: "binfmt_misc python3.11" }),
    ),
    view("none", engine("configured", { kernelPrograms: set([]) })),
  ],
  unknown: [
    view("not seen", engine("configured")),
    named("an owner that is not known", program(path, { files: [{ ...file, uid: 65_534 }] })),
    named("an ACL that is not known", program(path, { files: [{ ...file, mode: 0o775, acl: "unknown" }] })),
  ],
  notApplicable: [view("a file", engine("declared"))],
});
