import { readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Process } from "../model/container/process.ts";
import type { Container } from "../model/container.ts";
import type { Fact } from "../model/fact.ts";
import { readKernel } from "./read.ts";
import { type KernelContainer, type KernelReading, type KernelRequest, kernelVisible } from "./request.ts";
import {
  containerMounts,
  defaultCapability,
  enginePid,
  everyCapability,
  id,
  initPid,
  initProcess,
  noCapability,
  ownNamespaces,
  status,
  v1Host,
  v2Host,
} from "./testing/hosts.ts";
import { layHost, type RecordedHost, type RecordedProcess, stat } from "./testing/recorded-host.ts";

const web: KernelContainer = { id, name: "web", pid: initPid, execPids: [] };

function requestOf(host: RecordedHost, more: Partial<KernelRequest> = {}): KernelRequest {
  const { proc, cgroup } = layHost(host);
  return {
    containers: [web],
    enginePid,
    proc,
    cgroup,
    dataRoot: "/var/lib/docker",
    sockets: [],
    ...more,
  };
}

function read(host: RecordedHost, more: Partial<KernelRequest> = {}): KernelReading {
  return readKernel(requestOf(host, more));
}

function viewOf(host: RecordedHost, more: Partial<KernelRequest> = {}): Container {
  const view = read(host, more).views.get(id);
  if (!view) throw new Error("the container was not read");
  return view;
}

const value = <T>(fact: Fact<T>) => (fact.state === "set" ? fact.value : fact.state);
const mountsOf = (view: Container) =>
  view.mounts.map((item) => (item.state === "set" ? item.value : item.reason));

/** A process of the container's own namespaces. */
function member(pid: number, ppid: number, more: Partial<RecordedProcess> = {}): RecordedProcess {
  return initProcess({
    pid,
    status: status({ name: "sh", pid, ppid, cap: defaultCapability, seccomp: 2 }),
    ...more,
  });
}

describe("a container with Docker's defaults", () => {
  it("has its own namespaces, the default capabilities and filter, and no mount of the host", () => {
    const view = viewOf(v2Host());
    expect(view.level).toBe("effective");
    expect(value(view.privileged)).toBe(false);
    expect(value(view.user)).toBe("0");
    expect(value(view.noNewPrivileges)).toBe(false);
    expect(value(view.readonlyRootfs)).toBe(false);
    expect(view.seccomp.state).toBe("unseen");
    expect(view.apparmor).toEqual({ state: "unset" });
    expect(value(view.networkMode)).toEqual({ mode: "private" });
    expect(value(view.pidMode)).toEqual({ mode: "private" });
    expect(value(view.cgroupnsMode)).toEqual({ mode: "private" });
    expect(value(view.usernsMode)).toEqual({ mode: "host" });
    expect(view.cgroupParent).toEqual({ state: "unset" });
    expect(view.mounts).toEqual([]);
    expect(view.devices).toEqual([]);
    expect(view.processes).toHaveLength(1);
    expect(view.processes[0]).toMatchObject({ pid: initPid, role: "init", name: "nginx" });
  });

  it("names the kernel's file and field for every fact", () => {
    const request = requestOf(v2Host());
    const view = readKernel(request).views.get(id);
    const folder = `${request.proc}/${initPid}`;
    expect(view?.noNewPrivileges).toMatchObject({
      origins: [{ kernel: `${folder}/status`, field: "NoNewPrivs" }],
    });
    expect(view?.networkMode).toMatchObject({ origins: [{ kernel: `${folder}/ns/net` }] });
    expect(view?.readonlyRootfs).toMatchObject({ origins: [{ kernel: `${folder}/mountinfo`, field: "/" }] });
  });

  it("is not covered where one of the masks is missing that this kernel needs", () => {
    const protect = containerMounts().match(/^8\d .*$/gm) ?? [];
    const without = protect.filter((line) => !line.includes("/proc/kcore")).join("\n");
    const protection = value(
      viewOf(v2Host({ mountinfo: containerMounts("", { protect: `${without}\n` }) })).pathProtection,
    );
    expect(protection).toMatchObject({ mode: "paths" });
    const masked = typeof protection === "object" && protection.mode === "paths" ? protection.masked : [];
    expect(masked).not.toContain("/proc/kcore");
    // This kernel has no sound.
    expect(masked).toContain("/proc/asound");
  });

  it("is covered by all of Docker's masks that this kernel needs", () => {
    const protection = value(viewOf(v2Host()).pathProtection);
    expect(protection).toMatchObject({
      mode: "paths",
      masked: expect.arrayContaining(["/proc/kcore", "/proc/keys", "/proc/acpi", "/sys/firmware"]),
      readonly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    });
  });
});

describe("a hardened container", () => {
  it("shows what was taken away", () => {
    const view = viewOf(
      v2Host({
        status: status({
          name: "app",
          pid: initPid,
          ppid: 2080,
          uid: 1000,
          gid: 1000,
          cap: noCapability,
          seccomp: 2,
          noNewPrivs: 1,
        }),
        mountinfo: containerMounts("", { root: "ro" }),
      }),
    );
    expect(value(view.user)).toBe("1000");
    expect(value(view.noNewPrivileges)).toBe(true);
    expect(value(view.readonlyRootfs)).toBe(true);
    expect(view.processes[0]?.capBounding).toMatchObject({ value: new Set() });
  });
});

describe("a privileged container", () => {
  const privileged = {
    status: status({ name: "sh", pid: initPid, ppid: 2080, cap: everyCapability }),
    mountinfo: containerMounts("", { protect: "" })
      .replace("/sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro", "/sys rw,nosuid - sysfs sysfs rw")
      .replace("/sys/fs/cgroup ro,", "/sys/fs/cgroup rw,"),
  };

  it("is told on v2 by capabilities, no filter, a writable /sys and no masks", () => {
    const view = viewOf(v2Host(privileged));
    expect(value(view.privileged)).toBe(true);
    expect(value(view.seccomp)).toEqual({ profile: "unconfined" });
    expect(value(view.pathProtection)).toEqual({ mode: "unconfined" });
    expect(view.mounts).toEqual([]);
  });

  it("is told on v1 by the device cgroup", () => {
    const host = v1Host({ [`devices/docker/${id}/devices.list`]: "a *:* rwm\n" });
    const processes = host.processes.map((each) =>
      each.pid === initPid ? { ...each, ...privileged } : each,
    );
    expect(value(viewOf({ ...host, processes }).privileged)).toBe(true);
    expect(value(viewOf({ ...v1Host(), processes }).privileged)).toBe(false);
    const filtered = { ...privileged, status: privileged.status.replace("Seccomp:\t0", "Seccomp:\t2") };
    const others = processes.map((each) => (each.pid === initPid ? { ...each, ...filtered } : each));
    expect(value(viewOf({ ...host, processes: others }).privileged)).toBe(false);
  });

  it("is not what --cap-add ALL alone makes", () => {
    const all = status({ name: "sh", pid: initPid, ppid: 2080, cap: everyCapability, seccomp: 2 });
    expect(value(viewOf(v2Host({ status: all })).privileged)).toBe(false);
    const unfiltered = status({ name: "sh", pid: initPid, ppid: 2080, cap: everyCapability });
    expect(value(viewOf(v2Host({ status: unfiltered })).privileged)).toBe(false);
  });
});

describe("namespaces", () => {
  it("tells the host's", () => {
    const namespaces = { ...ownNamespaces, net: 4026531840, pid: 4026531836 };
    const view = viewOf(v2Host({ namespaces }));
    expect(value(view.networkMode)).toEqual({ mode: "host" });
    expect(value(view.pidMode)).toEqual({ mode: "host" });
    expect(view.processes[0]?.sharesHost.net).toMatchObject({ value: true });
    expect(view.processes[0]?.sharesHost.mnt).toMatchObject({ value: false });
  });

  it("tells who joined whom by who came first", () => {
    const other = { id: id.replace("3f1c", "aaaa"), name: "sidecar", pid: 2300, execPids: [] };
    const joined = initProcess({
      pid: 2300,
      cgroup: `0::/system.slice/docker-${other.id}.scope\n`,
      namespaces: { ...ownNamespaces, mnt: 4026532400, pid: 4026532401, ipc: 4026532298 },
    });
    const { views } = read(v2Host({}, {}, [joined]), { containers: [other, web] });
    const sidecar = views.get(other.id);
    const owner = views.get(id);
    expect(sidecar && value(sidecar.networkMode)).toEqual({
      mode: "container",
      target: "web",
      by: "container",
    });
    expect(sidecar && value(sidecar.pidMode)).toEqual({ mode: "private" });
    expect(owner && value(owner.networkMode)).toEqual({ mode: "private" });
    expect(owner && value(owner.ipcMode)).toEqual({ mode: "shareable" });
  });

  it("gives each container its own processes, although they see one another", () => {
    const other = { id: id.replace("3f1c", "aaaa"), name: "sidecar", pid: 2300, execPids: [] };
    const joined = initProcess({
      pid: 2300,
      cgroup: `0::/system.slice/docker-${other.id}.scope\n`,
      namespaces: { ...ownNamespaces, mnt: 4026532400 },
    });
    const { views } = read(v2Host({}, {}, [joined]), { containers: [other, web] });
    expect(views.get(id)?.processes.map(({ pid }) => pid)).toEqual([initPid]);
    expect(views.get(other.id)?.processes.map(({ pid }) => pid)).toEqual([2300]);
  });

  it("cannot tell without the engine's process, and never says “not shared”", () => {
    for (const unknown of [undefined, 99_999]) {
      const view = viewOf(v2Host(), { enginePid: unknown });
      expect(view.networkMode.state).toBe("unresolved");
      expect(view.processes[0]?.sharesHost.pid.state).toBe("unresolved");
    }
  });

  it("cannot tell where the container's own link is unreadable", () => {
    const { net: _, ...namespaces } = ownNamespaces;
    const view = viewOf(v2Host({ namespaces }));
    expect(view.networkMode.state).toBe("unresolved");
    expect(value(view.pidMode)).toEqual({ mode: "private" });
  });
});

describe("user namespaces", () => {
  it("maps ids of a remapped container into it", () => {
    const view = viewOf(
      v2Host({
        status: status({ name: "sh", pid: initPid, ppid: 2080, uid: 100_000, gid: 100_000, seccomp: 2 }),
        uidMap: "         0     100000      65536\n",
        namespaces: { ...ownNamespaces, user: 4026532290 },
      }),
    );
    expect(value(view.user)).toBe("0");
    expect(view.processes[0]?.hostUid).toMatchObject({ value: 100_000 });
    expect(value(view.usernsMode)).toEqual({ mode: "private" });
  });

  it("does not take a rootless engine's user namespace for the host's", () => {
    const user = 4026532200;
    const map = "         0       1000          1\n         1     100000      65536\n";
    const host = v2Host({
      status: status({ name: "sh", pid: initPid, ppid: 2080, uid: 1000, gid: 1000, seccomp: 2 }),
      uidMap: map,
      namespaces: { ...ownNamespaces, user },
      cgroup: `0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope\n`,
    });
    const processes = host.processes.map((each) =>
      each.pid === enginePid ? { ...each, uidMap: map, namespaces: { ...each.namespaces, user } } : each,
    );
    const view = viewOf({ ...host, processes });
    expect(value(view.user)).toBe("0");
    expect(view.processes[0]).toMatchObject({
      hostUid: { value: 1000 },
      sharesHost: { user: { value: false } },
    });
    expect(value(view.usernsMode)).toEqual({ mode: "private" });
    expect(view.cgroupParent).toEqual({ state: "unset" });
  });

  it("takes ids as they are shown from within the same user namespace", () => {
    const inode = /\d+/.exec(readlinkSync("/proc/self/ns/user"))?.[0];
    const view = viewOf(
      v2Host({
        uidMap: "         0     100000      65536\n",
        namespaces: { ...ownNamespaces, user: Number(inode) },
      }),
    );
    expect(value(view.user)).toBe("0");
    expect(view.processes[0]?.hostUid).toMatchObject({ value: 100_000 });
  });

  it("cannot name an id that the map does not hold", () => {
    const namespaces = { ...ownNamespaces, user: 4026532290 };
    const view = viewOf(v2Host({ uidMap: "         0     100000      65536\n", namespaces }));
    expect(view.user.state).toBe("unresolved");
  });
});

describe("security modules", () => {
  it("reads AppArmor's profile, and names a mode that stops nothing", () => {
    expect(value(viewOf(v2Host({ label: "docker-default (enforce)\n" })).apparmor)).toBe("docker-default");
    expect(value(viewOf(v2Host({ label: "unconfined\n" })).apparmor)).toBe("unconfined");
    expect(value(viewOf(v2Host({ label: "web (complain)\n" })).apparmor)).toBe("web (complain)");
  });

  it("reads SELinux's label, and tells a type that confines nothing", () => {
    const confined = viewOf(v2Host({ label: "system_u:system_r:container_t:s0:c100,c200\0" }));
    expect(value(confined.selinux)).toMatchObject({
      disable: false,
      type: "container_t",
      level: "s0:c100,c200",
    });
    expect(confined.apparmor).toEqual({ state: "unset" });
    expect(confined.processes[0]?.lsmLabel).toMatchObject({
      value: "system_u:system_r:container_t:s0:c100,c200",
    });
    const disabled = viewOf(v2Host({ label: "system_u:system_r:spc_t:s0" }));
    expect(value(disabled.selinux)).toMatchObject({ disable: true, implied: false });
    const namespaces = { ...ownNamespaces, pid: 4026531836 };
    const implied = viewOf(v2Host({ label: "system_u:system_r:spc_t:s0", namespaces }));
    expect(value(implied.selinux)).toMatchObject({ disable: true, implied: true });
  });
});

describe("mounts", () => {
  const withMount = (line: string) => mountsOf(viewOf(v2Host({ mountinfo: containerMounts(`${line}\n`) })));

  it("names the host's path of a bind, across file systems and with odd characters", () => {
    expect(withMount("90 60 8:1 /srv/www /usr/share/nginx ro,relatime - ext4 /dev/sda1 rw")).toMatchObject([
      {
        type: "bind",
        source: "/srv/www",
        hostPath: "/srv/www",
        target: "/usr/share/nginx",
        readOnly: true,
        propagation: "private",
      },
    ]);
    expect(withMount("90 60 0:23 /docker.sock /tmp/d.sock rw - tmpfs tmpfs rw")).toMatchObject([
      { type: "bind", hostPath: "/run/docker.sock", target: "/tmp/d.sock" },
    ]);
    expect(withMount("90 60 8:17 /a\\040b /b rw - xfs /dev/sdb1 rw")).toMatchObject([
      { hostPath: "/srv/data disk/a b" },
    ]);
  });

  it("prefers the usual name of a place to another mount of it", () => {
    expect(withMount("90 60 8:1 /etc/ssl /x rw - ext4 /dev/sda1 rw")).toMatchObject([
      { hostPath: "/etc/ssl" },
    ]);
  });

  it("tells a volume, and a volume that was bound from elsewhere by its own place", () => {
    const [volume] = withMount(
      "90 60 8:1 /var/lib/docker/volumes/db/_data /db rw master:1 - ext4 /dev/sda1 rw",
    );
    expect(volume).toMatchObject({
      type: "volume",
      source: "db",
      hostPath: undefined,
      propagation: undefined,
    });
    const host = v2Host({ mountinfo: containerMounts("90 60 0:23 / /db rw master:9 - tmpfs tmpfs rw\n") });
    const processes = host.processes.map((each) =>
      each.pid === enginePid
        ? {
            ...each,
            mountinfo: `${each.mountinfo}50 28 0:23 / /var/lib/docker/volumes/run/_data rw - tmpfs tmpfs rw\n`,
          }
        : each,
    );
    expect(mountsOf(viewOf({ ...host, processes }))).toMatchObject([
      { type: "volume", source: "run", hostPath: "/run" },
    ]);
  });

  it("reads a tmpfs with its options", () => {
    expect(
      withMount("90 60 0:90 / /tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=65536k,mode=1770"),
    ).toMatchObject([
      {
        type: "tmpfs",
        target: "/tmp",
        tmpfs: { size: 65_536 * 1024, mode: 0o1770, exec: true, suid: false, dev: false },
      },
    ]);
    expect(withMount("90 60 0:90 / /tmp rw,noexec - tmpfs tmpfs rw,inode64")).toMatchObject([
      { tmpfs: { size: undefined, mode: undefined, exec: false, suid: true, dev: true } },
    ]);
  });

  it("tells propagation", () => {
    expect(withMount("90 60 8:1 /a /a rw shared:1 master:1 - ext4 /dev/sda1 rw")).toMatchObject([
      { propagation: "shared" },
    ]);
    expect(withMount("90 60 8:1 /a /a rw master:1 - ext4 /dev/sda1 rw")).toMatchObject([
      { propagation: "slave" },
    ]);
  });

  it("tells the host's /proc, /sys, /dev and cgroups by their file systems, also in their usual places", () => {
    expect(withMount("90 60 0:21 / /host/proc rw - proc proc rw")).toMatchObject([{ hostPath: "/proc" }]);
    expect(withMount("90 61 0:21 / /proc rw - proc proc rw")).toMatchObject([
      { hostPath: "/proc", target: "/proc" },
    ]);
    expect(withMount("90 64 0:20 / /sys rw - sysfs sysfs rw")).toMatchObject([{ hostPath: "/sys" }]);
    expect(withMount("90 62 0:5 / /dev rw - devtmpfs udev rw")).toMatchObject([{ hostPath: "/dev" }]);
    expect(withMount("90 62 0:5 /snd /dev/snd rw - devtmpfs udev rw")).toMatchObject([
      { hostPath: "/dev/snd" },
    ]);
    expect(withMount("90 62 0:24 / /dev/shm rw - tmpfs tmpfs rw")).toMatchObject([{ hostPath: "/dev/shm" }]);
    expect(withMount("90 60 0:26 / /cg rw - cgroup2 cgroup2 rw")).toMatchObject([
      { hostPath: "/sys/fs/cgroup" },
    ]);
    expect(withMount("90 65 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")).toMatchObject([
      { hostPath: "/sys/fs/cgroup", target: "/sys/fs/cgroup", readOnly: false },
    ]);
  });

  it("folds what came along with a recursive bind into it, unless that is writable under a read-only one", () => {
    const all = (options: string) => `90 60 8:1 / /host ${options} - ext4 /dev/sda1 rw
91 90 0:23 / /host/run ${options} - tmpfs tmpfs rw
92 90 0:21 / /host/proc rw - proc proc rw
93 90 0:49 / /host/var/lib/docker/overlay2/c/merged rw - overlay overlay rw
94 93 0:51 / /host/var/lib/docker/overlay2/c/merged/dev rw - tmpfs tmpfs rw`;
    expect(withMount(all("rw")).map((each) => (typeof each === "string" ? each : each.target))).toEqual([
      "/host",
    ]);
    expect(withMount(all("ro")).map((each) => (typeof each === "string" ? each : each.target))).toEqual([
      "/host",
      "/host/proc",
    ]);
  });

  it("does not fold a mount that only stands below a bind", () => {
    const found = withMount(
      "90 60 8:1 /srv /srv rw - ext4 /dev/sda1 rw\n91 90 0:23 /docker.sock /srv/x.sock rw - tmpfs tmpfs rw",
    );
    expect(found).toMatchObject([{ hostPath: "/srv" }, { hostPath: "/run/docker.sock" }]);
  });

  it("cannot tell the host's path of a file system that the engine does not mount", () => {
    expect(withMount("90 60 0:99 / /share rw - nfs4 server:/ rw")).toEqual([
      "the mount at /share (nfs4 0:99) cannot be found among the engine's own mounts",
    ]);
  });

  it("tells a disk that the host does not mount by its type", () => {
    const mountinfo = containerMounts("90 60 8:33 / /disk rw - ext4 /dev/sdc1 rw");
    const view = viewOf(v2Host({ mountinfo }));
    expect(view.fileSystems).toMatchObject([
      { value: { type: "ext4", target: "/disk", device: "/dev/sdc1" } },
    ]);
  });

  it("a procfs shows the host where this program has the same number in it, not where it has any", () => {
    const mountinfo = containerMounts("95 61 0:77 / /proc rw,relatime - proc proc rw\n");
    const seen = (number: string) =>
      viewOf({
        ...v2Host({ mountinfo }),
        links: { self: "5000", [`${initPid}/root/proc/self`]: number },
      }).fileSystems;
    expect(seen("7")).toEqual([]);
    expect(seen("5000")).toMatchObject([{ value: { type: "proc", target: "/proc", showsHost: true } }]);
  });

  it("sees a fresh /proc over the masked one", () => {
    const view = viewOf(
      v2Host({ mountinfo: containerMounts("95 61 0:77 / /proc rw,relatime - proc proc rw\n") }),
    );
    expect(value(view.pathProtection)).toMatchObject({
      mode: "paths",
      readonly: ["/proc/bus", "/proc/fs", "/proc/irq"],
    });
  });
});

describe("processes", () => {
  const procs = (...pids: readonly number[]) => ({ "cgroup.procs": `${pids.join("\n")}\n` });
  const roles = (processes: readonly Process[]) => processes.map(({ pid, role }) => `${pid} ${role}`);

  it("a sandbox that one of them made gives it nothing of the container's, and the host's namespace does not", () => {
    const held = (user: number) => {
      const inside = member(2110, initPid, { namespaces: { ...ownNamespaces, user } });
      const host = v2Host({ namespaces: ownNamespaces }, procs(initPid, 2110), [inside]);
      const found = viewOf(host).processes.find(({ pid }) => pid === 2110);
      return [found?.capEffective, found?.capBounding].map(
        (fact) => fact?.state === "set" && fact.value.size,
      );
    };
    expect(held(4026532999)).toEqual([0, 0]);
    expect(held(4026531837)).toEqual([14, 14]);
  });

  it("finds those of the cgroup, below it, and those that entered from elsewhere", () => {
    const shell = { cgroup: "0::/user.slice\n" };
    const host = v2Host({}, procs(initPid, 2110, 2120), [
      member(2110, initPid),
      member(2120, 2110),
      member(2130, initPid),
      member(4000, 3999, shell),
      member(4001, 3999, { ...shell, namespaces: { mnt: 4026531841, pid: 4026531836 } }),
    ]);
    const view = viewOf({
      ...host,
      cgroup: { ...host.cgroup, [`system.slice/docker-${id}.scope/nested/deep/cgroup.procs`]: "2130\n" },
    });
    expect(roles(view.processes)).toEqual([
      "2101 init",
      "2110 child",
      "2120 child",
      "2130 child",
      "4000 entered",
    ]);
  });

  it("tells execs, their descendants, and one that the engine does not list", () => {
    const host = v2Host({}, procs(initPid, 2200, 2201, 2300), [
      member(2200, 2080),
      member(2201, 2200),
      member(2300, 2080),
    ]);
    const reading = read(host, { containers: [{ ...web, execPids: [{ execId: "e1", pid: 2200 }] }] });
    expect(roles(reading.views.get(id)?.processes ?? [])).toEqual([
      "2101 init",
      "2200 exec",
      "2201 exec",
      "2300 entered",
    ]);
    expect(roles(reading.execs.get("e1") ?? [])).toEqual(["2200 exec", "2201 exec"]);
  });

  it("takes orphans of a container in the host's pid namespace for its children", () => {
    const namespaces = { ...ownNamespaces, pid: 4026531836 };
    const host = v2Host({ namespaces }, procs(initPid, 2300), [member(2300, 2080, { namespaces })]);
    expect(roles(viewOf(host).processes)).toEqual(["2101 init", "2300 child"]);
  });

  it("from within another PID namespace: cgroup.procs counts otherwise than the host's procfs, and the host's process 1 is not the container's", () => {
    const first = member(1, 0, {
      cgroup: "0::/init.scope\n",
      namespaces: { pid: 4026531836, mnt: 4026531841 },
    });
    const host = v2Host({}, procs(1, 7), [first, member(2110, 4000), member(2120, 3999)]);
    const seenFrom = (self: string) => viewOf({ ...host, links: { self } }).processes;
    expect(roles(seenFrom("5000"))).toEqual(["2101 init", "2110 entered", "2120 entered"]);
    expect(roles(seenFrom(String(process.pid)))).toContain("1 entered");
  });

  it("from within another PID namespace: a container that names a cgroup after another keeps its process", () => {
    const other = { id: id.replace("3f1c", "aaaa"), name: "sidecar", pid: 2300, execPids: [] };
    const scope = (of: string) => `0::/system.slice/docker-${of}.scope`;
    const host = v2Host({}, {}, [
      initProcess({
        pid: 2300,
        cgroup: `${scope(other.id)}\n`,
        namespaces: { ...ownNamespaces, mnt: 4026532400 },
      }),
      member(2400, initPid, { cgroup: `${scope(id)}/docker-${other.id}.scope\n` }),
    ]);
    const { views } = read({ ...host, links: { self: "5000" } }, { containers: [other, web] });
    expect(roles(views.get(id)?.processes ?? [])).toContain("2400 child");
    expect(roles(views.get(other.id)?.processes ?? [])).toEqual(["2300 init"]);
  });

  it("drops a process that ended, without a gap", () => {
    const reading = read(v2Host({}, procs(initPid, 2999)));
    expect(roles(reading.views.get(id)?.processes ?? [])).toEqual(["2101 init"]);
    expect(reading.gaps).toEqual([]);
  });
});

describe("zombies", () => {
  const zombie = member(2110, initPid, { state: "Z", namespaces: { user: 4026531837 } });
  const both = { "cgroup.procs": `${initPid}\n2110\n` };

  it("have ended", () => {
    expect(viewOf(v2Host({}, both, [zombie])).processes.map(({ pid }) => pid)).toEqual([initPid]);
  });

  it("have not, where only the first thread ended: another tells what the process may do", () => {
    const host = v2Host({}, both, [zombie]);
    const thread = status({ name: "hidden", pid: 2111, ppid: initPid, cap: everyCapability });
    const proc = {
      ...host.proc,
      "2110/task/2110/stat": stat({ pid: 2110, state: "Z" }),
      "2110/task/2111/stat": stat({ pid: 2111 }),
      "2110/task/2111/status": thread,
    };
    const [, process] = viewOf({ ...host, proc }).processes;
    expect(process).toMatchObject({ pid: 2110, name: "hidden", role: "child", seccomp: { value: 0 } });
  });
});

describe("what cannot be read", () => {
  it("is a gap for a container that ended, and the others are read", () => {
    const gone = { id: id.replace("3f1c", "bbbb"), name: "gone", pid: 77, execPids: [] };
    const reading = read(v2Host(), { containers: [gone, web] });
    expect([...reading.views.keys()]).toEqual([id]);
    expect(reading.gaps).toEqual([
      {
        file: undefined,
        subject: "container:gone",
        reason: "the container stopped while it was read",
        location: undefined,
      },
    ]);
  });

  it("is a gap where the pid is the host's now, whose mounts have the container's root among them", () => {
    const mountinfo = `90 60 0:99 / /var/lib/docker/rootfs/overlayfs/${id} rw - overlay overlay rw\n`;
    const reading = read(v2Host({ mountinfo, cgroup: "0::/user.slice\n" }));
    expect(reading.views.size).toBe(0);
    expect(reading.gaps[0]?.reason).toContain("is not the container web");
  });

  it("is a gap where the pid belongs to somebody else", () => {
    const stranger = { ...web, id: id.replace("3f1c", "cccc") };
    const reading = read(v2Host(), { containers: [stranger] });
    expect(reading.views.size).toBe(0);
    expect(reading.gaps[0]?.reason).toBe(
      `process ${initPid} is not the container web: its cgroup is not named after it`,
    );
  });

  it("leaves facts unresolved, not unset", () => {
    const request = requestOf(v2Host());
    rmSync(join(request.proc ?? "", `${initPid}/uid_map`));
    const view = readKernel(request).views.get(id);
    expect(view?.user.state).toBe("unresolved");
    expect(view?.noNewPrivileges.state).toBe("set");
  });

  it("is survived on junk everywhere", () => {
    const junk = "\0\u001b[31m: - \uFFFD\n".repeat(50);
    const host = v2Host({
      status: junk,
      mountinfo: `${junk}1 2 3:4 /${id}/hosts /etc/hosts`,
      uidMap: junk,
      label: junk,
      cgroup: junk,
    });
    expect(viewOf(host).processes[0]?.capEffective.state).toBe("unresolved");
  });
});

describe("kernelVisible", () => {
  it("is, where the first process stands in the container's cgroup", () => {
    expect(kernelVisible(requestOf(v2Host()))).toEqual({ ok: true, value: undefined });
  });

  it("is, by the mounts, for an engine that makes no cgroup", () => {
    expect(kernelVisible(requestOf(v2Host({ cgroup: "0::/user.slice\n" }))).ok).toBe(true);
  });

  it("is not, where the pid does not exist or is somebody else's", () => {
    const request = requestOf(v2Host());
    expect(kernelVisible({ ...request, containers: [{ ...web, pid: 1234567 }] }).ok).toBe(false);
    expect(kernelVisible({ ...request, containers: [{ ...web, id: "d".repeat(64) }] })).toEqual({
      ok: false,
      reason: `process ${initPid} is not the container web: its cgroup is not named after it`,
    });
  });

  it("without containers, is where the engine's process is", () => {
    const request = requestOf(v2Host(), { containers: [] });
    expect(kernelVisible(request).ok).toBe(true);
    expect(kernelVisible({ ...request, enginePid: 999_999 }).ok).toBe(false);
  });
});

describe("a sandbox that a program made", () => {
  const program = { containers: [{ ...web, foreign: true, byProgram: true }] };
  const namespaces = { ...ownNamespaces, user: 4026532400 };
  const user = (uidMap: string, more: readonly RecordedProcess[] = []) =>
    v2Host({ uidMap, namespaces }, {}, more);

  it.each([
    ["root in it is a user", "0 65534 1\n"],
    ["the user keeps the number", "1000 1000 1\n"],
    ["nobody is in it", ""],
    ["it has a range of subordinate ids", "0 1000 1\n1 100000 65536\n"],
  ])("of an unprivileged user: %s", (_, uidMap) => {
    expect(viewOf(user(uidMap), program).sandbox).toEqual({ uid: expect.objectContaining({ state: "set" }) });
  });

  it("of the host's root is none", () => {
    expect(viewOf(user("0 0 4294967295\n"), program).sandbox).toBeUndefined();
    expect(viewOf(user("1000 0 1\n"), program).sandbox).toBeUndefined();
  });

  it("into which the host's root came is none", () => {
    const root = member(2102, initPid, { namespaces: { ...ownNamespaces, user: 4026531837 } });
    const host = user("0 65534 1\n", [root]);
    expect(viewOf(host, program).sandbox).toBeUndefined();
  });

  it("is no container of a runtime, and none in the Engine's own user namespace", () => {
    expect(viewOf(user("0 65534 1\n")).sandbox).toBeUndefined();
    expect(viewOf(v2Host({ uidMap: "0 65534 1\n" }), program).sandbox).toBeUndefined();
  });
});
