import { describe, expect, test } from "vitest";
import {
  ask,
  createBody,
  decideIn,
  flagsOf,
  idOf,
  type Outcome,
  outcomeOf,
  policy,
  type Row,
  run,
  table,
  type World,
} from "../../../../test/support/guard/guard.ts";
import type { Bundles } from "../../../fix/bundle/bundle.ts";
import type { Policy } from "../../policy/policy.ts";

const giga = 1024 ** 3;

const world: World = {
  containers: {
    plain: {},
    agent: { HostConfig: { Privileged: true } },
    onhost: { HostConfig: { NetworkMode: "host", PidMode: "host" } },
    socket: { HostConfig: { Binds: ["/var/run/docker.sock:/s"] } },
    binder: { HostConfig: { Binds: ["/opt/data:/x"] } },
    linked: { HostConfig: { Binds: ["/srv/link:/x"] } },
    taker: { HostConfig: { VolumesFrom: ["socket"] } },
    beside: { HostConfig: { PidMode: "container:socket" } },
  },
  volumes: {
    data: {},
    rootfs: { Options: { type: "none", o: "bind", device: "/" } },
    srv: { Options: { type: "none", o: "bind", device: "/srv/data" } },
    disk: { Options: { type: "ext4", device: "/dev/sda1" } },
    nfs: { Options: { type: "nfs", o: "addr=10.0.0.1", device: ":/x" } },
    sized: { Options: { type: "tmpfs", device: "tmpfs", o: "size=10m" } },
    plugin: { Driver: "rexray" },
  },
  networks: { web: {}, lan: { Driver: "macvlan" }, host: { Driver: "host" } },
  links: {
    "/etc/www": "/srv/www",
    "/srv/link": "/etc",
    "/srv/run": "/run",
    // As eyes.ts leaves it: what is a link in another process's root is not known.
    "/srv/other": "/proc/4242/root/srv",
  },
  hidden: ["/srv/private/app"],
};

function denies(line: string, ...rules: readonly string[]): Row {
  return { label: `${line} → ${rules.join(", ")}`, request: run(line), expected: rules };
}

function lets(line: string): Row {
  return { label: `${line} → harden`, request: run(line), expected: "harden" };
}

/** The default policy with folders of the host to mount. */
const srv = policy({ allow: { mounts: [{ source: "/srv/*", readOnly: false }] } });

describe("what a control denies", () => {
  table(
    [
      denies("--privileged app", "privileged"),
      denies(
        "-v /:/host app",
        "docker-socket-mount",
        "host-dev-mount",
        "host-proc-mount",
        "sensitive-host-mount",
      ),
      denies(
        "-v /:/host:ro app",
        "docker-socket-mount",
        "host-dev-mount",
        "host-proc-mount",
        "sensitive-host-mount",
      ),
      denies("-v /var/run/docker.sock:/s:ro app", "docker-socket-mount"),
      denies("-v /etc:/e app", "sensitive-host-mount"),
      denies("-v /srv/../etc:/e app", "sensitive-host-mount"),
      denies("-v /proc:/p app", "host-proc-mount"),
      denies("-v /dev:/d app", "host-dev-mount"),
      denies("-v /srv/link:/x app", "sensitive-host-mount"),
      denies("-v /srv/link/shadow:/x app", "sensitive-host-mount"),
      denies("-v /srv/run/docker.sock:/x app", "docker-socket-mount"),
      denies("-v /proc/4242/root/srv:/x app", "host-proc-mount"),
      denies("-v /srv/other:/x app", "host-proc-mount"),
      denies("-v /srv/private/app:/x app", "guard-bind-mount", "guard-unknown"),
      denies("--device /proc/4242/root/dev/null app", "device-access"),
      // What it leads to now need not be what it leads to when dockerd looks.
      denies("-v /etc/www:/x app", "sensitive-host-mount"),
      denies('--mount {"Type":"bind","Source":"/etc","Target":"/e"} app', "sensitive-host-mount"),
      denies(
        '--mount {"Type":"volume","Source":"new","Target":"/e","VolumeOptions":{"DriverConfig":{"Options":{"type":"none","o":"bind","device":"/etc"}}}} app',
        "sensitive-host-mount",
      ),
      denies(
        "-v rootfs:/x app",
        "docker-socket-mount",
        "host-dev-mount",
        "host-proc-mount",
        "sensitive-host-mount",
      ),
      denies("--volumes-from socket app", "docker-socket-mount"),
      denies("--volumes-from taker:ro app", "docker-socket-mount"),
      denies("--volumes-from linked app", "sensitive-host-mount"),
      denies("--device /dev/sda app", "device-access"),
      denies("--device /dev app", "device-access"),
      denies("--device-cgroup-rule b:*:*:rwm app", "device-access"),
      denies("--gpus all app", "device-access"),
      denies("--cap-add SYS_ADMIN app", "capabilities-dangerous"),
      denies("--cap-add cap_sys_admin app", "capabilities-dangerous"),
      denies("--cap-add ALL app", "capabilities-dangerous"),
      denies("--cap-add SYS_PTRACE plain", "capabilities-dangerous"),
      denies("--security-opt seccomp=unconfined app", "seccomp-profile"),
      denies("--security-opt seccomp=builtin --security-opt seccomp=unconfined app", "seccomp-profile"),
      denies("--security-opt apparmor=unconfined app", "apparmor-profile"),
      denies("--security-opt apparmor:unconfined app", "apparmor-profile"),
      denies("--security-opt systempaths=unconfined app", "masked-paths"),
      denies("--net host app", "host-network"),
      denies(`--net ${idOf("host")} app`, "host-network"),
      denies("--pid host app", "host-pid"),
      denies("--ipc host app", "host-ipc"),
      denies("--net container:agent app", "shared-namespace"),
      denies("--net container:onhost app", "host-network", "shared-namespace"),
      denies("--pid container:onhost app", "guard-unsafe-container", "host-pid", "shared-namespace"),
      denies(`--pid container:${idOf("agent")} app`, "guard-unsafe-container", "shared-namespace"),
      // Through /proc/PID/root it has the other's files.
      denies("--pid container:socket app", "guard-unsafe-container"),
      denies("--pid container:beside app", "guard-unsafe-container"),
      denies("-m 100000000 --oom-kill-disable app", "memory-limit"),
    ].map((row) =>
      row.label.startsWith("-m ")
        ? { ...row, policy: policy({ controls: { deny: new Set(["memory-limit"]), harden: new Set() } }) }
        : row,
    ),
    world,
  );
});

describe("what a rule of the guard's own denies", () => {
  table(
    [
      denies("--log-driver syslog app", "remote-log-driver"),
      denies("--log-driver fluentd --log-opt fluentd-address=10.0.0.1 app", "remote-log-driver"),
      denies("--volume-driver rexray -v new:/x app", "volume-options"),
      denies("-v plugin:/x app", "volume-options"),
      denies("-v disk:/x app", "volume-options"),
      denies("-v nfs:/x app", "volume-options"),
      denies(
        '--mount {"Type":"volume","Target":"/e","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"ext4","device":"/dev/sda1"}}}} app',
        "volume-options",
      ),
      denies('--mount {"Type":"npipe","Source":"x","Target":"/e"} app', "guard-mount-type"),
      denies('--mount {"Type":"cluster","Source":"x","Target":"/e"} app', "guard-mount-type"),
      denies("--sysctl kernel.msgmax=1 app", "unsafe-sysctl"),
      denies("--runtime evil app", "runtime-handler"),
      denies("--annotation org.systemd.property.X=1 app", "runtime-annotation"),
      denies("--oom-score-adj -500 app", "oom-score"),
      denies("--group-add 0 app", "supplementary-groups"),
      denies("--group-add docker app", "supplementary-groups"),
      denies("--group-add 999 app", "supplementary-groups"),
      denies("--group-add team app", "supplementary-groups"),
      // A group opens what is the host's, where that is in the container.
      ...["1000:6", "6:6", "1000:disk", "0:6"].flatMap((user) => [
        { ...denies(`-v /srv/a:/a -u ${user} app`, "supplementary-groups"), policy: srv },
        lets(`-u ${user} app`),
      ]),
      ...["33:33", "1000:100", "1000:0"].map((user) => lets(`-u ${user} -v data:/data app`)),
      denies("--cgroup-parent system.slice app", "guard-cgroup"),
      denies("--cgroup-parent //../docker app", "guard-cgroup"),

      denies("--cpu-rt-runtime 1000 app", "realtime-cpu"),
      denies("--storage-opt evil=1 app", "storage-option"),
      denies("--cgroup container:plain app", "guard-cgroup"),
      denies("--link plain:db app", "legacy-link"),
      denies('--security-opt seccomp={"defaultAction":"SCMP_ACT_ERRNO"} app', "custom-profile"),
      denies("--security-opt apparmor=lax app", "custom-profile"),
      denies("--security-opt label=type:container_init_t app", "custom-profile"),
      denies("--security-opt writable-cgroups=true app", "custom-profile"),
      denies("--net web --net host app", "host-network"),
    ],
    world,
  );

  test("options for a log driver that is not named go to the Engine's own", () => {
    const request = run("--log-opt syslog-address=tcp://10.0.0.1:514 app");
    expect(outcomeOf(decideIn({ info: { LoggingDriver: "syslog" } }, request))).toEqual([
      "remote-log-driver",
    ]);
    expect(outcomeOf(decideIn({ info: { LoggingDriver: "syslog" } }, run("app")))).toBe("harden");
  });

  test("the host's network among the endpoints is joined, whatever the mode says", () => {
    const request = run("--net web app");
    const body = { ...(request.body as object), NetworkingConfig: { EndpointsConfig: { host: {} } } };
    expect(outcomeOf(decideIn(world, { ...request, body }))).toEqual(["guard-network"]);
  });

  test("driver options of an endpoint", () => {
    const request = run("--net web app");
    const endpoint = { DriverOpts: { "com.docker.network.endpoint.sysctls": "x" } };
    const body = { ...(request.body as object), NetworkingConfig: { EndpointsConfig: { web: endpoint } } };
    expect(outcomeOf(decideIn(world, { ...request, body }))).toEqual(["endpoint-option"]);
  });
});

describe("what goes on working", () => {
  table(
    [
      lets("busybox echo hi"),
      lets("nginx"),
      lets("redis"),
      lets("-p 8080:80 nginx"),
      lets("-v data:/data app"),
      lets("-v new:/data app"),
      denies("-v srv:/data app", "guard-bind-mount"),
      lets("-v sized:/data app"),
      denies("-v /srv/www:/www app", "guard-bind-mount"),
      lets("-v /etc/localtime:/etc/localtime app"),
      denies("--volumes-from binder app", "guard-bind-mount"),
      lets("-v /etc/ssl/certs:/etc/ssl/certs:ro app"),
      lets("-v /etc/localtime:/etc/localtime:ro app"),
      lets("--tmpfs /tmp app"),
      lets("--net web app"),
      lets("--net none app"),
      lets("--net container:plain app"),
      lets("--volumes-from plain app"),
      lets("--cap-add NET_BIND_SERVICE app"),
      lets("--device /dev/null app"),
      lets("--sysctl net.core.somaxconn=1024 app"),
      lets("--runtime runc app"),
      lets("--log-driver local app"),
      lets("--log-driver none app"),
      lets("--group-add 1000 app"),
      lets("--mac-address 02:42:ac:11:00:02 app"),
      lets("--security-opt no-new-privileges:true app"),
      lets("--ipc shareable app"),
      lets('--mount {"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1000000}} app'),
    ],
    world,
  );

  test("an image that is not there is a 404, on which the docker CLI pulls it", () => {
    const decision = decideIn({}, run("nowhere"));
    expect(decision).toMatchObject({ verdict: "deny", status: 404 });
    expect(outcomeOf(decideIn({}, run("--privileged nowhere")))).toEqual(["guard-missing", "privileged"]);
    expect(decideIn({}, run("--privileged nowhere"))).toMatchObject({ status: 403 });
    const strict = policy({ controls: { deny: new Set(["root-user"]), harden: new Set() } });
    expect(decideIn({}, run("nowhere"), strict)).toMatchObject({ status: 404 });
  });

  test("an existing volume is judged by its own options, whatever is asked for", () => {
    const options = (o: object) =>
      JSON.stringify({
        Type: "volume",
        Source: "rootfs",
        Target: "/x",
        VolumeOptions: { DriverConfig: { Name: "local", Options: o } },
      });
    const asked = run(`--mount ${options({ type: "none", o: "bind", device: "/srv/data" })} app`);
    expect(outcomeOf(decideIn(world, asked))).toContain("sensitive-host-mount");
  });

  test("where the host is not seen, none of its folders is mounted unless the policy takes paths as written", () => {
    const line = run("-v /srv/link:/x app");
    expect(outcomeOf(decideIn({ blind: true }, line, srv))).toEqual(["guard-blind"]);
    const open = { ...srv, rules: { ...srv.rules, "guard-blind": "allow" as const } };
    expect(decideIn({ blind: true }, line, open)).toMatchObject({ verdict: "harden" });
    expect(outcomeOf(decideIn({ blind: true }, run("-v /etc:/x app"), open))).toEqual([
      "sensitive-host-mount",
    ]);
  });

  test("an Engine that does not answer lets nothing through", () => {
    expect(decideIn({ mute: true }, run("app")).verdict).toBe("deny");
  });
});

describe("hardening", () => {
  const flags = (line: string, under = policy()) => flagsOf(decideIn(world, run(line), under));

  test("sets what is unset: what cannot break a workload everywhere, the rest where the image's needs are known", () => {
    expect(flags("app")).toEqual([
      "--pids-limit 8192",
      "--security-opt no-new-privileges",
      "--log-driver json-file",
      "--log-opt max-size=10m",
      "--log-opt max-file=3",
    ]);
    expect(flags("nginx")).toEqual(
      expect.arrayContaining(["--read-only", "--cap-drop ALL", "--cap-add SETUID"]),
    );
  });

  test("of an unknown image too, where the policy names the control", () => {
    const { controls } = policy();
    const under = policy({ controls: { ...controls, hardenUnknown: new Set(["read-only-rootfs"]) } });
    expect(flags("app", under)).toEqual(expect.arrayContaining(["--read-only"]));
    expect(flags("app", under)).not.toContain("--cap-drop ALL");
  });

  test("of an image whose needs a bundle has, by its id, and never by its name", () => {
    const needs = { source: "it", capabilities: ["CHOWN"], writablePaths: ["/run"] };
    const bundles: Bundles = {
      files: [],
      needsOf: (image) => (image?.id === `sha256:${idOf("app")}` ? needs : undefined),
    };
    const under = policy({ bundles });
    expect(flags("app", under)).toEqual(
      expect.arrayContaining(["--read-only", "--cap-drop ALL", "--cap-add CHOWN"]),
    );
    const moved = { ...world, images: { app: { Id: `sha256:${"f".repeat(64)}` } } };
    expect(flagsOf(decideIn(moved, run("app"), under))).not.toContain("--cap-drop ALL");
  });

  test("replaces what is explicitly unsafe, and says so", () => {
    const decision = decideIn(
      world,
      run("--pids-limit -1 --uts host --security-opt no-new-privileges=false app"),
    );
    if (decision.verdict !== "harden") throw new Error(decision.verdict);
    const replaced = decision.changes.filter((change) => change.replaced).map(({ control }) => control);
    expect(replaced.toSorted()).toEqual(["host-uts", "no-new-privileges", "pids-limit"]);
    expect(decision.request.body).toMatchObject({
      HostConfig: { PidsLimit: 8192, SecurityOpt: ["no-new-privileges"] },
    });
  });

  test("refuses it under override: deny, and still sets what is unset", () => {
    const under = policy({ override: "deny" });
    expect(outcomeOf(decideIn(world, run("--pids-limit -1 app"), under))).toEqual(["guard-override"]);
    expect(outcomeOf(decideIn(world, run("--tmpfs /tmp app"), under))).toBe("harden");
    expect(outcomeOf(decideIn(world, run("app"), under))).toBe("harden");
  });

  test("keeps what was published, and folders writable", () => {
    const decision = decideIn(world, run("-p 8080:80 -v /srv/www:/www app"), srv);
    expect(decision).toMatchObject({
      request: {
        body: {
          HostConfig: {
            PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] },
            Binds: ["/srv/www:/www"],
          },
        },
      },
    });
  });

  test("gives an image its own user back", () => {
    expect(flags("-u 0 plain")).toContain("leave out --user");
    expect(flags("plain").join()).not.toContain("--user");
    expect(flags("app").join()).not.toContain("--user");
  });

  test("a grave control that hardens still denies what it cannot mend", () => {
    const controls = { deny: new Set<string>(), harden: new Set(["privileged", "memory-limit"]) };
    expect(flags("--privileged app", policy({ controls }))).toEqual(["leave out --privileged"]);
    const filter = { deny: new Set<string>(), harden: new Set(["seccomp-profile"]) };
    const unfiltered = { info: { SecurityOptions: ["name=seccomp,profile=unconfined"] } };
    expect(outcomeOf(decideIn(unfiltered, run("app"), policy({ controls: filter })))).toEqual([
      "seccomp-profile",
    ]);
    expect(outcomeOf(decideIn({}, run("app"), policy({ controls: filter })))).toBe("allow");
  });
});

describe("names are full ids before anything is judged", () => {
  test("containers that it joins, takes volumes from, or links", () => {
    const rules = { "legacy-link": "allow", "guard-cgroup": "allow" } as const;
    const line = "--net container:plain --ipc container:plain --volumes-from plain:ro --link plain app";
    const decision = decideIn(world, run(line), policy({ rules }));
    const id = idOf("plain");
    expect(decision).toMatchObject({
      request: {
        body: {
          HostConfig: {
            NetworkMode: `container:${id}`,
            IpcMode: `container:${id}`,
            VolumesFrom: [`${id}:ro`],
            Links: [`${id}:plain`],
          },
        },
      },
    });
  });

  describe("an image is sent by its id, no matter who asks", () => {
    const id = `sha256:${idOf("app")}`;
    const owned = policy({ owner: { label: "o", value: "ci" }, space: "bulkhead.invalid/ci/" });
    test.each([policy(), owned, policy({ allow: { images: ["app"] } })])("under %#", (under) => {
      const sentOf = (line: string) => {
        const decision = decideIn(world, run(line), under);
        if (decision.verdict === "deny") throw new Error(JSON.stringify(decision));
        const { Image, Labels } = decision.request.body as { Image: string; Labels: object };
        return { Image, noted: Reflect.get(Labels, "bulkhead.image") };
      };
      expect(sentOf("app")).toEqual({ Image: id, noted: "app" });
      expect(sentOf(id)).toEqual({ Image: id, noted: undefined });
      // What a client notes counts only where it is true.
      expect(sentOf(`--label bulkhead.image=app ${id}`)).toEqual({ Image: id, noted: "app" });
      expect(sentOf(`--label bulkhead.image=nginx ${id}`)).toEqual({ Image: id, noted: undefined });
      expect(sentOf("--label bulkhead.image=nginx app")).toEqual({ Image: id, noted: "app" });
    });

    test("and is hardened by what is known of its name", () => {
      for (const under of [policy(), owned])
        expect(flagsOf(decideIn(world, run("nginx"), under))).toContain("--cap-drop ALL");
    });
  });

  test("the beginning of an image's id becomes the id, for it may be another's tomorrow", () => {
    const known = { images: { "0123456789ab": { RepoTags: ["other:1"], Config: {} } } };
    expect(decideIn(known, run("0123456789ab"))).toMatchObject({
      request: { body: { Image: `sha256:${idOf("0123456789ab")}` } },
    });
  });

  test("a network keeps its name, and an id stays one", () => {
    expect(decideIn(world, run("--net web app"))).toMatchObject({
      request: { body: { HostConfig: { NetworkMode: "web" } } },
    });
    expect(outcomeOf(decideIn(world, run("--net nowhere app")))).toEqual(["guard-missing"]);
  });
});

describe("what the policy allows by name is no finding", () => {
  const under = (allow: Partial<Policy["allow"]>, line: string, expected: Outcome = "harden"): Row => ({
    label: `${JSON.stringify(allow)}: ${line} → ${expected}`,
    request: run(line),
    expected,
    policy: policy({ allow }),
  });
  const mounts = (source: string, readOnly = false) => ({ mounts: [{ source, readOnly }] });
  const dangerous = (source: string, readOnly = false) => ({
    mounts: [{ source, readOnly, dangerous: true }],
  });

  table(
    [
      under(mounts("/srv/**"), "-v /srv:/e app"),
      under(mounts("/srv/*"), "-v /srv/a:/e app"),
      // A container that mounts /srv could put a link in the place of /srv/a.
      under(mounts("/srv/**"), "-v /srv/a:/e app", ["guard-writable-path"]),
      under(mounts("/srv/**"), "-v /srv/a:/e:ro app", ["guard-writable-path"]),
      under(mounts("/srv/**", true), "-v /srv/a/b:/e:ro app"),
      under(dangerous("/var/lib/docker/volumes/**"), "-v /var/lib/docker/volumes/v/_data/a:/e app", [
        "guard-writable-path",
      ]),
      under(mounts("/srv/**"), "-v /srv/../mnt/data:/e app", ["guard-bind-mount"]),
      under(mounts("/srv", true), "-v /srv:/e app", ["guard-bind-mount"]),
      under(mounts("/srv", true), "-v /srv:/e:ro app"),
      // Allowed is not the same as safe: the controls look below and above it.
      under(mounts("/**"), "-v /usr/local:/e app", ["sensitive-host-mount"]),
      under(mounts("/**"), "-v /home/me/.bashrc:/e app", ["sensitive-host-mount"]),
      under(mounts("/**"), "-v /opt/engine/daemon.json:/e app", ["sensitive-host-mount"]),
      under(mounts("/**"), "-v /run/user/1000/bus:/e app", ["sensitive-host-mount"]),
      under(mounts("/**"), "-v /var/spool:/e app", ["sensitive-host-mount"]),
      under(mounts("/opt/*"), "-v /opt/data:/e app"),
      under(dangerous("/etc/app/**"), "-v /etc/app:/e app"),
      under(dangerous("/etc/app/**"), "-v /etc/app/a/b:/e app", ["guard-writable-path"]),
      under(dangerous("/etc/app/**", true), "-v /etc/app/a/b:/e:ro app"),
      under(dangerous("/etc/app/**"), "-v /etc/apps:/e app", ["sensitive-host-mount"]),
      under(dangerous("/etc/app/**"), "-v /etc/app/../x:/e app", ["sensitive-host-mount"]),
      under(dangerous("/etc/app", true), "-v /etc/app:/e app", ["sensitive-host-mount"]),
      under(dangerous("/etc/app", true), "-v /etc/app:/e:ro app"),
      // A link of the host that leads elsewhere is judged by where it leads.
      under(mounts("/srv/**"), "-v /srv/link:/e app", ["sensitive-host-mount"]),
      under(dangerous("/etc/*/conf"), "-v /etc/x/conf:/e app"),
      under(dangerous("/etc/*/conf"), "-v /etc/x/y/conf:/e app", ["sensitive-host-mount"]),
      under({ capabilities: ["NET_ADMIN"] }, "--cap-add CAP_NET_ADMIN app"),
      under({ capabilities: ["NET_ADMIN"] }, "--cap-add NET_ADMIN --cap-add BPF app", [
        "capabilities-dangerous",
      ]),
      under({ devices: ["/dev/dri/*"] }, "--device /dev/dri/card0 app"),
      under({ devices: ["/dev/dri/*"] }, "--device /dev/sda app", ["device-access"]),
      under({ sysctls: ["kernel.msg*"] }, "--sysctl kernel.msgmax=1 app"),
      under({ logDrivers: ["syslog"] }, "--log-driver syslog app"),
      under({ volumeDrivers: ["rexray"] }, "-v plugin:/x app"),
      under({ runtimes: ["crun"] }, "--runtime crun app"),
      under({ networks: ["host"] }, "--net host app"),
      under({ networks: ["other"] }, "--net web app", ["guard-network"]),
      under({ users: ["1000"] }, "-u 1000 app"),
      under({ users: ["1000"] }, "-u 1000:2000 app"),
      under({ users: ["1000:50"] }, "-u 1000:50 app"),
      under({ users: ["65534"] }, "-u nobody -v data:/data app", ["guard-user"]),
      under({ users: ["1000"] }, "-u 1000:staff app", ["guard-user"]),
      under({ users: ["65534"] }, "-u 65534 -v data:/data app"),
      under({ users: ["1000:50"] }, "-u 1000:2000 app", ["guard-user"]),
      under({ users: ["1000"] }, "plain"),
      under({ users: ["1000"] }, "app", ["guard-user"]),
      under({ images: ["app"] }, "app"),
      under({ images: ["app"] }, '--mount {"Type":"image","Source":"app","Target":"/x"} app'),
      under({ images: ["app"] }, '--mount {"Type":"image","Source":"busybox","Target":"/x"} app', [
        "guard-image",
      ]),
      under({ images: ["docker.io/library/*"] }, "app"),
      under({ images: ["app:1.*"] }, "app", ["guard-image"]),
      under({ images: ["app"] }, "busybox", ["guard-image"]),
      under({ images: ["app"] }, `sha256:${idOf("busybox")}`, ["guard-image"]),
    ],
    world,
  );

  test("folders of the host, by the links on them and the volumes that bind them", () => {
    const only = policy({ allow: mounts("/srv/*") });
    expect(outcomeOf(decideIn(world, run("-v /opt/x:/x app"), only))).toEqual(["guard-bind-mount"]);
    expect(outcomeOf(decideIn(world, run("-v /srv/x:/x app"), only))).toBe("harden");
    const linked = { links: { "/srv/out": "/opt/x" } };
    expect(outcomeOf(decideIn(linked, run("-v /srv/out:/x app"), only))).toEqual(["guard-bind-mount"]);
    const volume = '--mount {"Type":"volume","Source":"v","Target":"/x"} app';
    const bound = { Options: { type: "none", o: "bind", device: "/srv/out" } };
    expect(outcomeOf(decideIn({ ...linked, volumes: { v: bound } }, run(volume), only))).toEqual([
      "guard-bind-mount",
    ]);
  });

  test("no folder whose path has a link in one that containers can write, no matter who may mount that", () => {
    const linked = { links: { "/srv/hop": "/opt/x" } };
    const allow = { mounts: [{ source: "/srv/hop", readOnly: false }, ...mounts("/opt/x").mounts] };
    const under = (writableMounts: Policy["writableMounts"] = []) =>
      outcomeOf(decideIn(linked, run("-v /srv/hop:/x app"), { ...policy({ allow }), writableMounts }));
    expect(under()).toBe("harden");
    expect(under([{ source: "/srv", readOnly: false }])).toEqual(["guard-writable-path"]);
  });

  test("the guard's own files never, and of its listeners where the policy says so the client's own", () => {
    const listener = (path: string, how: "at" | "above") => [{ path, what: "listener" as const, how }];
    const guarded: World = {
      ...world,
      own: {
        "/run/guard/docker.sock": listener("/run/guard/docker.sock", "at"),
        "/run/guard/other.sock": listener("/run/guard/other.sock", "at"),
        "/run/guard": listener("/run/guard/docker.sock", "above"),
      },
    };
    const bound = (path: string, allow: Partial<Policy["allow"]>, ownSockets: readonly string[] = []) =>
      outcomeOf(decideIn(guarded, run(`-v ${path}:/x app`), { ...policy({ allow }), ownSockets }));
    const mine = ["/var/run/guard/docker.sock"];
    for (const path of ["/run/guard/docker.sock", "/run/guard/other.sock", "/run/guard"]) {
      expect(bound(path, dangerous("/run/**")), path).toEqual(["guard-own-files"]);
    }
    expect(bound("/run/guard/docker.sock", mounts("/run/guard/docker.sock"), mine)).toBe("harden");
    expect(bound("/run/guard/docker.sock", {}, mine)).toEqual(["docker-socket-mount"]);
    expect(bound("/run/guard/other.sock", mounts("/run/guard/other.sock"), mine)).toEqual([
      "guard-own-files",
    ]);
    expect(bound("/run/guard", dangerous("/run/guard"), mine)).toEqual(["guard-own-files"]);
  });

  test("limits up to their maximum, by hardening, by request and by update", () => {
    const bounded = policy({
      limits: { memory: { value: 512 * 1024 ** 2, source: "a test" } },
      maxima: { memory: 1024 ** 3 },
    });
    expect(decideIn(world, run("app"), bounded)).toMatchObject({
      verdict: "harden",
      request: { body: { HostConfig: { Memory: 512 * 1024 ** 2 } } },
    });
    expect(outcomeOf(decideIn(world, run("-m 1073741824 app"), bounded))).toBe("harden");
    expect(outcomeOf(decideIn(world, run("-m 1073741825 app"), bounded))).toEqual(["guard-limit"]);
    const unbounded = policy({ ...bounded, limits: {}, maxima: { memory: 1024 ** 3 } });
    expect(outcomeOf(decideIn(world, run("app"), unbounded))).toEqual(["guard-limit"]);
    const update = (body: object) =>
      outcomeOf(decideIn(world, ask("container-update", { container: "plain" }, { body }), bounded));
    // Two GiB is less than no limit at all.
    expect(update({ Memory: 2 * 1024 ** 3 })).toBe("allow");
    expect(update({ CpuShares: 512 })).toBe("allow");
  });

  test.each([
    [{ NanoCpus: 2e9 }, { cpus: 2 }, "harden"],
    [{ NanoCpus: 4e9 }, { cpus: 2 }, ["guard-limit"]],
    [{ CpuPeriod: 50_000, CpuQuota: 200_000 }, { cpus: 2 }, ["guard-limit"]],
    // The Engine has four CPUs and 8 GiB: more limits nothing, and hardening would put the usual limit in its place.
    [{ NanoCpus: 4e9 }, { cpus: 4 }, "harden"],
    [{ NanoCpus: 5e9 }, { cpus: 4 }, ["guard-limit"]],
    [{ Memory: 16 * giga }, { memory: 8 * giga }, ["guard-limit"]],
    [{ Memory: 16 * giga }, { memory: giga }, ["guard-limit"]],
    [{ PidsLimit: 300 }, { pids: 200 }, ["guard-limit"]],
    [{ PidsLimit: -1 }, { pids: 200 }, "harden"],
  ] as const)(
    "a maximum bounds what is asked as well as what comes of it: %j of %j",
    (host, maxima, expected) => {
      const at = { source: "a test" };
      const limits = {
        memory: { value: giga, ...at },
        cpus: { value: 2, ...at },
        pids: { value: 200, ...at },
      };
      const request = ask("container-create", {}, { body: { Image: "app", HostConfig: host } });
      expect(outcomeOf(decideIn(world, request, policy({ limits, maxima })))).toEqual(expected);
    },
  );

  test("without a limit of CPUs it gets the maximum, also where the host has no more", () => {
    const limits = { cpus: { value: 4, source: "a test" } };
    expect(decideIn(world, run("app"), policy({ limits, maxima: { cpus: 4 } }))).toMatchObject({
      verdict: "harden",
      request: { body: { HostConfig: { NanoCpus: 4e9 } } },
    });
  });

  test("a limit that the Engine cannot set is asked of nobody; more than the maximum is still refused", () => {
    const unable = { ...world, info: { CgroupDriver: "none" } };
    const limits = { pids: { value: 200, source: "a test" } };
    const bounded = policy({ limits, maxima: { memory: giga, pids: 200 } });
    const decided = decideIn(unable, run("app"), bounded);
    expect(outcomeOf(decided)).toBe("harden");
    expect(flagsOf(decided)).not.toContain("--pids-limit 200");
    expect(outcomeOf(decideIn(unable, run(`-m ${2 * giga} app`), bounded))).toEqual(["guard-limit"]);
    // Of several limits those that it can set.
    const some = { ...world, info: { PidsLimit: false } };
    expect(outcomeOf(decideIn(some, run("app"), bounded))).toEqual(["guard-limit"]);
    expect(outcomeOf(decideIn(some, run(`-m ${giga} app`), bounded))).toBe("harden");
    const update = (there: typeof some, body: object) =>
      outcomeOf(decideIn(there, ask("container-update", { container: "limited" }, { body }), bounded));
    const limited = { ...world.containers, limited: { HostConfig: { Memory: giga } } };
    expect(update({ ...some, containers: limited }, { Memory: 2 * giga })).toEqual(["guard-limit"]);
  });

  test("a name that cannot be taken for an id", () => {
    const named = (name: string) =>
      outcomeOf(decideIn(world, ask("container-create", {}, { query: { name }, body: createBody("app") })));
    expect(named("4f2a91c03b7e")).toEqual(["guard-name"]);
    expect(named("deadbeef")).toBe("harden");
    expect(named("web-1")).toBe("harden");
  });

  test("an image by digest is started by its id, so that a tag may move", () => {
    const digest = `app@sha256:${"d".repeat(64)}`;
    const known = { images: { app: { Config: {}, RepoTags: ["app:latest"], RepoDigests: [digest] } } };
    const decision = decideIn(known, run("app"), policy({ allow: { images: [digest] } }));
    expect(decision).toMatchObject({ request: { body: { Image: `sha256:${idOf("app")}` } } });
    expect(outcomeOf(decideIn({}, run("app"), policy({ allow: { images: [digest] } })))).toEqual([
      "guard-image",
    ]);
  });
});

describe("a read-only bind with something mounted below it", () => {
  const under = policy({
    allow: {
      ...policy().allow,
      mounts: [
        { source: "/srv/shown", readOnly: true },
        { source: "/srv/own", readOnly: false },
      ],
    },
  });
  const create = (HostConfig: object, minor = 45) => ({
    ...ask("container-create", {}, { body: { Image: "app", HostConfig } }),
    version: { major: 1, minor } as const,
  });
  const bound = (Source: string, ReadOnlyNonRecursive: boolean) =>
    create({
      Mounts: [{ Type: "bind", Source, Target: "/x", ReadOnly: true, BindOptions: { ReadOnlyNonRecursive } }],
    });

  test.each([
    ["recursive", bound("/srv/shown", false), "harden"],
    ["not recursive", bound("/srv/shown", true), ["guard-bind-mount"]],
    ["not recursive, where it may be written", bound("/srv/own", true), "harden"],
    [":ro since API 1.44", create({ Binds: ["/srv/shown:/x:ro"] }), "harden"],
    [":ro before", create({ Binds: ["/srv/shown:/x:ro"] }, 43), ["guard-bind-mount"]],
    ["the time zone before", create({ Binds: ["/etc/localtime:/etc/localtime:ro"] }, 43), "harden"],
  ])("%s", (_, request, expected) => {
    expect(outcomeOf(decideIn(world, request, under))).toEqual(expected);
  });
});
