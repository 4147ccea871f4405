import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { canonicalPath } from "../../model/host/path.ts";
import { reach } from "../../model/host/reach.ts";
import type { Mount, VolumeDriver } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

interface Problem {
  readonly severity: Severity;
  readonly message: string;
}

export const volumeOptions: Control = {
  id: "volume-options",
  title: "A volume mounts more than its own folder",
  why: "The local driver passes `type`, `o` and `device` to mount(2), and dockerd calls that as root. `type=ext4,device=/dev/sda1` mounts the host's disk, `type=overlay,o=lowerdir=/etc` the host's configuration, `type=proc` the host's processes: the container gets them without a bind mount, a device or a capability. A network share is a connection from the host. Another driver is a plugin that runs as root outside of every container and decides by itself what it mounts. A volume that binds a folder is judged like a bind mount.",
  row: "1.3",
  severity: "high",
  guard: "deny",
  cis: [],
  attack: ["T1611", "T1006"],
  cwe: [668],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/reference/cli/docker/volume/create/#driver-specific-options",
    "https://docs.docker.com/reference/compose-file/volumes/#driver_opts",
    "https://man7.org/linux/man-pages/man2/mount.2.html",
  ],
  examples: {
    bad: [
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    volumes:\n      - disk:/data\nvolumes:\n  disk:\n    driver_opts:\n      type: ext4\n      device: /dev/sda1\n",
      },
      {
        syntax: "run",
        text: 'docker run --mount type=volume,src=etc,dst=/x,volume-opt=type=overlay,volume-opt=device=overlay,"volume-opt=o=lowerdir=/etc" alpine',
      },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    volumes:\n      - data:/var/lib/postgresql/data\nvolumes:\n  data:\n",
      },
      {
        syntax: "run",
        text: "docker run --mount type=volume,src=t,dst=/t,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=64m alpine",
      },
    ],
  },
  check: {
    container: ({ mounts }) =>
      judgeItems(mounts, ({ value, origins }) => {
        const problem = problemOf(value);
        if (!problem) return pass();
        return fail(`${nameOf(value)} ${problem.message}`, {
          origins,
          severity: problem.severity,
          evidence: value.target,
          about: "mounts",
          observed: value.target,
        });
      }),
  },
  remedy: {
    container: (container) => ({
      kind: "behavioural",
      summary: "Remove the volume, or use one without driver options; mount the one folder that is needed.",
      patches: removals(container),
      breaks: "A program that reads or writes there no longer finds its files (ENOENT).",
    }),
  },
};

function removals({ mounts }: Container): readonly ContainerPatch[] {
  return setItems(mounts)
    .filter(({ value }) => problemOf(value) !== undefined)
    .map(({ value }) => ({ op: "remove", field: "mounts", value }));
}

function nameOf({ source, target }: Mount): string {
  return source === undefined ? `the volume at ${target}` : `the volume ${source} at ${target}`;
}

function problemOf({ type, driver }: Mount): Problem | undefined {
  if (type === "cluster") {
    return { severity: "low", message: "belongs to a plugin of the swarm, which decides what it mounts" };
  }
  if (type !== "volume" || !driver) return undefined;
  if (driver.name !== "local") {
    return {
      severity: "low",
      message: `uses the driver ${driver.name}: a plugin that runs as root decides what it mounts`,
    };
  }
  return ofLocal(driver);
}

const virtual: Readonly<Record<string, Problem>> = {
  proc: {
    severity: "critical",
    message:
      "is the host's /proc: a process in it sees every process and can run programs as the host's root",
  },
  sysfs: {
    severity: "high",
    message: "is the host's /sys: a process in it can change settings of the kernel",
  },
  cgroup: { severity: "high", message: "is the host's cgroups: a process in it can lift every limit" },
  cgroup2: { severity: "high", message: "is the host's cgroups: a process in it can lift every limit" },
  devtmpfs: { severity: "high", message: "is the host's /dev, with the nodes of all its devices" },
  devpts: { severity: "high", message: "has terminals of the host" },
  debugfs: { severity: "high", message: "is the kernel's debugging interface" },
  tracefs: { severity: "high", message: "is the kernel's tracing interface" },
  securityfs: { severity: "high", message: "is the interface of the host's security modules" },
  bpf: { severity: "high", message: "has the kernel's pinned BPF programs" },
  mqueue: { severity: "medium", message: "has the host's message queues" },
};

const network: ReadonlySet<string> = new Set(
  "nfs nfs4 cifs smb3 smbfs ceph glusterfs 9p afs sshfs fuse.sshfs".split(" "),
);

function ofLocal({ options }: VolumeDriver): Problem | undefined {
  const { type = "", o = "", device = "" } = options;
  const flags = o.split(",").map((flag) => flag.trim());
  // mount(2) looks at the device alone with these, whatever the type says.
  if (flags.includes("bind") || flags.includes("rbind")) {
    if (!device.split("/").includes("..")) return undefined;
    return {
      severity: "high",
      message: `binds ${device}: the kernel follows links before “..”, so it may be another folder`,
    };
  }
  if (flags.includes("remount")) {
    return { severity: "high", message: "mounts again what is mounted at its place, with other options" };
  }
  if (type === "tmpfs" || (type === "" && device === "")) return undefined;
  const known = virtual[type];
  if (known) return known;
  if (type === "overlay") return ofOverlay(flags);
  if (network.has(type)) {
    return {
      severity: "low",
      message: `is a network share (${type}): the host connects to it, past the container's network`,
    };
  }
  const what = device === "" ? `a file system of the type ${type}` : device;
  return {
    severity: "high",
    message: `mounts ${what}${type === "" || device === "" ? "" : ` as ${type}`}: a process in it can read and change every file on it`,
  };
}

/** `lowerdir=/a:/b,upperdir=/c,workdir=/d`: each is a folder of the host. */
function ofOverlay(flags: readonly string[]): Problem {
  const folders = flags.flatMap((flag) => {
    const [, name = "", value = ""] = /^(lowerdir|upperdir|workdir)\+?=(.*)$/.exec(flag) ?? [];
    return value
      .split(":")
      .flatMap((path) => (path === "" ? [] : [{ path: canonicalPath(path), readOnly: name === "lowerdir" }]));
  });
  const reached = folders.flatMap(({ path, readOnly }) =>
    reach(path, { readOnly })
      .slice(0, 1)
      .map((each) => ({ path, can: each.can })),
  );
  const [first] = reached;
  const names = [...new Set(folders.map(({ path }) => path))].join(", ");
  return {
    severity: "high",
    message: `overlays ${names === "" ? "folders of the host" : names}: a process in it ${first ? `can ${first.can}` : "reads these folders of the host"}`,
  };
}
