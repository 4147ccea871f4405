import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectLaw, factsOf } from "../../../test/support/formats/law.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { type Mount, mount } from "../../model/mount.ts";
import { applyPatches, type ContainerPatch, type Patch } from "../../model/patch.ts";
import { readCreateRequest } from "./read.ts";
import { writeCreateRequest } from "./write.ts";

function written(document: unknown, ...patches: readonly ContainerPatch[]): unknown {
  const before = JSON.stringify(document);
  const result = writeCreateRequest(document, patches);
  expect(result.refused).toEqual([]);
  expect(JSON.stringify(document), "the body that was given").toBe(before);
  return result.document;
}

function law(document: unknown, patches: readonly ContainerPatch[]): void {
  expectLaw<Container>({
    text: JSON.stringify(document),
    patches,
    read: (text) => readCreateRequest(JSON.parse(text)),
    write(text, some: readonly Patch[]) {
      const result = writeCreateRequest(JSON.parse(text), some as readonly ContainerPatch[]);
      const edit = { file: "", start: 0, end: text.length, text: JSON.stringify(result.document) };
      return { edits: [edit], refused: result.refused };
    },
  });
}

const host = (HostConfig: unknown) => ({ Image: "a", HostConfig });
const bind = (source: string, target: string, more: Partial<Mount> = {}): Mount =>
  mount({ type: "bind", source, target, hostPath: source, ...more });
const tmpfs = (target: string, more: Partial<Mount["tmpfs"]> = {}): Mount =>
  mount({
    type: "tmpfs",
    target,
    tmpfs: { size: undefined, mode: undefined, exec: false, suid: false, dev: false, ...more },
  });

describe("one-valued facts", () => {
  test.each<[unknown, ContainerPatch, unknown]>([
    [
      { HostConfig: { Privileged: true, CapAdd: null } },
      { op: "set", field: "privileged", value: false },
      { HostConfig: { Privileged: false, CapAdd: null } },
    ],
    [
      { hostConfig: { PRIVILEGED: true } },
      { op: "set", field: "privileged", value: false },
      { hostConfig: { PRIVILEGED: false } },
    ],
    [{ Image: "a" }, { op: "set", field: "readonlyRootfs", value: true }, host({ ReadonlyRootfs: true })],
    [{ Image: "a", HostConfig: null }, { op: "set", field: "memory", value: 1024 }, host({ Memory: 1024 })],
    [
      host({ Memory: 0, CpuShares: 2 }),
      { op: "set", field: "memory", value: 1024 },
      host({ Memory: 1024, CpuShares: 2 }),
    ],
    [host({}), { op: "set", field: "nanoCpus", value: 1e9 }, host({ NanoCpus: 1e9 })],
    [
      host({ CpuPeriod: 1000 }),
      { op: "set", field: "cpuQuota", value: 1000 },
      host({ CpuPeriod: 1000, CpuQuota: 1000 }),
    ],
    [host({}), { op: "set", field: "memorySwap", value: 1024 }, host({ MemorySwap: 1024 })],
    [
      host({ OomKillDisable: true }),
      { op: "set", field: "oomKillDisable", value: false },
      host({ OomKillDisable: false }),
    ],
    [host({ PidsLimit: -1 }), { op: "set", field: "pidsLimit", value: 200 }, host({ PidsLimit: 200 })],
    [host({ PidsLimit: 5 }), { op: "set", field: "pidsLimit", value: 0 }, host({ PidsLimit: 0 })],
    [host({}), { op: "set", field: "blkioWeight", value: 300 }, host({ BlkioWeight: 300 })],
    [
      host({ CgroupParent: "/x", Runtime: "runc" }),
      { op: "unset", field: "cgroupParent" },
      host({ Runtime: "runc" }),
    ],
    [
      host({ PublishAllPorts: true }),
      { op: "set", field: "publishAllPorts", value: false },
      host({ PublishAllPorts: false }),
    ],
    [
      { User: "root", Image: "a" },
      { op: "set", field: "user", value: "1000:1000" },
      { User: "1000:1000", Image: "a" },
    ],
    [{ User: "root", Image: "a" }, { op: "unset", field: "user" }, { Image: "a" }],
    [{ Image: "a" }, { op: "set", field: "image", value: "a@sha256:0" }, { Image: "a@sha256:0" }],
    [
      { Image: "a" },
      { op: "set", field: "healthcheck", value: "none" },
      { Image: "a", Healthcheck: { Test: ["NONE"] } },
    ],
    [{ Healthcheck: { Test: ["NONE"], Retries: 3 } }, { op: "unset", field: "healthcheck" }, {}],
    [
      host({ LogConfig: { Type: "", Config: null } }),
      { op: "set", field: "logDriver", value: "json-file" },
      host({ LogConfig: { Type: "json-file", Config: null } }),
    ],
    [host({ PidMode: "host" }), { op: "unset", field: "pidMode" }, host({})],
    [
      host({ IpcMode: "host" }),
      { op: "set", field: "ipcMode", value: { mode: "private" } },
      host({ IpcMode: "private" }),
    ],
    [host({ UTSMode: "host" }), { op: "unset", field: "utsMode" }, host({})],
    [host({ UsernsMode: "host" }), { op: "unset", field: "usernsMode" }, host({})],
    [
      host({}),
      { op: "set", field: "cgroupnsMode", value: { mode: "private" } },
      host({ CgroupnsMode: "private" }),
    ],
    [host({ NetworkMode: "host" }), { op: "unset", field: "networkMode" }, host({})],
    [
      host({ NetworkMode: "host" }),
      { op: "set", field: "networkMode", value: { mode: "container", target: "web", by: "container" } },
      host({ NetworkMode: "container:web" }),
    ],
    [{ NetworkDisabled: true }, { op: "unset", field: "networkMode" }, {}],
    [host({ MaskedPaths: [], ReadonlyPaths: [] }), { op: "unset", field: "pathProtection" }, host({})],
    [
      host({}),
      { op: "set", field: "pathProtection", value: { mode: "unconfined" } },
      host({ MaskedPaths: [], ReadonlyPaths: [] }),
    ],
    [
      host({}),
      { op: "set", field: "noNewPrivileges", value: true },
      host({ SecurityOpt: ["no-new-privileges"] }),
    ],
    [
      host({ SecurityOpt: ["no-new-privileges:false", "label=disable"] }),
      { op: "set", field: "noNewPrivileges", value: true },
      host({ SecurityOpt: ["label=disable", "no-new-privileges"] }),
    ],
    [
      host({ SecurityOpt: ["seccomp=unconfined", "seccomp:unconfined", "apparmor=x"] }),
      { op: "unset", field: "seccomp" },
      host({ SecurityOpt: ["apparmor=x"] }),
    ],
    [
      host({ SecurityOpt: ["apparmor:unconfined"] }),
      { op: "unset", field: "apparmor" },
      host({ SecurityOpt: [] }),
    ],
    [
      host({ SecurityOpt: ["apparmor:unconfined"] }),
      { op: "set", field: "apparmor", value: "docker-default" },
      host({ SecurityOpt: ["apparmor=docker-default"] }),
    ],
    [
      host({ SecurityOpt: ["label=disable", "label:type:x"] }),
      { op: "unset", field: "selinux" },
      host({ SecurityOpt: [] }),
    ],
    // What says it already stays as it is.
    [
      host({ Privileged: false, PidMode: "" }),
      { op: "unset", field: "pidMode" },
      host({ Privileged: false, PidMode: "" }),
    ],
  ])("%j, %j", (document, patch, expected) => {
    expect(JSON.stringify(written(document, patch))).toBe(JSON.stringify(expected));
    law(document, [patch]);
  });

  test("an endpoint on the host's network goes with the mode, one on a network stays", () => {
    const document = {
      HostConfig: { NetworkMode: "host" },
      NetworkingConfig: { EndpointsConfig: { host: {}, backend: { Aliases: ["x"] } } },
    };
    expect(written(document, { op: "unset", field: "networkMode" })).toEqual({
      HostConfig: {},
      NetworkingConfig: { EndpointsConfig: { backend: { Aliases: ["x"] } } },
    });
  });
});

describe("lists", () => {
  test.each<[unknown, ContainerPatch, unknown]>([
    [host({ CapDrop: null }), { op: "add", field: "capDrop", value: "ALL" }, host({ CapDrop: ["ALL"] })],
    [host({ CapDrop: ["all"] }), { op: "add", field: "capDrop", value: "ALL" }, host({ CapDrop: ["all"] })],
    [
      host({ CapAdd: ["cap_sys_admin", "CHOWN"] }),
      { op: "remove", field: "capAdd", value: "SYS_ADMIN" },
      host({ CapAdd: ["CHOWN"] }),
    ],
    [host({ GroupAdd: ["0"] }), { op: "remove", field: "groupAdd", value: "0" }, host({ GroupAdd: [] })],
    [
      host({ DeviceCgroupRules: ["c *:* rwm"] }),
      { op: "remove", field: "deviceCgroupRules", value: "c *:* rwm" },
      host({ DeviceCgroupRules: [] }),
    ],
    [
      host({ VolumesFrom: ["web:ro"] }),
      { op: "remove", field: "volumesFrom", value: "web" },
      host({ VolumesFrom: [] }),
    ],
    [
      host({ Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }] }),
      {
        op: "remove",
        field: "devices",
        value: { hostPath: "/dev/sda", containerPath: "/dev/sda", permissions: "rwm" },
      },
      host({ Devices: [] }),
    ],
    [
      host({}),
      {
        op: "add",
        field: "devices",
        value: { hostPath: "/dev/null", containerPath: "/dev/n", permissions: "r" },
      },
      host({ Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/n", CgroupPermissions: "r" }] }),
    ],
    [
      host({}),
      {
        op: "add",
        field: "devices",
        value: { hostPath: "v.com/c=x", containerPath: "v.com/c=x", permissions: "rwm" },
      },
      host({ DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["v.com/c=x"] }] }),
    ],
    [
      host({ DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["v.com/c=x", "v.com/c=y"] }] }),
      {
        op: "remove",
        field: "devices",
        value: { hostPath: "v.com/c=x", containerPath: "v.com/c=x", permissions: "rwm" },
      },
      host({ DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["v.com/c=y"] }] }),
    ],
    [
      host({ Ulimits: [{ name: "nofile", Soft: 1, Hard: 2 }] }),
      {
        op: "replace",
        field: "ulimits",
        value: { name: "nofile", soft: 1, hard: 2 },
        with: { name: "nofile", soft: 3, hard: 4 },
      },
      host({ Ulimits: [{ name: "nofile", Soft: 3, Hard: 4 }] }),
    ],
    [
      host({ LogConfig: { Type: "json-file", Config: {} } }),
      { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } },
      host({ LogConfig: { Type: "json-file", Config: { "max-size": "10m" } } }),
    ],
    [
      host({ LogConfig: { Config: { "max-size": "-1", tag: "x" } } }),
      {
        op: "replace",
        field: "logOptions",
        value: { name: "max-size", value: "-1" },
        with: { name: "max-size", value: "10m" },
      },
      host({ LogConfig: { Config: { "max-size": "10m", tag: "x" } } }),
    ],
    [
      host({}),
      { op: "add", field: "storageOpt", value: { name: "size", value: "5G" } },
      host({ StorageOpt: { size: "5G" } }),
    ],
    [
      host({ Sysctls: { a: "1" } }),
      { op: "remove", field: "sysctls", value: { name: "a", value: "1" } },
      host({ Sysctls: {} }),
    ],
    [
      { Labels: { a: "1" } },
      { op: "add", field: "labels", value: { name: "b", value: "" } },
      { Labels: { a: "1", b: "" } },
    ],
    [
      { Env: ["A=b=c"] },
      { op: "remove", field: "environment", value: { name: "A", value: "b=c" } },
      { Env: [] },
    ],
    [
      host({}),
      { op: "add", field: "blkioDeviceLimits", value: { kind: "write-bps", path: "/dev/sda", rate: 1024 } },
      host({ BlkioDeviceWriteBps: [{ Path: "/dev/sda", Rate: 1024 }] }),
    ],
    [
      host({ BlkioWeightDevice: [{ Path: "/dev/sda", Weight: 10 }] }),
      {
        op: "replace",
        field: "blkioDeviceLimits",
        value: { kind: "weight", path: "/dev/sda", rate: 10 },
        with: { kind: "read-iops", path: "/dev/sda", rate: 5 },
      },
      host({ BlkioWeightDevice: [], BlkioDeviceReadIOps: [{ Path: "/dev/sda", Rate: 5 }] }),
    ],
    [
      { NetworkingConfig: { EndpointsConfig: { a: { Aliases: ["x"] } } } },
      { op: "replace", field: "networks", value: "a", with: "b" },
      { NetworkingConfig: { EndpointsConfig: { b: { Aliases: ["x"] } } } },
    ],
  ])("%j, %j", (document, patch, expected) => {
    expect(JSON.stringify(written(document, patch))).toBe(JSON.stringify(expected));
    law(document, [patch]);
  });
});

describe("ports", () => {
  const port = (hostIp: string | undefined, hostPort: string | undefined, containerPort = "80") => ({
    hostIp,
    hostPort,
    containerPort,
    protocol: "tcp",
  });
  test.each<[unknown, ContainerPatch, unknown]>([
    [
      host({ PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }, { HostPort: "81" }] } }),
      { op: "replace", field: "ports", value: port(undefined, "8080"), with: port("127.0.0.1", "8080") },
      host({ PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }, { HostPort: "81" }] } }),
    ],
    [
      host({ PortBindings: { "80/tcp": [{ HostPort: "8080" }], "81/tcp": null } }),
      { op: "remove", field: "ports", value: port(undefined, "8080") },
      host({ PortBindings: { "81/tcp": null } }),
    ],
    [
      { HostConfig: {} },
      { op: "add", field: "ports", value: port("::1", undefined) },
      {
        HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "::1", HostPort: "" }] } },
        ExposedPorts: { "80/tcp": {} },
      },
    ],
    [
      {
        ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
        HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "1" }] } },
      },
      { op: "replace", field: "ports", value: port(undefined, "1"), with: port(undefined, "1", "81") },
      {
        ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
        HostConfig: { PortBindings: { "81/tcp": [{ HostIp: "", HostPort: "1" }] } },
      },
    ],
  ])("%j, %j", (document, patch, expected) => {
    expect(JSON.stringify(written(document, patch))).toBe(JSON.stringify(expected));
    law(document, [patch]);
  });
});

describe("mounts", () => {
  test.each<[unknown, ContainerPatch, unknown]>([
    [
      host({ Binds: ["/etc:/etc", "/run/docker.sock:/s:ro"] }),
      { op: "remove", field: "mounts", value: bind("/run/docker.sock", "/s", { readOnly: true }) },
      host({ Binds: ["/etc:/etc"] }),
    ],
    [
      host({ Binds: ["/srv/:/srv/:z,rw,rshared"] }),
      {
        op: "replace",
        field: "mounts",
        value: bind("/srv/", "/srv", { hostPath: "/srv", propagation: "rshared" }),
        with: bind("/srv/", "/srv", { hostPath: "/srv", readOnly: true }),
      },
      host({ Binds: ["/srv/:/srv/:ro,z"] }),
    ],
    [
      host({
        Mounts: [
          {
            Type: "bind",
            Source: "/a",
            Target: "/a/",
            BindOptions: { Propagation: "shared", NonRecursive: true },
            Consistency: "cached",
          },
        ],
      }),
      {
        op: "replace",
        field: "mounts",
        value: bind("/a", "/a", { propagation: "shared" }),
        with: bind("/a", "/a", { readOnly: true }),
      },
      host({
        Mounts: [
          {
            Type: "bind",
            Source: "/a",
            Target: "/a/",
            BindOptions: { NonRecursive: true },
            Consistency: "cached",
            ReadOnly: true,
          },
        ],
      }),
    ],
    [
      host({ Tmpfs: { "/run": "exec,noatime" } }),
      {
        op: "replace",
        field: "mounts",
        value: tmpfs("/run", { exec: true }),
        with: tmpfs("/run", { size: 64 * 1024 ** 2 }),
      },
      host({ Tmpfs: { "/run": "size=64m,noatime" } }),
    ],
    [
      host({
        Mounts: [
          { Type: "tmpfs", Target: "/t", TmpfsOptions: { Mode: 448, Options: [["exec"], ["noatime"]] } },
        ],
      }),
      {
        op: "replace",
        field: "mounts",
        value: tmpfs("/t", { mode: 0o700, exec: true }),
        with: tmpfs("/t", { mode: 0o700, size: 1024 }),
      },
      host({
        Mounts: [
          {
            Type: "tmpfs",
            Target: "/t",
            TmpfsOptions: { Mode: 448, Options: [["noatime"]], SizeBytes: 1024 },
          },
        ],
      }),
    ],
    [
      host({}),
      { op: "add", field: "mounts", value: tmpfs("/tmp", { size: 1024 ** 2, mode: 0o1777 }) },
      host({ Tmpfs: { "/tmp": "size=1m,mode=1777" } }),
    ],
    [
      host({}),
      { op: "add", field: "mounts", value: bind("/a", "/b", { readOnly: true }) },
      host({ Binds: ["/a:/b:ro"] }),
    ],
    [
      host({}),
      { op: "add", field: "mounts", value: bind("/a:b", "/b") },
      host({ Mounts: [{ Type: "bind", Source: "/a:b", Target: "/b" }] }),
    ],
    [
      host({}),
      { op: "add", field: "mounts", value: mount({ type: "volume", source: "data", target: "/d" }) },
      host({ Binds: ["data:/d"] }),
    ],
    [
      host({}),
      { op: "add", field: "mounts", value: mount({ type: "volume", target: "/d" }) },
      host({ Mounts: [{ Type: "volume", Target: "/d" }] }),
    ],
    [
      { Volumes: { "/d": {} }, HostConfig: {} },
      {
        op: "replace",
        field: "mounts",
        value: mount({ type: "volume", target: "/d" }),
        with: mount({ type: "volume", source: "data", target: "/d" }),
      },
      { Volumes: {}, HostConfig: { Binds: ["data:/d"] } },
    ],
  ])("%j, %j", (document, patch, expected) => {
    expect(JSON.stringify(written(document, patch))).toBe(JSON.stringify(expected));
    law(document, [patch]);
  });

  test("one that a reader with sight of the host speaks of is found", () => {
    const seen = bind("/run/docker.sock", "/s", { resolvedPath: "/run/docker.sock", sockets: ["docker"] });
    const document = host({ Binds: ["/run/docker.sock:/s"] });
    expect(written(document, { op: "remove", field: "mounts", value: seen })).toEqual(host({ Binds: [] }));
    expect(
      written(document, { op: "replace", field: "mounts", value: seen, with: { ...seen, readOnly: true } }),
    ).toEqual(host({ Binds: ["/run/docker.sock:/s:ro"] }));
  });
});

describe("what cannot be written is refused with why, and leaves the body alone", () => {
  test.each<[unknown, ContainerPatch]>([
    [host({}), { op: "set", field: "memory", value: 0 }],
    [host({}), { op: "set", field: "cpusetCpus", value: "" }],
    [host({}), { op: "set", field: "memory", value: 1.5 }],
    [host({}), { op: "set", field: "healthcheck", value: "command" }],
    [host({}), { op: "set", field: "imageUser", value: "app" }],
    [host({}), { op: "set", field: "pidMode", value: { mode: "container", target: "web", by: "service" } }],
    [
      host({}),
      { op: "set", field: "seccomp", value: { profile: "custom", path: "/x.json", allowsAll: false } },
    ],
    [host({}), { op: "add", field: "environment", value: { name: "A", value: undefined } }],
    [
      host({}),
      {
        op: "add",
        field: "devices",
        value: { hostPath: "gpu=all", containerPath: "gpu=all", permissions: "rwm" },
      },
    ],
    [
      host({}),
      {
        op: "add",
        field: "ports",
        value: { hostIp: undefined, hostPort: "1", containerPort: "80-81", protocol: "tcp" },
      },
    ],
    [host({ CapAdd: ["CHOWN"] }), { op: "remove", field: "capAdd", value: "SYS_ADMIN" }],
    [host({ Sysctls: { a: "1" } }), { op: "add", field: "sysctls", value: { name: "a", value: "2" } }],
    [host({ CapAdd: "ALL" }), { op: "add", field: "capAdd", value: "CHOWN" }],
    [host({ Privileged: true, privileged: true }), { op: "set", field: "privileged", value: false }],
    [{ HostConfig: "x" }, { op: "set", field: "privileged", value: false }],
    [null, { op: "set", field: "privileged", value: false }],
    [[], { op: "set", field: "privileged", value: false }],
    ["x", { op: "add", field: "capDrop", value: "ALL" }],
  ])("%j, %j", (document, patch) => {
    const result = writeCreateRequest(document, [patch]);
    expect(result.document).toBe(document);
    expect(result.refused.map((each) => each.patch)).toEqual([patch]);
    expect(result.refused[0]?.reason).toMatch(/^\S.{8,}/);
  });
});

describe("several patches at once", () => {
  test.each<[string, unknown, readonly ContainerPatch[], unknown]>([
    [
      "what is added twice stands there once",
      { Env: ["B=2"] },
      [
        { op: "add", field: "environment", value: { name: "A", value: "1" } },
        { op: "add", field: "environment", value: { name: "B", value: "2" } },
        { op: "add", field: "environment", value: { name: "A", value: "1" } },
      ],
      { Env: ["B=2", "A=1"] },
    ],
    [
      "a mount that differs only in what the host shows is the same",
      host({}),
      [
        { op: "add", field: "mounts", value: bind("/a", "/a") },
        { op: "add", field: "mounts", value: bind("/a", "/a", { resolvedPath: "/b" }) },
      ],
      host({ Binds: ["/a:/a"] }),
    ],
    [
      "what is added and taken out again is gone",
      host({}),
      [
        { op: "add", field: "capAdd", value: "CHOWN" },
        { op: "set", field: "privileged", value: false },
        { op: "remove", field: "capAdd", value: "CHOWN" },
      ],
      host({ CapAdd: [], Privileged: false }),
    ],
    [
      "the mode of the network takes away the endpoints that were added before it, and no others",
      {},
      [
        { op: "add", field: "networks", value: "a" },
        { op: "set", field: "networkMode", value: { mode: "network", name: "a" } },
        { op: "add", field: "networks", value: "host" },
      ],
      { NetworkingConfig: { EndpointsConfig: { a: {}, host: {} } }, HostConfig: { NetworkMode: "a" } },
    ],
    [
      "members come in the order of the patches",
      host({}),
      [
        { op: "add", field: "mounts", value: tmpfs("/run") },
        { op: "set", field: "readonlyRootfs", value: true },
        { op: "add", field: "mounts", value: bind("/a", "/b") },
      ],
      host({ Tmpfs: { "/run": "" }, ReadonlyRootfs: true, Binds: ["/a:/b"] }),
    ],
  ])("%s", (_, document, patches, expected) => {
    expect(JSON.stringify(written(document, ...patches))).toBe(JSON.stringify(expected));
  });

  test.each<[unknown, ContainerPatch]>([
    [
      { HostConfig: {}, hostconfig: {} },
      { op: "unset", field: "privileged" },
    ],
    [host({ NanoCpus: 1.5 }), { op: "set", field: "nanoCpus", value: 1.5 }],
    [
      host({ NetworkMode: "default" }),
      { op: "set", field: "networkMode", value: { mode: "network", name: "default" } },
    ],
  ])("what stands there already and is read otherwise is refused: %j, %j", (document, patch) => {
    const result = writeCreateRequest(document, [patch]);
    expect(result.refused.map((each) => each.patch)).toEqual([patch]);
    expect(result.document).toBe(document);
  });
});

test("the order of keys is kept, and so is what no patch is about", () => {
  const document = {
    Zeta: 1,
    Env: ["A=1"],
    HostConfig: { ShmSize: 5, Privileged: true, Binds: null, Memory: 0, Annotations: { b: "1", a: "2" } },
    Cmd: ["x"],
    Image: "a",
  };
  const result = written(
    document,
    { op: "set", field: "privileged", value: false },
    { op: "set", field: "memory", value: 1 },
    { op: "add", field: "capDrop", value: "ALL" },
    { op: "set", field: "user", value: "1" },
  );
  expect(JSON.stringify(result)).toBe(
    '{"Zeta":1,"Env":["A=1"],"HostConfig":{"ShmSize":5,"Privileged":false,"Binds":null,"Memory":1,"Annotations":{"b":"1","a":"2"},"CapDrop":["ALL"]},"Cmd":["x"],"Image":"a","User":"1"}',
  );
});

const few = <T>(...values: readonly T[]) => fc.array(fc.constantFrom(...values), { maxLength: 3 });
const orOdd = <T>(some: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: some }, fc.constantFrom(null, 5, "x", []));
const names = (...keys: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...keys), fc.constantFrom("1", "", "x"));
const hostConfigs = fc.record(
  {
    Privileged: orOdd(fc.boolean()),
    ReadonlyRootfs: fc.boolean(),
    memory: orOdd(fc.constantFrom(0, 5, -1)),
    PidsLimit: fc.constantFrom(0, -1, 7, null),
    CapAdd: orOdd(few("CAP_CHOWN", "sys_admin", "ALL")),
    CapDrop: orOdd(few("ALL", "NET_RAW")),
    NetworkMode: fc.constantFrom("host", "default", "backend", "container:web", "none", ""),
    PidMode: orOdd(fc.constantFrom("host", "", "container:web")),
    SecurityOpt: orOdd(
      few<unknown>(
        "no-new-privileges:false",
        "no-new-privileges",
        "seccomp=unconfined",
        "apparmor:x",
        "label=disable",
        "label:type:t",
        "x",
        5,
      ),
    ),
    MaskedPaths: orOdd(few("/proc/kcore")),
    ReadonlyPaths: orOdd(few("/proc/sys")),
    Binds: orOdd(few<unknown>("/etc:/e:ro", "/srv/../srv:/srv:z,rshared", "data:/data", "a:b:c:d", 5)),
    Mounts: orOdd(
      few<unknown>(
        { Type: "bind", Source: "/etc", Target: "/e2", ReadOnly: true },
        { type: "volume", target: "/v", VolumeOptions: { NoCopy: true } },
        { Type: "tmpfs", Target: "/t/", TmpfsOptions: { SizeBytes: 5, Options: [["exec"], ["noatime"]] } },
        { Type: "odd" },
      ),
    ),
    Tmpfs: orOdd(
      fc.dictionary(
        fc.constantFrom("/run", "/tmp/"),
        fc.constantFrom("", "exec,uid=1", "size=50%,ro", "defaults"),
      ),
    ),
    PortBindings: orOdd(
      fc.dictionary(
        fc.constantFrom("80/tcp", "53/UDP", "81"),
        orOdd(few<unknown>({ HostIp: "", HostPort: "80" }, { hostip: "::" }, { HostPort: "5" }, 5)),
      ),
    ),
    Devices: few<unknown>({ PathOnHost: "/dev/sda", CgroupPermissions: "r" }, {}),
    DeviceRequests: few<unknown>(
      { Driver: "cdi", DeviceIDs: ["v/c=a", "v/c=b"] },
      { Count: -1, Capabilities: [["gpu"]] },
    ),
    Ulimits: few<unknown>({ Name: "nofile", Soft: 1, Hard: 2 }),
    LogConfig: orOdd(
      fc.record({ Type: fc.constantFrom("", "json-file"), Config: orOdd(names("max-size", "tag")) }),
    ),
    Sysctls: orOdd(names("a", "b")),
    BlkioDeviceReadBps: few<unknown>({ Path: "/dev/sda", Rate: 5 }),
    VolumesFrom: few("web:ro", "db"),
  },
  { requiredKeys: [] },
);
const documents = fc.record(
  {
    Image: fc.constantFrom("a", ""),
    User: orOdd(fc.constantFrom("root", "")),
    Env: orOdd(few<unknown>("A=b", "SECRET", 5)),
    Labels: orOdd(names("a", "b")),
    Volumes: orOdd(fc.dictionary(fc.constantFrom("/d", "/d/"), fc.constant({}))),
    Healthcheck: orOdd(fc.record({ Test: fc.constantFrom(["NONE"], ["CMD", "x"], []) })),
    NetworkDisabled: fc.boolean(),
    HostConfig: orOdd(hostConfigs),
    NetworkingConfig: orOdd(
      fc.record({ EndpointsConfig: orOdd(fc.dictionary(fc.constantFrom("a", "b"), fc.constant({}))) }),
    ),
  },
  { requiredKeys: [] },
);

/** Patches of what the document holds, and of what it does not. */
function patchesOf(document: unknown): fc.Arbitrary<readonly ContainerPatch[]> {
  const view = readCreateRequest(document);
  const lists = (
    [
      "capAdd",
      "capDrop",
      "mounts",
      "ports",
      "devices",
      "ulimits",
      "sysctls",
      "labels",
      "logOptions",
      "environment",
      "volumesFrom",
      "networks",
      "blkioDeviceLimits",
    ] as const
  ).flatMap((field) => setItems<unknown>(view[field]).map(({ value }) => ({ field, value })));
  const removals = lists.map((each) => ({ op: "remove", ...each }) as ContainerPatch);
  const mounts = setItems(view.mounts).flatMap(({ value }): readonly ContainerPatch[] => [
    { op: "replace", field: "mounts", value, with: { ...value, readOnly: true } },
    { op: "replace", field: "mounts", value, with: { ...value, propagation: undefined } },
    ...(value.tmpfs
      ? ([
          {
            op: "replace",
            field: "mounts",
            value,
            with: { ...value, tmpfs: { ...value.tmpfs, exec: false, size: 64 * 1024 ** 2 } },
          },
        ] as const)
      : []),
  ]);
  const ports = setItems(view.ports).map(
    ({ value }): ContainerPatch => ({
      op: "replace",
      field: "ports",
      value,
      with: { ...value, hostIp: "127.0.0.1" },
    }),
  );
  const others: readonly ContainerPatch[] = [
    { op: "set", field: "privileged", value: false },
    { op: "set", field: "readonlyRootfs", value: true },
    { op: "set", field: "memory", value: 64 },
    { op: "set", field: "memory", value: 0 },
    { op: "unset", field: "memory" },
    { op: "set", field: "pidsLimit", value: 200 },
    { op: "set", field: "pidsLimit", value: 0 },
    { op: "set", field: "user", value: "1000:1000" },
    { op: "unset", field: "user" },
    { op: "set", field: "noNewPrivileges", value: true },
    { op: "unset", field: "noNewPrivileges" },
    { op: "unset", field: "seccomp" },
    { op: "set", field: "seccomp", value: { profile: "default" } },
    { op: "unset", field: "apparmor" },
    { op: "set", field: "apparmor", value: "docker-default" },
    { op: "unset", field: "selinux" },
    {
      op: "set",
      field: "selinux",
      value: {
        disable: false,
        user: undefined,
        role: undefined,
        type: "t",
        level: "s0:c1,c2",
        implied: false,
      },
    },
    { op: "unset", field: "pathProtection" },
    { op: "set", field: "pathProtection", value: { mode: "paths", masked: ["/a"], readonly: [] } },
    { op: "unset", field: "networkMode" },
    { op: "set", field: "networkMode", value: { mode: "network", name: "a" } },
    { op: "set", field: "networkMode", value: { mode: "none" } },
    { op: "unset", field: "pidMode" },
    { op: "set", field: "ipcMode", value: { mode: "private" } },
    { op: "set", field: "healthcheck", value: "none" },
    { op: "unset", field: "healthcheck" },
    { op: "set", field: "logDriver", value: "local" },
    { op: "add", field: "capDrop", value: "ALL" },
    { op: "add", field: "capAdd", value: "CHOWN" },
    { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } },
    { op: "add", field: "labels", value: { name: "__proto__", value: "x" } },
    { op: "add", field: "mounts", value: tmpfs("/tmp", { size: 64 * 1024 ** 2 }) },
    { op: "add", field: "mounts", value: bind("/a", "/a", { propagation: "rslave" }) },
    { op: "add", field: "mounts", value: mount({ type: "volume", target: "/d" }) },
    { op: "add", field: "mounts", value: mount({ type: "image", source: "busybox", target: "/i" }) },
    {
      op: "add",
      field: "ports",
      value: { hostIp: undefined, hostPort: "80", containerPort: "53", protocol: "udp" },
    },
    { op: "add", field: "environment", value: { name: "A", value: "" } },
    { op: "add", field: "networks", value: "b" },
    { op: "add", field: "volumesFrom", value: "web:ro" },
    { op: "remove", field: "capAdd", value: "BPF" },
  ];
  return fc.uniqueArray(fc.constantFrom(...removals, ...mounts, ...ports, ...others), {
    maxLength: 5,
    selector: subjectOf,
  });
}

/** What a patch is about: with two about one thing the last would count, or the first a second time. */
function subjectOf(patch: ContainerPatch): string {
  if (patch.op === "set" || patch.op === "unset") return patch.field;
  if (patch.field === "mounts") return `mount ${patch.value.target}`;
  return `${patch.field} ${JSON.stringify(patch.value)}`;
}

/** Whether making the patches twice is making them once: not so for “it is added, and taken out”. */
function isSettled(document: unknown, patches: readonly ContainerPatch[]): boolean {
  const once = applyPatches(readCreateRequest(document), patches);
  return JSON.stringify(factsOf(once)) === JSON.stringify(factsOf(applyPatches(once, patches)));
}

test("the law holds for generated bodies", { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(
      documents.chain((document) => patchesOf(document).map((patches) => ({ document, patches }))),
      ({ document, patches }) => {
        fc.pre(isSettled(document, patches));
        law(document, patches);
        const before = JSON.stringify(document);
        writeCreateRequest(document, patches);
        expect(JSON.stringify(document)).toBe(before);
      },
    ),
    { numRuns: 1000 },
  );
});
