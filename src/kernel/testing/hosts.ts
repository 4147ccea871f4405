import {
  defaultCapability,
  everyCapability,
  noCapability,
  type RecordedHost,
  type RecordedProcess,
  status,
} from "./recorded-host.ts";

/** A container id as Docker makes them. */
export const id = "3f1c9f0f4c7d2a6be1d7a0f3b5e8c9d2a4f6b8c0e1d3f5a7b9c1d3e5f7a9b1c3";
export const enginePid = 812;
export const initPid = 2101;

const hostNamespaces = {
  net: 4026531840,
  pid: 4026531836,
  ipc: 4026531839,
  uts: 4026531838,
  cgroup: 4026531835,
  user: 4026531837,
  mnt: 4026531841,
};

export const ownNamespaces = {
  net: 4026532301,
  pid: 4026532299,
  ipc: 4026532298,
  uts: 4026532297,
  cgroup: 4026532300,
  user: 4026531837,
  mnt: 4026532296,
};

/**
 * The engine's mountinfo on a Debian 12 with systemd: / and /home on one disk, /run a tmpfs. Shape:
 * proc_pid_mountinfo(5), with the file systems that systemd mounts (file-hierarchy(7)).
 */
export const hostMounts = `22 28 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
23 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw
24 28 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=4000000k,nr_inodes=1000000,mode=755,inode64
25 24 0:22 / /dev/pts rw,nosuid,noexec,relatime shared:3 - devpts devpts rw,gid=5,mode=620,ptmxmode=000
26 28 0:23 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=810000k,mode=755,inode64
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 24 0:24 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,inode64
32 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:8 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
36 28 8:17 / /srv/data\\040disk rw,relatime shared:29 - xfs /dev/sdb1 rw,attr2,inode64
40 28 8:1 /etc /srv/chroot/etc rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
`;

const files = ["resolv.conf", "hostname", "hosts"]
  .map(
    (name, index) =>
      `7${index} 60 8:1 /var/lib/docker/containers/${id}/${name} /etc/${name} rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro`,
  )
  .join("\n");

/** What runc lays over /proc and /sys for Docker's MaskedPaths and ReadonlyPaths. */
export const protections = `80 61 0:50 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw
81 61 0:50 /fs /proc/fs ro,nosuid,nodev,noexec,relatime - proc proc rw
82 61 0:50 /irq /proc/irq ro,nosuid,nodev,noexec,relatime - proc proc rw
83 61 0:50 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
84 61 0:50 /sysrq-trigger /proc/sysrq-trigger ro,nosuid,nodev,noexec,relatime - proc proc rw
85 61 0:56 / /proc/acpi ro,relatime - tmpfs tmpfs ro,inode64
86 61 0:51 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
87 61 0:51 /null /proc/keys rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
88 61 0:51 /null /proc/timer_list rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
89 64 0:57 / /sys/firmware ro,relatime - tmpfs tmpfs ro,inode64
`;

/**
 * The mountinfo of a container on cgroup v2. Shape: recorded from Docker Engine 26.1 (overlay2), with the one
 * cgroup2 mount that it makes on a v2 host in place of v1's.
 */
export function containerMounts(more = "", { root = "rw", protect = protections } = {}): string {
  return `60 44 0:49 / / ${root},relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/var/lib/docker/overlay2/c/diff,workdir=/var/lib/docker/overlay2/c/work
61 60 0:50 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
62 60 0:51 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64
63 62 0:52 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666
64 60 0:53 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
65 64 0:26 /system.slice/docker-${id}.scope /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate,memory_recursiveprot
66 62 0:48 / /dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw
67 62 0:54 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k,inode64
${files}
${protect}${more}`;
}

export const engineProcess: RecordedProcess = {
  pid: enginePid,
  status: status({ name: "dockerd", pid: enginePid, ppid: 1 }),
  cgroup: "0::/system.slice/docker.service\n",
  mountinfo: hostMounts,
  namespaces: hostNamespaces,
};

/** The container's first process with Docker's defaults; what differs is given. */
export function initProcess(more: Partial<RecordedProcess> = {}): RecordedProcess {
  return {
    pid: initPid,
    status: status({ name: "nginx", pid: initPid, ppid: 2080, cap: defaultCapability, seccomp: 2 }),
    cgroup: `0::/system.slice/docker-${id}.scope\n`,
    mountinfo: containerMounts(),
    namespaces: ownNamespaces,
    ...more,
  };
}

/** cgroup v2 with the systemd driver. Shape: https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function cgroupV2(
  own: Readonly<Record<string, string>> = {},
  slice: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = (folder: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}${name}`, text]));
  const interfaces = {
    "memory.max": "max\n",
    "memory.swap.max": "max\n",
    "memory.low": "0\n",
    "cpu.max": "max 100000\n",
    "cpu.weight": "100\n",
    "pids.max": "max\n",
    "cpuset.cpus": "\n",
    "cpuset.cpus.effective": "0-3\n",
    "io.max": "",
    "io.weight": "default 100\n",
  };
  return {
    "cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
    "cpuset.cpus.effective": "0-3\n",
    ...at("system.slice/", { ...interfaces, ...slice }),
    ...at(`system.slice/docker-${id}.scope/`, { ...interfaces, "cgroup.procs": `${initPid}\n`, ...own }),
  };
}

/** A Debian host with systemd, cgroup v2 and no security module that labels processes. */
export function v2Host(
  init: Partial<RecordedProcess> = {},
  files: Readonly<Record<string, string>> = {},
  more: readonly RecordedProcess[] = [],
): RecordedHost {
  return {
    processes: [engineProcess, initProcess(init), ...more],
    cgroup: cgroupV2(files),
    proc: { kcore: "", keys: "", timer_list: "", "acpi/x": "", "sys/x": "", "sysrq-trigger": "" },
  };
}

/**
 * A v1 host: each controller in its own folder. Shape: recorded from Docker Engine 26.1 with the cgroupfs
 * driver on Linux 6.18.
 */
export function v1Host(files: Readonly<Record<string, string>> = {}): RecordedHost {
  const controllers = [
    "name=systemd",
    "pids",
    "blkio",
    "freezer",
    "devices",
    "memory",
    "cpuset",
    "cpuacct",
    "cpu",
  ];
  const folder = `docker/${id}`;
  return {
    processes: [
      { ...engineProcess, cgroup: controllers.map((name, at) => `${at + 1}:${name}:/`).join("\n") },
      initProcess({
        cgroup: `${controllers.map((name, at) => `${at + 1}:${name}:/${folder}`).join("\n")}\n0::/${folder}\n`,
      }),
    ],
    cgroup: {
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/docker/memory.limit_in_bytes": "9223372036854771712\n",
      [`memory/${folder}/memory.limit_in_bytes`]: "9223372036854771712\n",
      [`memory/${folder}/memory.memsw.limit_in_bytes`]: "9223372036854771712\n",
      [`memory/${folder}/memory.soft_limit_in_bytes`]: "9223372036854771712\n",
      [`memory/${folder}/memory.oom_control`]: "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
      [`memory/${folder}/cgroup.procs`]: `${initPid}\n`,
      "cpu/docker/cpu.cfs_quota_us": "-1\n",
      "cpu/docker/cpu.cfs_period_us": "100000\n",
      [`cpu/${folder}/cpu.cfs_quota_us`]: "-1\n",
      [`cpu/${folder}/cpu.cfs_period_us`]: "100000\n",
      [`cpu/${folder}/cpu.shares`]: "1024\n",
      "cpuset/cpuset.cpus": "0-1\n",
      "cpuset/docker/cpuset.cpus": "0-1\n",
      [`cpuset/${folder}/cpuset.cpus`]: "0-1\n",
      "pids/docker/pids.max": "max\n",
      [`pids/${folder}/pids.max`]: "max\n",
      [`blkio/${folder}/blkio.bfq.weight`]: "100\n",
      [`devices/${folder}/devices.list`]: usualDevices,
      [`unified/${folder}/cgroup.procs`]: `${initPid}\n`,
      ...files,
    },
  };
}

/** devices.list of a container with Docker's defaults, recorded from Docker Engine 26.1. */
export const usualDevices = `b *:* m
c *:* m
c 1:3 rwm
c 1:5 rwm
c 1:7 rwm
c 1:8 rwm
c 1:9 rwm
c 5:0 rwm
c 5:1 rwm
c 5:2 rwm
c 10:200 rwm
c 136:* rwm
`;

export { defaultCapability, everyCapability, noCapability, status };
