import type { FileSystem } from "../../model/mount.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, notApplicable, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const kernelFileSystem: Control = {
  id: "kernel-file-system",
  title: "A kernel file system, a disk or an overlay is mounted by hand",
  why: "A file system is dangerous wherever it is mounted, not only at its usual path. A second procfs has none of Docker's masks: root writes `/proc/sys/kernel/core_pattern` and runs a program on the host. debugfs and tracefs read and trace the host's kernel, a writable cgroup v1 runs programs on the host, a mounted disk holds every file. Nothing in the container's configuration shows them, but for `writable-cgroups=true`: with it root in the container may raise its own limits of memory, CPU and processes, where the host mounts cgroups without `nsdelegate`.",
  row: "1.3",
  severity: "high",
  guard: "off",
  cis: ["5.6"],
  attack: ["T1611"],
  cwe: [668, 250],
  where: ["K", "F", "A"],
  references: [
    "https://man7.org/linux/man-pages/man5/proc.5.html",
    "https://man7.org/linux/man-pages/man5/core.5.html",
    "https://docs.kernel.org/filesystems/debugfs.html",
    "https://docs.docker.com/reference/cli/docker/container/run/#security-opt",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt writable-cgroups=true alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: alpine\n    security_opt: [writable-cgroups=true]\n",
      },
    ],
    good: [{ syntax: "run", text: "docker run --security-opt writable-cgroups=false alpine" }],
  },
  check: {
    container({ level, fileSystems }) {
      if (level !== "effective" && fileSystems.length === 0)
        return notApplicable("only the kernel shows which file systems are mounted");
      return judgeItems(
        fileSystems,
        ({ value, origins }) => {
          const { message, severity } = describe(value);
          const what = `${value.type} at ${value.target}`;
          return fail(message, { severity, origins, evidence: what, observed: what });
        },
        pass("no file system by hand"),
      );
    },
  },
  remedy: {
    container: () =>
      manual(
        "Take writable-cgroups out if it is set. Else find out who mounted it, then start the container again: the mount goes with its namespace.",
      ),
  },
};

function describe({ type, target, readOnly, showsHost, device }: FileSystem): {
  readonly message: string;
  readonly severity: Severity;
} {
  const what = `has ${article(type)} mounted${readOnly ? " read-only" : ""} at ${target}`;
  if (device !== undefined && type === "overlay")
    return { message: `${what}: it shows the folders ${device}`, severity: "high" };
  if (device !== undefined)
    return { message: `${what}: every file on the disk ${device} can be reached`, severity: "high" };
  if (type === "proc") {
    const sees = showsHost
      ? "a process in it sees every process of the host"
      : "it has none of Docker's masks";
    if (readOnly) return { message: `${what}: ${sees}`, severity: showsHost ? "high" : "medium" };
    return { message: `${what}: ${sees}, and root can run programs on the host`, severity: "critical" };
  }
  const reach = reaches[type] ?? "it shows the host's kernel";
  const severity = grave.has(type) ? "critical" : "high";
  return { message: `${what}: ${reach}`, severity: readOnly ? "medium" : severity };
}

function article(type: string): string {
  return type === "proc" ? "a second procfs" : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

/** Through these, root in the container runs a program on the host. */
const grave = new Set(["cgroup", "binfmt_misc"]);

const reaches: Readonly<Record<string, string>> = {
  sysfs: "root can change the host's devices and kernel",
  cgroup: "root can lift the container's limits and run programs on the host (release_agent)",
  cgroup2: "root can lift the container's limits",
  debugfs: "root can read and change the host's kernel",
  tracefs: "root can trace every process of the host",
  securityfs: "root can change the policy of the host's security modules",
  devtmpfs: "it holds the nodes of every device of the host",
  bpf: "root can use the programs and maps that the host's services pinned",
  binfmt_misc: "root can register a program that the host runs",
  configfs: "root can configure the host's kernel",
  efivarfs: "root can change the host's firmware settings",
};
