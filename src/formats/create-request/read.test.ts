import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Container } from "../../model/container.ts";
import { readCreateRequest, readHostConfig } from "./read.ts";

function hostConfig(document: Readonly<Record<string, unknown>>): Container {
  return readCreateRequest({ HostConfig: document });
}

describe("one-valued facts", () => {
  it.each<[string, unknown, keyof Container, unknown]>([
    ["Privileged", true, "privileged", true],
    ["ReadonlyRootfs", false, "readonlyRootfs", false],
    ["PublishAllPorts", true, "publishAllPorts", true],
    ["Memory", 134217728, "memory", 134217728],
    ["MemorySwap", -1, "memorySwap", -1],
    ["MemoryReservation", 1024, "memoryReservation", 1024],
    ["OomKillDisable", true, "oomKillDisable", true],
    ["NanoCpus", 500000000, "nanoCpus", 500000000],
    ["CpuPeriod", 100000, "cpuPeriod", 100000],
    ["CpuQuota", 50000, "cpuQuota", 50000],
    ["CpuShares", 768, "cpuShares", 768],
    ["CpusetCpus", "0-1", "cpusetCpus", "0-1"],
    ["PidsLimit", 100, "pidsLimit", 100],
    ["PidsLimit", 0, "pidsLimit", 0],
    ["PidsLimit", -1, "pidsLimit", -1],
    ["BlkioWeight", 300, "blkioWeight", 300],
    ["CgroupParent", "/mine", "cgroupParent", "/mine"],
    ["Runtime", "runc", "runtime", "runc"],
    ["NetworkMode", "host", "networkMode", { mode: "host" }],
    ["NetworkMode", "backend", "networkMode", { mode: "network", name: "backend" }],
    ["PidMode", "container:web", "pidMode", { mode: "container", target: "web", by: "container" }],
    ["IpcMode", "shareable", "ipcMode", { mode: "shareable" }],
    ["UTSMode", "host", "utsMode", { mode: "host" }],
    ["UsernsMode", "host", "usernsMode", { mode: "host" }],
    ["CgroupnsMode", "private", "cgroupnsMode", { mode: "private" }],
  ])("%s: %j", (key, value, fact, expected) => {
    expect(hostConfig({ [key]: value })[fact]).toEqual({
      state: "set",
      value: expected,
      origins: [{ pointer: `/HostConfig/${key}` }],
    });
  });

  it("takes null, 0, the empty string and default for nothing", () => {
    const empty = hostConfig({});
    const zeros = {
      Memory: 0,
      CpuShares: 0,
      PidsLimit: null,
      OomKillDisable: null,
      CgroupParent: "",
      NetworkMode: "default",
      PidMode: "",
      Binds: null,
      CapAdd: null,
      MaskedPaths: null,
      Mounts: [],
    };
    expect(hostConfig(zeros)).toEqual(empty);
    expect(readCreateRequest({ HostConfig: null, User: "", Env: null })).toEqual(empty);
    expect(readCreateRequest({})).toEqual(empty);
  });

  it("leaves what is of a wrong type unresolved and reads the rest", () => {
    const read = hostConfig({
      Memory: "128m",
      CpuShares: 1.5,
      NanoCpus: 1e300,
      Privileged: "yes",
      PidMode: 5,
      CapAdd: [7, "x"],
    });
    for (const fact of [read.memory, read.cpuShares, read.nanoCpus, read.privileged, read.pidMode]) {
      expect(fact).toMatchObject({ state: "unresolved" });
    }
    expect(read.memory).toMatchObject({
      reason: "Memory is not an integer",
      origins: [{ pointer: "/HostConfig/Memory" }],
    });
    expect(read.capAdd).toMatchObject([{ state: "unresolved" }, { value: "X" }]);
    expect(readCreateRequest({ HostConfig: "x" }).privileged).toMatchObject({
      reason: "HostConfig is not an object",
    });
  });

  it("reads keys as Go does, in any case, and does not choose between two", () => {
    expect(readCreateRequest({ hostconfig: { PRIVILEGED: true } }).privileged).toEqual({
      state: "set",
      value: true,
      origins: [{ pointer: "/hostconfig/PRIVILEGED" }],
    });
    expect(hostConfig({ "Bind\u017f": ["/:/host"] }).mounts).toMatchObject([{ value: { hostPath: "/" } }]);
    expect(hostConfig({ Privileged: false, privileged: true }).privileged).toMatchObject({
      state: "unresolved",
    });
    expect(readCreateRequest({ HostConfig: {}, hostConfig: { Privileged: true } }).privileged.state).toBe(
      "unresolved",
    );
  });
});

describe("mounts", () => {
  const mounts = (document: Readonly<Record<string, unknown>>) => hostConfig(document).mounts;

  it("reads Binds", () => {
    expect(mounts({ Binds: ["/var/run/docker.sock:/s:ro,rslave", "data:/data", "a:b:c:d"] })).toMatchObject([
      {
        value: {
          type: "bind",
          hostPath: "/var/run/docker.sock",
          target: "/s",
          readOnly: true,
          propagation: "rslave",
        },
        origins: [{ pointer: "/HostConfig/Binds/0" }],
      },
      { value: { type: "volume", source: "data", hostPath: undefined, readOnly: false } },
      { state: "unresolved", origins: [{ pointer: "/HostConfig/Binds/2" }] },
    ]);
  });

  it("reads Mounts of every type", () => {
    expect(
      mounts({
        Mounts: [
          {
            Type: "bind",
            Source: "/etc/../etc/",
            Target: "/e/",
            ReadOnly: true,
            BindOptions: { Propagation: "rshared" },
          },
          { Type: "volume", Source: "v", Target: "/v" },
          {
            Type: "volume",
            Target: "/w",
            VolumeOptions: {
              DriverConfig: { Name: "local", Options: { type: "none", o: "bind,ro", device: "/run" } },
            },
          },
          {
            Type: "tmpfs",
            Target: "/t",
            TmpfsOptions: { SizeBytes: 1024, Mode: 0o1770, Options: [["exec"]] },
          },
          { Type: "image", Source: "busybox", Target: "/i" },
        ],
      }).map((item) => (item.state === "set" ? item.value : item.reason)),
    ).toMatchObject([
      {
        type: "bind",
        source: "/etc/../etc/",
        hostPath: "/etc",
        target: "/e",
        readOnly: true,
        propagation: "rshared",
      },
      { type: "volume", source: "v", hostPath: undefined },
      { type: "volume", source: undefined, hostPath: "/run" },
      { type: "tmpfs", tmpfs: { size: 1024, mode: 0o1770, exec: true, suid: false, dev: false } },
      { type: "image", source: "busybox" },
    ]);
  });

  it("leaves a mount unresolved that the Engine would refuse", () => {
    const broken = [
      null,
      5,
      {},
      { Type: "bind" },
      { Type: "odd", Target: "/x" },
      { Type: "bind", Target: "/x", ReadOnly: "yes" },
    ];
    const read = mounts({ Mounts: [...broken, { Type: "bind", type: "tmpfs", Target: "/x" }] });
    expect(read.map((item) => item.state)).toEqual(Array(7).fill("unresolved"));
  });

  it("reads Tmpfs and anonymous Volumes, with pointers escaped", () => {
    const read = readCreateRequest({
      HostConfig: { Tmpfs: { "/run": "size=1m,exec" } },
      Volumes: { "/a~b": {} },
    });
    expect(read.mounts).toMatchObject([
      {
        value: { type: "tmpfs", target: "/run", tmpfs: { size: 1048576, exec: true } },
        origins: [{ pointer: "/HostConfig/Tmpfs/~1run" }],
      },
      {
        value: { type: "volume", target: "/a~b", source: undefined },
        origins: [{ pointer: "/Volumes/~1a~0b" }],
      },
    ]);
  });
});

describe("security", () => {
  it("reads both spellings of the options and a profile's text", () => {
    const read = hostConfig({
      SecurityOpt: [
        "no-new-privileges",
        'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
        "apparmor:mine",
        "label:level:s0:c1",
      ],
    });
    expect(read).toMatchObject({
      noNewPrivileges: { value: true },
      seccomp: {
        value: { profile: "custom", allowsAll: true },
        origins: [{ pointer: "/HostConfig/SecurityOpt/1" }],
      },
      apparmor: { value: "mine" },
      selinux: { value: { level: "s0:c1", disable: false } },
    });
  });

  it.each([
    [null, null, undefined],
    [[], [], { mode: "unconfined" }],
    [["/proc/kcore"], [], { mode: "paths", masked: ["/proc/kcore"], readonly: [] }],
    [[], ["/proc/sys"], { mode: "paths", masked: [], readonly: ["/proc/sys"] }],
  ])("MaskedPaths %j, ReadonlyPaths %j", (MaskedPaths, ReadonlyPaths, expected) => {
    const { pathProtection } = hostConfig({ MaskedPaths, ReadonlyPaths });
    expect(pathProtection.state === "set" ? pathProtection.value : undefined).toEqual(expected);
  });

  it("fills in Docker's own list where only one is given", () => {
    const { pathProtection } = hostConfig({ MaskedPaths: [] });
    expect(pathProtection).toMatchObject({ value: { mode: "paths", masked: [] } });
    expect(JSON.stringify(pathProtection)).toContain("/proc/sysrq-trigger");
  });

  it("normalises capabilities", () => {
    expect(hostConfig({ CapAdd: ["cap_net_admin"], CapDrop: ["all"] })).toMatchObject({
      capAdd: [{ value: "NET_ADMIN" }],
      capDrop: [{ value: "ALL" }],
    });
  });
});

describe("lists", () => {
  it("reads devices, requests and rules", () => {
    const read = hostConfig({
      Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/x", CgroupPermissions: "r" }],
      DeviceRequests: [
        { Driver: "cdi", DeviceIDs: ["vendor.com/class=one", "vendor.com/class=two"] },
        { Count: -1, Capabilities: [["gpu"]] },
      ],
      DeviceCgroupRules: ["c 1:3 mr"],
    });
    expect(read.devices).toMatchObject([
      { value: { hostPath: "/dev/sda", containerPath: "/dev/x", permissions: "r" } },
      { value: { hostPath: "vendor.com/class=one" } },
      { value: { hostPath: "vendor.com/class=two" }, origins: [{ pointer: "/HostConfig/DeviceRequests/0" }] },
      { value: { hostPath: "gpu=all" }, origins: [{ pointer: "/HostConfig/DeviceRequests/1" }] },
    ]);
    expect(read.deviceCgroupRules).toMatchObject([{ value: "c 1:3 mr" }]);
  });

  it("reads ports, limits, options and names", () => {
    const read = hostConfig({
      PortBindings: {
        "80/tcp": [
          { HostIp: "", HostPort: "8080" },
          { HostIp: "127.0.0.1", HostPort: "" },
        ],
        "53/UDP": null,
      },
      Ulimits: [{ Name: "nofile", Soft: 1024, Hard: -1 }],
      BlkioDeviceReadIOps: [{ Path: "/dev/sda", Rate: 100 }],
      BlkioWeightDevice: [{ Path: "/dev/sda", Weight: 10 }],
      Sysctls: { "net.ipv4.ip_forward": "1" },
      StorageOpt: { size: "5G" },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      VolumesFrom: ["web:ro", "db"],
      GroupAdd: ["audio"],
    });
    expect(read.ports).toMatchObject([
      { value: { hostIp: undefined, hostPort: "8080", containerPort: "80", protocol: "tcp" } },
      {
        value: { hostIp: "127.0.0.1", hostPort: undefined },
        origins: [{ pointer: "/HostConfig/PortBindings/80~1tcp/1" }],
      },
    ]);
    expect(read.ulimits).toMatchObject([{ value: { name: "nofile", soft: 1024, hard: -1 } }]);
    expect(read.blkioDeviceLimits).toMatchObject([
      { value: { kind: "weight", path: "/dev/sda", rate: 10 } },
      { value: { kind: "read-iops", path: "/dev/sda", rate: 100 } },
    ]);
    expect(read.sysctls).toMatchObject([{ value: { name: "net.ipv4.ip_forward", value: "1" } }]);
    expect(read.storageOpt).toMatchObject([{ value: { name: "size", value: "5G" } }]);
    expect(read.logDriver).toMatchObject({
      value: "json-file",
      origins: [{ pointer: "/HostConfig/LogConfig/Type" }],
    });
    expect(read.logOptions).toMatchObject([{ value: { name: "max-size", value: "1m" } }]);
    expect(read.volumesFrom.map((item) => item.state === "set" && item.value)).toEqual(["web", "db"]);
    expect(read.groupAdd).toMatchObject([{ value: "audio" }]);
  });

  it("reads the portable half and the networks", () => {
    const read = readCreateRequest({
      Image: "nginx:1",
      User: "1000:1000",
      Env: ["A=b=c", "EMPTY=", "GONE"],
      Labels: { "com.example/x": "y" },
      Healthcheck: { Test: ["NONE"] },
      NetworkDisabled: true,
      NetworkingConfig: { EndpointsConfig: { backend: {} } },
    });
    expect(read).toMatchObject({
      image: { value: "nginx:1", origins: [{ pointer: "/Image" }] },
      user: { value: "1000:1000" },
      environment: [
        { value: { name: "A", value: "b=c" } },
        { value: { name: "EMPTY", value: "" } },
        { value: { name: "GONE", value: undefined } },
      ],
      labels: [
        { value: { name: "com.example/x", value: "y" }, origins: [{ pointer: "/Labels/com.example~1x" }] },
      ],
      healthcheck: { value: "none" },
      networkMode: { value: { mode: "none" } },
      networks: [{ value: "backend" }],
    });
    expect(readCreateRequest({ Healthcheck: { Test: ["CMD", "true"] } }).healthcheck).toMatchObject({
      value: "command",
    });
    expect(readCreateRequest({ Healthcheck: { Test: [] } }).healthcheck.state).toBe("unset");
  });
});

it("reads a HostConfig that stands elsewhere", () => {
  expect(readHostConfig({ Privileged: true }, "/Spec").privileged).toMatchObject({
    origins: [{ pointer: "/Spec/Privileged" }],
  });
});

/** The keys of the API with anything below them, so that wrong types reach every reader. */
const keys = [
  "Binds",
  "Mounts",
  "Tmpfs",
  "Devices",
  "DeviceRequests",
  "SecurityOpt",
  "MaskedPaths",
  "PortBindings",
  "Ulimits",
  "LogConfig",
  "CapAdd",
  "Memory",
  "NetworkMode",
  "VolumesFrom",
  "BlkioWeightDevice",
  "Sysctls",
  "Type",
  "Target",
  "Capabilities",
];
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -0, -1, 1.5, Number.POSITIVE_INFINITY, "", "x", "/a:/b", "\0", ":::"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys, "__proto__", "constructor"), tie("value"), { maxKeys: 5 }),
  ),
})).value;

it("never throws, whatever the document holds", () => {
  fc.assert(
    fc.property(anything, anything, anything, (HostConfig, Env, NetworkingConfig) => {
      const read = readCreateRequest({ HostConfig, Env, Volumes: Env, Healthcheck: Env, NetworkingConfig });
      expect(read.kind).toBe("container");
      readCreateRequest(HostConfig);
    }),
    { numRuns: 2000 },
  );
});
