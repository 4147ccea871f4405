import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import type { Acl } from "./acl.ts";
import { withHost } from "./facts.ts";
import type { HostFiles } from "./files.ts";
import { apiSockets, seeHost } from "./host.ts";
import { flagValues } from "./process.ts";
import { allListeningAddresses } from "./reach.ts";

/** A host in a table: texts, symlinks (`-> target`) and sockets (`socket`) by path. Folders follow from the paths. */
function host(table: Readonly<Record<string, string>>, acls: Readonly<Record<string, Acl>> = {}): HostFiles {
  const paths = Object.keys(table);
  return {
    read: (path) => {
      const text = table[path];
      return text === undefined ? failed("it does not exist") : ok(text);
    },
    list: (folder) => [
      ...new Set(
        paths
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""),
      ),
    ],
    readLink: (path) => (table[path]?.startsWith("-> ") ? table[path].slice(3) : undefined),
    realPath: (path) => posix.normalize(path.replace(/^\/var\/run(?=\/|$)/, "/run")),
    stat: (path) =>
      paths.some((each) => each === path || each.startsWith(`${path}/`))
        ? {
            identity: path,
            isSocket: table[path] === "socket",
            isDirectory: false,
            mode: 0o660,
            uid: 0,
            gid: 999,
          }
        : undefined,
    acl: (path) => acls[path] ?? [],
  };
}

const unixTable = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 777 /var/run/docker.sock
0000000000000000: 00000002 00000000 00010000 0001 01 778 /run/other.sock
0000000000000000: 00000003 00000000 00000000 0001 03 779 /run/docker.sock
`;

// As proc_pid_net(5) prints them.
const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 801 1 0000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 900 1 0000 100 0 0 10 0
   2: 0100007F:0947 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 801 1 0000 100 0 0 10 0
`;
const tcp6Table = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0948 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 802 1 0000 100 0 0 10 0
   1: B80D0120000000000000000001000000:0949 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 803 1 0000 100 0 0 10 0
`;

const words = ["/usr/bin/dockerd", "-H", "fd://", "--exec-root=/run/mine"];

const dockerd = {
  "/proc/1/comm": "systemd\n",
  // The docker CLI, connected to the socket.
  "/proc/5/comm": "docker\n",
  "/proc/5/stat": "5 (docker) S 4 5 0\n",
  "/proc/5/fd/3": "-> socket:[779]",
  "/proc/5/net/unix": unixTable,
  "/proc/10/comm": "dockerd\n",
  "/proc/10/stat": "10 (dockerd) S 1 10 0\n",
  "/proc/10/fd/3": "-> socket:[778]",
  "/proc/10/net/unix": unixTable,
  "/proc/20/comm": "dockerd\n",
  "/proc/20/stat": "20 (dockerd) S 1 20 0\n",
  "/proc/20/cmdline": `${words.join("\0")}\0`,
  "/proc/20/cwd": "-> /",
  "/proc/20/ns/mnt": "-> mnt:[1]",
  "/proc/self/ns/mnt": "-> mnt:[1]",
  "/proc/20/fd/3": "-> socket:[777]",
  "/proc/20/fd/4": "-> socket:[801]",
  "/proc/20/fd/5": "-> socket:[802]",
  "/proc/20/fd/6": "-> socket:[803]",
  "/proc/20/fd/7": "-> /dev/null",
  "/proc/20/net/unix": unixTable,
  "/proc/20/net/tcp": tcpTable,
  "/proc/20/net/tcp6": tcp6Table,
  "/proc/meminfo": "MemTotal: 8 kB\nSwapTotal:       1024 kB\n",
  "/run/docker.sock": "socket",
  "/sys/module": "",
};

describe("the daemon behind a socket", () => {
  it("is told by the socket it listens on, under either name", () => {
    for (const path of ["/run/docker.sock", "/var/run/docker.sock"]) {
      expect(seeHost(path, "/proc", host(dockerd))).toMatchObject({
        pid: 20,
        process: "dockerd",
        sameFiles: true,
      });
    }
    expect(seeHost("/run/other.sock", "/proc", host(dockerd))).toMatchObject({ pid: 10 });
  });

  it("is not seen where none holds the socket, as for a virtual machine's", () => {
    expect(seeHost("/run/nosuch.sock", "/proc", host(dockerd))).toBeUndefined();
    expect(seeHost("/run/docker.sock", "/proc", host({ "/proc/1/comm": "init" }))).toBeUndefined();
  });

  it("is the only one there is where descriptors are closed to us", () => {
    const closed = {
      "/proc/20/comm": "dockerd\n",
      "/proc/20/stat": "20 (dockerd) S 1 20 0\n",
      "/proc/20/cmdline": "dockerd\0",
    };
    expect(seeHost("/run/docker.sock", "/proc", host(closed))).toMatchObject({ pid: 20 });
    // The socket of another user is not that of root's dockerd.
    const rootful = { ...closed, "/proc/20/status": "Name:\tdockerd\nUid:\t0\t0\t0\t0\n" };
    const owned = (uid: number): HostFiles => {
      const files = host({ ...rootful, "/run/docker.sock": "socket" });
      return { ...files, stat: (path) => ({ ...files.stat(path), uid }) as ReturnType<HostFiles["stat"]> };
    };
    expect(seeHost("/run/docker.sock", "/proc", owned(0))).toMatchObject({ pid: 20 });
    expect(seeHost("/run/docker.sock", "/proc", owned(1000))).toBeUndefined();
    const second = { "/proc/21/comm": "dockerd", "/proc/21/stat": "21 (dockerd) S 1 21 0\n" };
    expect(seeHost("/run/docker.sock", "/proc", host({ ...closed, ...second }))).toBeUndefined();
  });

  it("is not its own child that is about to start a program, also where process IDs began anew", () => {
    const child = (stat: Readonly<Record<string, string>>) => ({
      "/proc/3/comm": "dockerd\n",
      "/proc/3/fd/3": "-> socket:[777]",
      "/proc/3/net/unix": unixTable,
      ...stat,
      ...dockerd,
    });
    const running = child({ "/proc/3/stat": "3 (dockerd) R 20 20 0\n" });
    expect(seeHost("/run/docker.sock", "/proc", host(running))).toMatchObject({ pid: 20 });
    // Ended before more was read of it.
    expect(seeHost("/run/docker.sock", "/proc", host(child({})))).toMatchObject({ pid: 20 });
  });

  it("is a rootless podman, which starts itself anew as `exe`: known by its executable", () => {
    const socket = "/run/user/1000/podman/podman.sock";
    const table = `${unixTable}0000000000000000: 00000002 00000000 00010000 0001 01 790 ${socket}\n`;
    const podman = (exe: string) => ({
      ...dockerd,
      // The first one is in the host's user namespace and hands the socket on.
      "/proc/30/comm": "podman\n",
      "/proc/30/stat": "30 (podman) S 1 30 0\n",
      "/proc/30/net/unix": table,
      "/proc/31/comm": "exe\n",
      "/proc/31/exe": `-> ${exe}`,
      "/proc/31/stat": "31 (exe) S 30 30 0\n",
      "/proc/31/fd/3": "-> socket:[790]",
      "/proc/31/net/unix": table,
    });
    expect(seeHost(socket, "/proc", host(podman("/usr/bin/podman")))).toMatchObject({
      pid: 31,
      process: "podman",
    });
    expect(seeHost(socket, "/proc", host(podman("/usr/bin/exe")))).toBeUndefined();
  });

  it("says what listens on its host, and not that nothing does where that is not to be read", () => {
    expect(allListeningAddresses("/proc/20", host(dockerd))).toHaveLength(4);
    expect(allListeningAddresses("/proc/21", host(dockerd))).toBeUndefined();
  });

  it("listens on these addresses", () => {
    const sight = seeHost("/run/docker.sock", "/proc", host(dockerd));
    expect(sight?.tcp).toEqual([
      { ip: "127.0.0.1", port: 0x947 },
      { ip: "::", port: 0x948 },
      { ip: "2001:db8::1", port: 0x949 },
    ]);
  });

  it("reads its files from its own root in another mount namespace", () => {
    const apart = {
      ...dockerd,
      "/proc/20/ns/mnt": "-> mnt:[2]",
      "/proc/20/root/etc/docker/daemon.json": "{}",
    };
    expect(seeHost("/run/docker.sock", "/proc", host(apart))).toMatchObject({
      sameFiles: false,
      root: "/proc/20/root",
      configFile: { path: "/etc/docker/daemon.json", text: { value: "{}" } },
    });
  });
});

describe("its configuration file", () => {
  function configFile(cmdline: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const files = host({ ...dockerd, "/proc/20/cmdline": `${cmdline.join("\0")}\0`, ...more });
    return seeHost("/run/docker.sock", "/proc", files)?.configFile;
  }

  it("is /etc/docker/daemon.json, and need not be there", () => {
    expect(configFile(["dockerd"])).toEqual({ path: "/etc/docker/daemon.json", text: "missing" });
    expect(configFile(["dockerd"], { "/etc/docker/daemon.json": "{}" })).toMatchObject({
      text: { value: "{}" },
    });
  });

  it.each([["--config-file=d.json"], ["--config-file", "d.json"]])("is what %s says", (...flags) => {
    expect(configFile(["dockerd", ...flags], { "/d.json": "{}" })).toMatchObject({
      path: "/d.json",
      text: { ok: true },
    });
  });

  it("has to be there where a flag names it", () => {
    expect(configFile(["dockerd", "--config-file=/d.json"])).toMatchObject({ text: { ok: false } });
  });

  it("is the user's own in rootless mode", () => {
    const environ = { "/proc/20/environ": "SECRET=x\0HOME=/home/me\0" };
    expect(configFile(["dockerd", "--rootless"], environ)).toMatchObject({
      path: "/home/me/.config/docker/daemon.json",
    });
    const xdg = { "/proc/20/environ": "HOME=/home/me\0XDG_CONFIG_HOME=/c\0" };
    expect(configFile(["dockerd", "--rootless"], xdg)).toMatchObject({ path: "/c/docker/daemon.json" });
    // dockerd-rootless.sh gives no flag.
    const kit = {
      "/proc/20/environ": "HOME=/home/me\0ROOTLESSKIT_STATE_DIR=/run/user/1000/dockerd-rootless\0",
    };
    expect(configFile(["dockerd"], kit)).toMatchObject({ path: "/home/me/.config/docker/daemon.json" });
    expect(configFile(["dockerd", "--rootless=false"], kit)).toMatchObject({
      path: "/etc/docker/daemon.json",
    });
    expect(configFile(["dockerd"], environ)).toMatchObject({ path: "/etc/docker/daemon.json" });
  });
});

describe("what the host adds to the engine", () => {
  function facts(
    more: Readonly<Record<string, string>> = {},
    given: Parameters<typeof engine>[1] = {},
    acls: Readonly<Record<string, Acl>> = {},
  ) {
    const files = host({ ...dockerd, ...more }, acls);
    const sight = seeHost("/run/docker.sock", "/proc", files);
    if (!sight) throw new Error("no daemon is seen");
    return withHost(engine("configured", given), sight, files);
  }

  it("knows the kernel's security modules", () => {
    expect(facts().kernelLsm).toMatchObject({ value: [] });
    expect(facts({ "/sys/kernel/security/lsm": "lockdown,capability,apparmor\n" }).kernelLsm).toMatchObject({
      value: ["lockdown", "capability", "apparmor"],
    });
    expect(facts({ "/sys/module/apparmor/parameters/enabled": "Y\n" }).kernelLsm).toMatchObject({
      value: ["apparmor"],
    });
  });

  it.each([
    ["1", "enforcing"],
    ["0", "permissive"],
    [undefined, "disabled"],
  ])("reads SELinux' mode %s as %s", (enforce, mode) => {
    expect(
      facts(enforce === undefined ? {} : { "/sys/fs/selinux/enforce": enforce }).selinuxMode,
    ).toMatchObject({ value: mode });
  });

  it("reads swap and the socket's file", () => {
    expect(facts()).toMatchObject({
      swapTotal: { value: 1_048_576 },
      socketFiles: [{ value: { path: "/run/docker.sock", mode: 0o660, uid: 0, gid: 999 } }],
    });
  });

  it("reads the file of containerd's socket, which gives the same", () => {
    const path = "/run/mine/containerd/containerd.sock";
    expect(facts({ [path]: "socket" }).socketFiles).toMatchObject([
      { value: { path: "/run/docker.sock" } },
      { value: { path, mode: 0o660 } },
    ]);
  });

  it("knows who is in the group that may write a socket", () => {
    const groups = "root:x:0:eve\ndocker:x:999:ada,bob\n";
    const users = "root:x:0:999:::\nada:x:1000:1000:::\ncarl:x:1001:999:::\n";
    const openTo = "ada, bob and carl (in the group docker)";
    expect(facts({ "/etc/group": groups, "/etc/passwd": users }).socketFiles).toMatchObject([
      { value: { openTo } },
    ]);
    const acls = { "/run/docker.sock": [{ kind: "user", id: "7", permissions: "rw-" } as const] };
    expect(facts({ "/etc/group": "docker:x:999:ada\n" }, {}, acls).socketFiles).toMatchObject([
      { value: { openTo: "ada (in the group docker) and uid 7 (by its ACL)" } },
    ]);
    const none = facts({ "/etc/group": "docker:x:999:\n" }).socketFiles[0];
    expect(none).not.toHaveProperty("value.openTo");
  });

  it("reads the programs that the kernel starts", () => {
    const settings = {
      "/proc/sys/kernel/core_pattern": "|/usr/bin/core %p /tmp/x\n",
      "/proc/sys/kernel/modprobe": "/sbin/modprobe\n",
      "/sys/kernel/uevent_helper": "\n",
      "/sys/fs/cgroup/rdma/release_agent": "/tmp/agent\n",
      "/sys/fs/cgroup/memory/release_agent": "\n",
      "/proc/sys/fs/binfmt_misc/arm": "enabled\ninterpreter /usr/bin/qemu-arm\nflags: OCF\n",
      "/proc/sys/fs/binfmt_misc/status": "enabled\n",
      "/usr/bin/core": "",
    };
    const read = facts(settings).kernelPrograms;
    expect(read.state === "set" && read.value.map(({ setting, paths }) => [setting, ...paths])).toEqual([
      ["kernel.core_pattern", "/usr/bin/core", "/tmp/x"],
      ["kernel.modprobe", "/sbin/modprobe"],
      ["/sys/fs/cgroup/rdma/release_agent", "/tmp/agent"],
      ["binfmt_misc arm", "/usr/bin/qemu-arm"],
    ]);
    // With the folders above it: who writes one of them can put another program there.
    expect(read.state === "set" && read.value[0]?.files).toMatchObject([
      { path: "/usr/bin/core", gid: 999 },
      { path: "/usr/bin" },
      { path: "/usr" },
    ]);
    expect(facts({ "/proc/sys/kernel/core_pattern": "/tmp/core.%p\n" }).kernelPrograms).toMatchObject({
      value: [],
    });
    expect(facts().kernelPrograms.state).toBe("unresolved");
  });

  it("knows whom an ACL lets in, or that there is one that is not known", () => {
    const path = "/run/docker.sock";
    const ada = { kind: "user", id: "1001", permissions: "rw-" } as const;
    expect(facts({}, {}, { [path]: [ada] }).socketFiles).toMatchObject([
      { value: { path, openTo: "uid 1001 (by its ACL)" } },
    ]);
    for (const acl of ["unread", "unknown"] as const)
      expect(facts({}, {}, { [path]: acl }).socketFiles).toMatchObject([{ value: { path, acl } }]);
  });

  it.each([
    ["rw,attr2,prjquota", true],
    ["rw,attr2,noquota", false],
  ])("knows whether xfs mounted with %s has quotas: %s", (options, supported) => {
    const mountinfo = `1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /var/lib/docker rw,relatime shared:1 - xfs /dev/b ${options}\n`;
    const given = {
      storageDriver: set("overlay2"),
      backingFilesystem: set("xfs"),
      dataRoot: set("/var/lib/docker"),
    };
    expect(facts({ "/proc/20/mountinfo": mountinfo }, given).storageQuotaSupported).toMatchObject({
      value: supported,
    });
  });

  it("takes options for unset only where the configuration was read", () => {
    const open = { logOptions: [{ state: "unresolved", reason: "?", origins: [] }] } as const;
    expect(facts({}, open).logOptions).toEqual([]);
    expect(facts({ "/proc/20/cmdline": "" }, open).logOptions).toHaveLength(1);
  });

  it("does not pass over a TCP socket that a service manager handed over", () => {
    const reasons = facts().listenAddresses.map((item) =>
      item.state === "set" ? item.value.address : item.reason,
    );
    expect(reasons).toMatchObject([
      expect.stringContaining("127.0.0.1:2375"),
      expect.stringContaining("[::]:2376"),
      expect.stringContaining("[2001:db8::1]:2377"),
    ]);
    expect(facts({}, { swarmActive: set(true) }).listenAddresses).toHaveLength(2);
    expect(facts({ "/proc/20/cmdline": "dockerd\0-H\0unix://\0" }).listenAddresses).toEqual([]);
  });
});

it.each([
  [
    ["dockerd", "-H", "a", "--host=b", "--host", "c", "-Hd", "-H=e"],
    ["a", "b", "c", "d", "e"],
  ],
  [["dockerd", "--hosts=x", "--debug"], []],
  [["dockerd", "--host"], ["true"]],
])("%j", (given, values) => {
  expect(flagValues(given, ["-H", "--host"])).toEqual(values);
});

it("knows where the engine's containerd listens", () => {
  const sight = seeHost("/run/docker.sock", "/proc", host(dockerd));
  expect(sight && apiSockets(sight)).toContain("/run/mine/containerd/containerd.sock");
});
