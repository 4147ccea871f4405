import { describe, expect, test } from "vitest";
import {
  ask,
  decideIn,
  idOf,
  type Outcome,
  outcomeOf,
  policy,
  type Row,
  run,
  table,
  type World,
} from "../../../../test/support/guard/guard.ts";

const world: World = {
  containers: {
    web: {
      Config: { User: "1000" },
      HostConfig: { PidsLimit: 200, Memory: 1000 ** 3, CgroupnsMode: "private" },
    },
    root: { Config: { User: "" } },
    agent: { HostConfig: { Privileged: true } },
    socket: { HostConfig: { Binds: ["/var/run/docker.sock:/s"] } },
    byvolume: { HostConfig: { Binds: ["rootfs:/x"] } },
    bydisk: { HostConfig: { Binds: ["disk:/x"] } },
    profiled: { HostConfig: { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'] } },
    tuned: { HostConfig: { Sysctls: { "kernel.msgmax": "1" } } },
    logs: { HostConfig: { LogConfig: { Type: "fluentd", Config: { "fluentd-address": "x" } } } },
    unknown: { HostConfig: { VolumesFrom: ["gone"] } },
    // What the Engine fills in by itself.
    filled: {
      AppArmorProfile: "docker-default",
      HostConfig: {
        LogConfig: { Type: "journald", Config: {} },
        Runtime: "runc",
        IpcMode: "private",
        CgroupnsMode: "private",
        ShmSize: 67108864,
        MaskedPaths: [
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware",
        ],
        ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
      },
    },
  },
  volumes: {
    disk: { Options: { type: "ext4", device: "/dev/sda1" } },
    rootfs: { Options: { type: "none", o: "bind", device: "/" } },
  },
  execs: {
    plain: { ContainerID: idOf("web"), ProcessConfig: { user: "", privileged: false } },
    mighty: { ContainerID: idOf("web"), ProcessConfig: { user: "", privileged: true } },
    inside: { ContainerID: idOf("agent"), ProcessConfig: { user: "", privileged: false } },
    asroot: { ContainerID: idOf("web"), ProcessConfig: { user: "0", privileged: false } },
  },
};

function row(label: string, request: Row["request"], expected: Outcome, under = policy()): Row {
  return { label, request, expected, policy: under };
}

const into = [
  "container-start",
  "container-restart",
  "container-unpause",
  "container-attach",
  "container-attach-websocket",
  "container-archive-get",
  "container-archive-put",
  "container-archive-stat",
  "container-export",
] as const;

describe.each(into)("%s of a container that is there already", (id) => {
  const of = (container: string) => ask(id, { container });
  table(
    [
      row("that the policy would have made", of("web"), "allow"),
      row("with what the Engine fills in", of("filled"), "allow"),
      row("by the beginning of its id", of(idOf("web")), "allow"),
      row("that is privileged", of("agent"), ["guard-unsafe-container"]),
      row("that has the socket", of("socket"), ["guard-unsafe-container"]),
      row("whose volume binds the host's root", of("byvolume"), ["guard-unsafe-container"]),
      row("whose volume is a disk", of("bydisk"), ["guard-unsafe-container"]),
      row("with a profile of its own", of("profiled"), ["guard-unsafe-container"]),
      row(
        "that runs as a user off the list",
        of("root"),
        ["guard-unsafe-container"],
        policy({ allow: { users: ["1000"] } }),
      ),
      row("that runs as a user on the list", of("web"), "allow", policy({ allow: { users: ["1000"] } })),
      row("that breaks a rule", of("tuned"), ["guard-unsafe-container"]),
      row("that logs to somewhere else", of("logs"), ["guard-unsafe-container"]),
      row("of which something cannot be told", of("unknown"), ["guard-unsafe-container"]),
      row("that is not there", of("nobody"), ["guard-missing"]),
      row(
        "where the policy says so",
        of("agent"),
        "allow",
        policy({ rules: { "guard-unsafe-container": "allow" } }),
      ),
    ],
    world,
  );
});

test("a container that its maker gave a folder of the host is started, and entered only where the policy names the folder", () => {
  const bound = {
    ...world,
    containers: { bound: { HostConfig: { Binds: ["/opt/data:/x"] } } },
    links: {},
  };
  const outcome = (id: string, under = policy(), links = {}) =>
    outcomeOf(decideIn({ ...bound, links }, ask(id, { container: "bound" }), under));
  const listed = policy({ allow: { mounts: [{ source: "/opt/data", readOnly: false }] } });
  for (const id of ["container-start", "container-restart", "container-unpause", "container-rename"]) {
    expect(outcome(id), id).toBe("allow");
    // Somebody put a link in its place since.
    expect(outcome(id, listed, { "/opt/data": "/opt/other" }), id).toEqual(["guard-unsafe-container"]);
  }
  for (const id of ["container-attach", "container-archive-put", "container-export"]) {
    expect(outcome(id), id).toEqual(["guard-unsafe-container"]);
    expect(outcome(id, listed), id).toBe("allow");
  }
});

test("the Engine's own log driver, whatever its operator made of it, is nobody's choice", () => {
  const own = { ...world, info: { LoggingDriver: "fluentd" } };
  expect(outcomeOf(decideIn(own, ask("container-start", { container: "logs" })))).toBe("allow");
});

test("a container that the policy would not have made takes no other name, which is judged as another's", () => {
  expect(outcomeOf(decideIn(world, ask("container-rename", { container: "agent" })))).toEqual([
    "guard-unsafe-container",
  ]);
  expect(outcomeOf(decideIn(world, ask("container-rename", { container: "web" })))).toBe("allow");
});

test("what only looks, stops or removes may be done to any container", () => {
  const harmless = [
    "container-inspect",
    "container-logs",
    "container-stop",
    "container-kill",
    "container-wait",
  ];
  for (const id of [...harmless, "container-delete", "container-resize", "container-stats"]) {
    expect(outcomeOf(decideIn(world, ask(id, { container: "agent" }))), id).toBe("allow");
  }
});

test("the path is rewritten to the full id", () => {
  expect(decideIn(world, ask("container-start", { container: "web" }))).toMatchObject({
    request: { params: { container: idOf("web") } },
  });
});

describe("exec", () => {
  const create = (container: string, body: object) => ask("exec-create", { container }, { body });
  const start = (exec: string) => ask("exec-start", { exec }, { body: { Detach: false, Tty: false } });
  const word = (rule: string, allowed: "allow" | "deny") => policy({ rules: { [rule]: allowed } });
  const noControl = policy({ controls: { deny: new Set(), harden: new Set() } });
  table(
    [
      row("a command", create("web", { Cmd: ["id"] }), "allow"),
      row("as root", create("web", { User: "0:0" }), "allow"),
      row(
        "as root, where the rule is on",
        create("web", { User: "0:0" }),
        ["guard-exec-root"],
        word("guard-exec-root", "deny"),
      ),
      row(
        "as root in a root container",
        create("root", { User: "root" }),
        "allow",
        word("guard-exec-root", "deny"),
      ),
      row(
        "as a user off the list",
        create("web", { User: "1001" }),
        ["guard-user"],
        policy({ allow: { users: ["1000"] } }),
      ),
      row(
        "as a user on the list",
        create("web", { User: "1000" }),
        "allow",
        policy({ allow: { users: ["1000"] } }),
      ),
      row("privileged", create("web", { Privileged: true }), ["privileged-exec"]),
      row(
        "privileged, without the control",
        create("web", { Privileged: true }),
        ["guard-exec-privileged"],
        noControl,
      ),
      row("in a privileged container", create("agent", { Cmd: ["id"] }), ["guard-unsafe-container"]),
      row("started", start("plain"), "allow"),
      row("started, made privileged elsewhere", start("mighty"), ["privileged-exec"]),
      row("started in a privileged container", start("inside"), ["guard-unsafe-container"]),
      row("started as root", start("asroot"), ["guard-exec-root"], word("guard-exec-root", "deny")),
      row("that is not there", start("none"), ["guard-missing"]),
    ],
    world,
  );
});

describe("update is judged by what the container would be", () => {
  const update = (body: object) => ask("container-update", { container: "web" }, { body });
  const controls = {
    deny: policy().controls.deny,
    harden: new Set(["pids-limit", "memory-limit", "memory-swap-limit"]),
  };
  table(
    [
      row("nothing", update({}), "allow"),
      row(
        "the zeros of the CLI",
        update({ Memory: 0, CpuShares: 0, RestartPolicy: { Name: "", MaximumRetryCount: 0 } }),
        "allow",
      ),
      row("less", update({ PidsLimit: 100, Memory: 1000 ** 2 * 100 }), "allow"),
      row("no limit of processes", update({ PidsLimit: -1 }), ["guard-update"]),
      row("no limit of processes, as zero", update({ PidsLimit: 0 }), ["guard-update"]),
      row("null is no change", update({ PidsLimit: null }), "allow"),
      row("unlimited swap", update({ MemorySwap: -1 }), ["guard-update"]),
      row("more than the host has", update({ Memory: 1000 ** 4 }), ["guard-update"]),
      row("a device", update({ Devices: [{ PathOnHost: "/dev/sda" }] }), ["device-access"]),
      row(
        "another cgroup",
        update({ CgroupParent: "/x" }),
        ["cgroup-parent"],
        policy({ controls: { deny: new Set(["cgroup-parent"]), harden: new Set() } }),
      ),
      row("realtime", update({ CpuRealtimeRuntime: 1 }), ["realtime-cpu"]),
    ].map((each) => ({
      ...each,
      policy:
        each.policy === undefined || each.policy.controls.deny.size > 1 ? policy({ controls }) : each.policy,
    })),
    world,
  );
});

describe("an update under a maximum", () => {
  const gib = 1024 ** 3;
  const limits = (HostConfig: object) => ({ containers: { big: { HostConfig } } });
  const maxima = { memory: gib, cpus: 1, pids: 100 };
  const judged = (HostConfig: object, body: object) =>
    outcomeOf(
      decideIn(
        limits(HostConfig),
        ask("container-update", { container: "big" }, { body }),
        policy({ maxima }),
      ),
    );
  const above = { Memory: 4 * gib, NanoCpus: 4e9, PidsLimit: 400 };

  test.each([
    ["something else", { CpuShares: 512 }],
    ["less memory, still above it", { Memory: 2 * gib }],
    ["fewer CPUs by a quota", { CpuQuota: 200_000, CpuPeriod: 100_000, NanoCpus: 0 }],
    ["as many processes as before", { PidsLimit: 400 }],
    ["less than the maximum", { Memory: gib / 2, NanoCpus: 5e8, PidsLimit: 50 }],
  ])("%s passes for a container above it", (_, body) => {
    expect(judged(above, body)).toBe("allow");
  });

  test.each([
    ["more memory", { Memory: 5 * gib }],
    ["more CPUs", { NanoCpus: 4_000_000_001 }],
    ["more processes", { PidsLimit: 401 }],
    ["less of one and more of another", { Memory: 2 * gib, NanoCpus: 5e9 }],
  ])("%s does not", (_, body) => {
    expect(judged(above, body)).toEqual(["guard-limit"]);
  });

  test("a first limit above the maximum passes: before there was none", () => {
    expect(judged({}, { Memory: 2 * gib })).toBe("allow");
    expect(judged({ Memory: gib }, { Memory: 2 * gib })).toEqual(["guard-limit"]);
  });
});

test("an update of something else leaves a container without limits as it is", () => {
  const harden = new Set(["pids-limit", "memory-limit", "cpu-limit"]);
  const under = policy({ controls: { deny: policy().controls.deny, harden } });
  const request = ask("container-update", { container: "root" }, { body: { BlkioWeight: 300 } });
  expect(outcomeOf(decideIn(world, request, under))).toBe("allow");
});

describe("checkpoints and commits", () => {
  table(
    [
      row(
        "a start from a checkpoint",
        ask("container-start", { container: "web" }, { query: { checkpoint: "x" } }),
        ["guard-checkpoint"],
      ),
      row("a checkpoint", ask("checkpoint-create", { container: "web" }, { body: {} }), ["guard-checkpoint"]),
      row("a commit", ask("container-commit", {}, { query: { container: "web" } }), ["guard-commit"]),
      row(
        "a commit that is open",
        ask("container-commit", {}, { query: { container: "web", repo: "mine" } }),
        "allow",
        policy({ rules: { "guard-commit": "allow" } }),
      ),
      row(
        "of a privileged container",
        ask("container-commit", {}, { query: { container: "agent" } }),
        ["guard-unsafe-container"],
        policy({ rules: { "guard-commit": "allow" } }),
      ),
    ],
    world,
  );
});

describe("under an owner a container is started and entered with its own volumes and networks only", () => {
  const owner = { label: "owner", value: "ci" };
  const labels = { owner: "ci" };
  const made = (Mounts: readonly object[], Networks: object = {}) => ({
    Config: { Labels: labels },
    HostConfig: {},
    Mounts,
    NetworkSettings: { Networks },
  });
  const anonymous = "a".repeat(64);
  const volume = (Name: string) => ({ Type: "volume", Name, Destination: "/v", RW: true });
  const owned: World = {
    containers: {
      own: made([volume("mine"), volume(anonymous)], { mine: { NetworkID: idOf("mine") }, bridge: {} }),
      moved: made([volume("theirs")]),
      operators: made([volume("nobodys")]),
      joined: made([], { theirs: { NetworkID: "" } }),
      byId: made([], { mine: { NetworkID: idOf("theirs") } }),
    },
    volumes: {
      mine: { Labels: labels },
      theirs: { Labels: { owner: "bob" } },
      nobodys: {},
      [anonymous]: { Labels: { "com.docker.volume.anonymous": "" } },
    },
    networks: { mine: { Labels: labels }, theirs: {}, bridge: {} },
  };
  const under = policy({ owner });
  const open = policy({ owner, rules: { "guard-unsafe-container": "allow" } });
  for (const id of ["container-start", "exec-create", "container-archive-get"] as const)
    table(
      [
        row(id, ask(id, { container: "own" }), "allow", under),
        ...["moved", "operators", "joined", "byId"].flatMap((container) => [
          row(`${id} ${container}`, ask(id, { container }), ["guard-owner"], under),
          row(
            `${id} ${container}, where unsafe ones are open`,
            ask(id, { container }),
            ["guard-owner"],
            open,
          ),
        ]),
      ],
      owned,
    );
});

describe("the container's own files decide who a name is", () => {
  const users: World = {
    containers: {
      numbered: { Config: { User: "1000" } },
      named: { Config: { User: "node" } },
      root: { Config: { User: "" } },
    },
  };
  const exec = (container: string, User: string) => ask("exec-create", { container }, { body: { User } });
  const shut = policy({ rules: { "guard-exec-root": "deny" } });
  const noRoot = policy({
    controls: { ...policy().controls, deny: new Set([...policy().controls.deny, "root-user"]) },
  });
  table(
    [
      row("a number", exec("numbered", "33"), "allow", shut),
      row("a name, which may be root's", exec("numbered", "www-data"), ["guard-exec-root"], shut),
      row("its own name", exec("named", "node"), "allow", shut),
      row("another name", exec("named", "nginx:node"), ["guard-exec-root"], shut),
      row("any name in one that is root", exec("root", "www-data"), "allow", shut),
      row(
        "a name where root is denied",
        exec("named", "node"),
        ["guard-unsafe-container", "guard-user"],
        noRoot,
      ),
      row("a start", ask("container-start", { container: "named" }), ["guard-unsafe-container"], noRoot),
      row("a start by number", ask("container-start", { container: "numbered" }), "allow", noRoot),
      row("a create by name", run("-u node app"), ["guard-user"], noRoot),
      row("a create by number", run("-u 1000 app"), "harden", noRoot),
    ],
    users,
  );
});

test("what Podman notes of each of its containers, nobody asked for", () => {
  const own = {
    "io.container.manager": "libpod",
    "org.opencontainers.image.stopSignal": "15",
    "org.systemd.property.KillSignal": "15",
    "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
  };
  const made = (Annotations: object) => ({
    ...world,
    containers: { web: { Config: { User: "1000" }, HostConfig: { Runtime: "oci", Annotations } } },
  });
  const started = (there: World) => outcomeOf(decideIn(there, ask("container-start", { container: "web" })));
  expect(started({ ...made(own), isPodman: true })).toBe("allow");
  expect(started({ ...made({ ...own, "run.oci.hooks": "x" }), isPodman: true })).toEqual([
    "guard-unsafe-container",
  ]);
  // Of dockerd each of both would be somebody's wish.
  expect(started(made(own))).toEqual(["guard-unsafe-container"]);
  expect(started(made({}))).toEqual(["guard-unsafe-container"]);
});

/** What /info says, and the cgroups that the Engine's own containers and others are in then. */
test.each([
  ["docker", "cgroupfs", false, "docker", ["system.slice", "user.slice"]],
  ["docker", "systemd", false, "system.slice", ["docker", "user.slice"]],
  ["docker", "systemd", true, "user.slice", ["docker", "system.slice"]],
  ["podman", "cgroupfs", false, "/libpod_parent", ["machine.slice", "system.slice", "user.slice"]],
  ["podman", "systemd", false, "machine.slice", ["/libpod_parent", "system.slice", "user.slice"]],
  ["podman", "systemd", true, "user.slice", ["machine.slice", "system.slice"]],
])(
  "%s puts its containers by %s, rootless %s, under %s",
  (product, CgroupDriver, isRootless, own, others) => {
    const SecurityOptions = ["name=seccomp,profile=builtin", ...(isRootless ? ["name=rootless"] : [])];
    const startedUnder = (CgroupParent: string) =>
      outcomeOf(
        decideIn(
          {
            ...world,
            info: { CgroupDriver, SecurityOptions },
            isPodman: product === "podman",
            containers: { web: { Config: { User: "1000" }, HostConfig: { CgroupParent } } },
          },
          ask("container-start", { container: "web" }),
        ),
      );
    expect(startedUnder(own)).toBe("allow");
    for (const other of others) expect(startedUnder(other), other).toEqual(["guard-unsafe-container"]);
  },
);
