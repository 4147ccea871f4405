import { describe, expect, it } from "vitest";
import { container } from "../../model/container.ts";
import { exec } from "../../model/exec.ts";
import { execFromInspect, runningPid } from "../read/execs.ts";
import { engineFromInfo } from "./info.ts";
import { imageFromInspect } from "./sight.ts";

// The shapes are those of Engine 26 (/info, /version, /networks), cut to what is read.
const docker = {
  ServerVersion: "26.1.5",
  Driver: "overlay2",
  DriverStatus: [
    ["Backing Filesystem", "extfs"],
    ["Supports d_type", "true"],
  ],
  Plugins: { Volume: ["local"], Authorization: null },
  MemTotal: 8_000_000_000,
  NCPU: 4,
  KernelVersion: "6.1.0",
  DockerRootDir: "/var/lib/docker",
  LoggingDriver: "json-file",
  CgroupVersion: "2",
  DefaultRuntime: "runc",
  LiveRestoreEnabled: true,
  Swarm: { LocalNodeState: "inactive" },
  RegistryConfig: {
    InsecureRegistryCIDRs: ["127.0.0.0/8", "::1/128"],
    IndexConfigs: { "docker.io": { Name: "docker.io", Secure: true } },
  },
  SecurityOptions: ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
  Warnings: null,
};
const version = {
  ApiVersion: "1.45",
  Version: "26.1.5",
  Components: [{ Name: "Engine", Version: "26.1.5" }, { Name: "containerd" }],
};
const networks = [
  { Name: "none", Options: {} },
  {
    Name: "bridge",
    Options: {
      "com.docker.network.bridge.default_bridge": "true",
      "com.docker.network.bridge.enable_icc": "true",
    },
  },
];

function engine(info: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) {
  return engineFromInfo({ info: { ...docker, ...info }, version, networks, ...more });
}

it("reads an Engine that says everything", () => {
  expect(engine({})).toMatchObject({
    level: "configured",
    product: { value: "docker" },
    version: { value: "26.1.5" },
    rootless: { value: false },
    usernsRemap: { value: "" },
    noNewPrivileges: { value: false },
    seccompProfile: { value: "builtin", origins: [{ pointer: "/info/SecurityOptions/1" }] },
    seccompSupported: { value: true },
    apparmorEnabled: { value: true },
    selinuxEnabled: { value: false },
    storageDriver: { value: "overlay2" },
    backingFilesystem: { value: "extfs", origins: [{ pointer: "/info/DriverStatus/0/1" }] },
    logDriver: { value: "json-file" },
    icc: {
      value: true,
      origins: [{ pointer: "/networks/bridge/Options/com.docker.network.bridge.enable_icc" }],
    },
    liveRestore: { value: true },
    swarmActive: { value: false },
    cgroupVersion: { value: 2 },
    memoryTotal: { value: 8_000_000_000 },
    cpus: { value: 4 },
    dataRoot: { value: "/var/lib/docker" },
    listenAddresses: [],
    insecureRegistries: [],
    authorizationPlugins: [],
  });
});

it("does not take what the API keeps to itself for unset", () => {
  const { logOptions, defaultUlimits, storageOptions, kernelLsm, selinuxMode } = engine({});
  for (const list of [logOptions, defaultUlimits, storageOptions])
    expect(list).toMatchObject([{ state: "unresolved" }]);
  expect([kernelLsm.state, selinuxMode.state]).toEqual(["unresolved", "unresolved"]);
});

it.each([
  ["1.41", [], "unresolved"],
  ["1.41", ["name=no-new-privileges"], "set"],
  ["1.42", [], "unresolved"],
  ["1.43", [], "set"],
])(
  "with API %s and %j it is %s whether no-new-privileges is on: older ones do not name it",
  (api, options, state) => {
    const told = engine({ SecurityOptions: options }, { version: { ...version, ApiVersion: api } });
    expect(told.noNewPrivileges.state).toBe(state);
    expect(told.rootless).toMatchObject({ value: false });
  },
);

describe("security options", () => {
  it.each([
    [["name=userns"], { usernsRemap: { value: "default" } }],
    [["name=rootless"], { rootless: { value: true, origins: [{ pointer: "/info/SecurityOptions/0" }] } }],
    [["name=selinux"], { selinuxEnabled: { value: true } }],
    [["name=no-new-privileges"], { noNewPrivileges: { value: true } }],
    [["name=seccomp,profile=default"], { seccompProfile: { value: "builtin" } }],
    [["name=seccomp,profile=unconfined"], { seccompProfile: { value: "unconfined" } }],
    [["name=seccomp,profile=/etc/docker/s.json"], { seccompProfile: { value: "/etc/docker/s.json" } }],
    [["seccomp"], { seccompSupported: { value: true }, seccompProfile: { state: "unset" } }],
    [[], { seccompSupported: { value: false }, seccompProfile: { state: "unset" } }],
    [null, { seccompSupported: { value: false } }],
    ["name=seccomp", { seccompProfile: { state: "unresolved" }, rootless: { state: "unresolved" } }],
  ])("%j", (SecurityOptions, expected) => {
    expect(engine({ SecurityOptions })).toMatchObject(expected);
  });

  it("takes the numbers of a remapped root from the data root", () => {
    const remapped = engine({
      SecurityOptions: ["name=userns"],
      DockerRootDir: "/var/lib/docker/100000.100000",
    });
    expect(remapped.usernsRemap).toMatchObject({ value: "100000:100000" });
  });
});

// As Engine 26 and, the third, Engine 28 word them.
it("hears the warnings of open TCP addresses", () => {
  const { listenAddresses } = engine({
    Warnings: [
      "WARNING: No swap limit support",
      "WARNING: API is accessible on http://0.0.0.0:2375 without encryption.\n         Access to the remote API is equivalent to root access on the host. Refer\n         to the 'Docker daemon attack surface' section in the documentation",
      "[DEPRECATION NOTICE]: API is accessible on http://127.0.0.1:2376 without encryption.",
      "WARNING: API is accessible on https://[::]:2377 without TLS client verification.\n Access",
    ],
  });
  expect(listenAddresses).toMatchObject([
    { value: { address: "tcp://0.0.0.0:2375", tls: "none" }, origins: [{ pointer: "/info/Warnings/1" }] },
    { value: { address: "tcp://127.0.0.1:2376", tls: "none" } },
    { value: { address: "tcp://[::]:2377", tls: "server" } },
  ]);
});

it("reads registries without TLS, and plugins", () => {
  const read = engine({
    RegistryConfig: {
      InsecureRegistryCIDRs: ["::1/128", "10.0.0.0/8", "127.0.0.0/8"],
      IndexConfigs: { "docker.io": { Secure: true }, "reg.example/x:5000": { Secure: false } },
    },
    Plugins: { Authorization: ["gate"] },
  });
  expect(read.insecureRegistries).toMatchObject([
    { value: "10.0.0.0/8", origins: [{ pointer: "/info/RegistryConfig/InsecureRegistryCIDRs/1" }] },
    {
      value: "reg.example/x:5000",
      origins: [{ pointer: "/info/RegistryConfig/IndexConfigs/reg.example~1x:5000/Secure" }],
    },
  ]);
  expect(read.authorizationPlugins).toMatchObject([{ value: "gate" }]);
});

it.each([
  ["inactive", false],
  ["active", true],
  ["locked", true],
  ["pending", true],
])("Swarm that is %s counts as active: %s", (LocalNodeState, active) => {
  expect(engine({ Swarm: { LocalNodeState } }).swarmActive).toMatchObject({ value: active });
});

describe("storage quotas are claimed only where they can be known", () => {
  it.each([
    ["overlay2", "extfs", { value: false }],
    ["overlay2", "xfs", { state: "unresolved" }],
    ["overlay2", undefined, { state: "unresolved" }],
    ["btrfs", "btrfs", { value: true }],
    ["zfs", "zfs", { value: true }],
    ["fuse-overlayfs", "xfs", { value: false }],
    ["overlay", "xfs", { state: "unresolved" }],
    ["novel", "xfs", { state: "unresolved" }],
    ["vfs", "extfs", { state: "unresolved" }],
  ])("%s on %s", (Driver, backing, expected) => {
    const DriverStatus = backing === undefined ? [] : [["Backing Filesystem", backing]];
    expect(engine({ Driver, DriverStatus }).storageQuotaSupported).toMatchObject(expected);
  });
});

it.each([
  [[], { value: false }],
  [
    [
      {
        ...networks[1],
        Options: { ...networks[1]?.Options, "com.docker.network.bridge.enable_icc": "false" },
      },
    ],
    { value: false },
  ],
  [undefined, { state: "unresolved" }],
])("icc where the networks are %j", (listed, expected) => {
  expect(engine({}, { networks: listed }).icc).toMatchObject(expected);
});

// As podman answers (its pkg/api/handlers/compat/info.go and version.go).
it("reads podman as far as its API goes", () => {
  const podman = engineFromInfo({
    info: {
      ServerVersion: "4.9.3",
      Driver: "overlay",
      DriverStatus: [["Backing Filesystem", "xfs"]],
      CgroupVersion: "2",
      SecurityOptions: ["name=seccomp,profile=default", "name=rootless"],
      MemTotal: 1,
      LoggingDriver: "",
      Swarm: { LocalNodeState: "inactive" },
    },
    version: { Version: "4.9.3", Components: [{ Name: "Podman Engine" }, { Name: "Conmon" }] },
    networks: [],
  });
  expect(podman).toMatchObject({
    product: { value: "podman" },
    version: { value: "4.9.3" },
    rootless: { value: true },
    seccompProfile: { state: "unresolved" },
    logDriver: { state: "unset" },
  });
});

const controllers = ["cpuset", "cpu", "io", "memory", "pids"];

/**
 * podman: docs, podman-run(1): “This option is not supported on cgroups V1 rootless systems.” Its API says true all the same, and on
 * v2 as systemd's user it says false though all are delegated (Podman 5.4.2, Debian 13).
 */
it.each([
  ["1", true, true, undefined, ["memory", "memory-swap", "pids-limit", "cpus", "cpuset-cpus", "blkio"]],
  ["1", false, true, undefined, []],
  ["2", true, false, controllers, []],
  ["2", false, false, controllers, []],
  ["2", true, true, ["memory", "pids"], ["cpus", "cpuset-cpus", "blkio"]],
  ["2", true, true, [], ["memory", "memory-swap", "pids-limit", "cpus", "cpuset-cpus", "blkio"]],
  ["2", true, true, undefined, undefined],
])(
  "podman on cgroup v%s, rootless %s, /info says %s, its own description %j: limits that it forgets are %j",
  (CgroupVersion, isRootless, says, cgroupControllers, limits) => {
    const podman = engineFromInfo({
      info: {
        CgroupVersion,
        ...{ CgroupDriver: "systemd", MemoryLimit: true, PidsLimit: true },
        ...{ SwapLimit: says, CpuCfsQuota: says, CPUSet: says },
        SecurityOptions: ["name=seccomp,profile=default", ...(isRootless ? ["name=rootless"] : [])],
      },
      version: { Version: "5.4.2", Components: [{ Name: "Podman Engine" }] },
      networks: [],
      libpod: cgroupControllers && { host: { cgroupControllers } },
    });
    expect(podman.limitsNotInForce).toMatchObject(
      limits ? { state: "set", value: limits } : { state: "unresolved" },
    );
  },
);

it.each([
  [["name=apparmor"], true, { state: "set", value: true }],
  [["name=apparmor"], false, { state: "set", value: false }],
  [["name=apparmor"], undefined, { state: "unresolved" }],
  [[], undefined, { state: "set", value: false }],
])("podman says of the kernel %j, of itself AppArmor %j", (SecurityOptions, apparmorEnabled, expected) => {
  const podman = engineFromInfo({
    info: { SecurityOptions },
    version: { Components: [{ Name: "Podman Engine" }] },
    networks: [],
    libpod: { host: { security: { apparmorEnabled } } },
  });
  expect(podman.apparmorEnabled).toMatchObject(expected);
});

it.each([
  null,
  undefined,
  5,
  "x",
  [],
  { SecurityOptions: { a: 1 }, Warnings: [null, 5], DriverStatus: "x", Plugins: [] },
])("takes any document: %j", (info) => {
  expect(engineFromInfo({ info, version: info, networks: info }).kind).toBe("engine");
});

it("reads an image's user, environment and health check", () => {
  const image = imageFromInspect({
    Id: "sha256:1",
    Config: { User: "1000", Env: ["A=b"], Healthcheck: { Test: ["CMD-SHELL", "true"] } },
  });
  expect(image).toMatchObject({
    level: "configured",
    user: { value: "1000", origins: [{ pointer: "/Config/User" }] },
    environment: [{ value: { name: "A", value: "b" } }],
    healthcheck: { value: "command" },
  });
  expect(imageFromInspect({ Config: { User: "" } }).user.state).toBe("unset");
  expect(imageFromInspect({ Config: {} }).history.map(({ state }) => state)).toEqual(["unseen"]);
  expect(imageFromInspect({ Config: {} }, []).history).toEqual([]);
  expect(imageFromInspect("x").user.state).toBe("unresolved");
});

// As Engine 26 answers /exec/ID/json.
it("reads an exec", () => {
  const owner = container("configured");
  const document = {
    Running: true,
    Pid: 42,
    ProcessConfig: { entrypoint: "sh", arguments: [], privileged: true, user: "0", tty: false },
  };
  expect(execFromInspect(document, owner)).toEqual(
    exec("configured", owner, {
      privileged: { state: "set", value: true, origins: [{ pointer: "/ProcessConfig/privileged" }] },
      user: { state: "set", value: "0", origins: [{ pointer: "/ProcessConfig/user" }] },
    }),
  );
  expect(runningPid(document)).toBe(42);
  expect(runningPid({ ...document, Running: false })).toBeUndefined();
  expect(runningPid(null)).toBeUndefined();
});
