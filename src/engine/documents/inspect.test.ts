import { describe, expect, it } from "vitest";
import { setItems } from "../../model/fact.ts";
import { containerFromInspect } from "./inspect.ts";

it("reads HostConfig and Config at their places", () => {
  expect(
    containerFromInspect({
      HostConfig: { Privileged: true, CgroupnsMode: "host" },
      Config: { User: "1000", Image: "nginx" },
      AppArmorProfile: "docker-default",
      NetworkSettings: { Networks: { backend: {} } },
    }),
  ).toMatchObject({
    level: "configured",
    privileged: { value: true, origins: [{ pointer: "/HostConfig/Privileged" }] },
    cgroupnsMode: { value: { mode: "host" } },
    user: { value: "1000", origins: [{ pointer: "/Config/User" }] },
    image: { value: "nginx" },
    apparmor: { value: "docker-default", origins: [{ pointer: "/AppArmorProfile" }] },
    networks: [{ value: "backend", origins: [{ pointer: "/NetworkSettings/Networks/backend" }] }],
  });
});

describe("label=disable", () => {
  it.each([
    [{}, false],
    [{ Privileged: true }, true],
    [{ PidMode: "host" }, true],
    [{ IpcMode: "host" }, true],
    [{ PidMode: "container:x", Privileged: false }, false],
  ])("with %j nobody asked for it: %s", (more, implied) => {
    const { selinux } = containerFromInspect({ HostConfig: { ...more, SecurityOpt: ["label=disable"] } });
    expect(selinux).toMatchObject({ value: { disable: true, implied } });
  });
});

it("leaves a label that somebody asked for as it is", () => {
  const { selinux } = containerFromInspect({
    HostConfig: { Privileged: true, SecurityOpt: ["label=level:s0"] },
  });
  expect(selinux).toMatchObject({ value: { disable: false, level: "s0", implied: false } });
});

it("adds to what was asked for what is there besides", () => {
  const { mounts } = containerFromInspect({
    HostConfig: { Binds: ["/etc:/e:ro", "data:/d"] },
    Config: { Volumes: { "/cache": {}, "/d": {} } },
    Mounts: [
      { Type: "bind", Source: "/etc", Destination: "/e", RW: false, Propagation: "rprivate" },
      {
        Type: "volume",
        Name: "data",
        Source: "/var/lib/docker/volumes/data/_data",
        Destination: "/d",
        RW: true,
      },
      {
        Type: "volume",
        Name: "abc",
        Source: "/var/lib/docker/volumes/abc/_data",
        Destination: "/cache",
        RW: true,
      },
      { Type: "bind", Source: "/run", Destination: "/r", RW: false, Propagation: "rslave" },
      {},
    ],
  });
  expect(setItems(mounts)).toMatchObject([
    {
      value: { type: "bind", target: "/e", hostPath: "/etc" },
      origins: [{ pointer: "/HostConfig/Binds/0" }],
    },
    { value: { type: "volume", source: "data", target: "/d", hostPath: undefined } },
    {
      value: { type: "volume", source: "abc", target: "/cache", hostPath: undefined },
      origins: [{ pointer: "/Mounts/2" }],
    },
    { value: { type: "bind", target: "/r", hostPath: "/run", readOnly: true, propagation: "rslave" } },
  ]);
  expect(mounts).toHaveLength(5);
});

it.each([
  null,
  5,
  "x",
  [],
  { HostConfig: [], Config: 5, Mounts: {} },
  { Mounts: [null, 5, { Destination: 7 }] },
])("takes any document: %j", (document) => {
  expect(containerFromInspect(document).kind).toBe("container");
});
