import { describe, expect, it } from "vitest";
import { recordAt } from "../../base/json.ts";
import { containerFromInspect } from "../../engine/documents/inspect.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./bodies.ts";

const volume = "a".repeat(64);

const inspect = {
  Id: "f".repeat(64),
  Config: {
    User: "app",
    Env: ["TOKEN=hunter2"],
    Labels: { "traefik.enable": "true" },
    ExposedPorts: { "80/tcp": {} },
    Hostname: "web",
  },
  HostConfig: {
    Binds: ["/srv:/srv:rshared", "named:/data", "/etc:/host-etc:ro"],
    Mounts: [{ Type: "tmpfs", Target: "/cache", TmpfsOptions: { SizeBytes: 1024 } }],
    Tmpfs: { "/tmp": "size=1m" },
    PortBindings: { "80/tcp": [{ HostPort: "80" }] },
    PublishAllPorts: true,
    Links: ["db:db"],
    VolumesFrom: ["other"],
    RestartPolicy: { Name: "always" },
    NetworkMode: "shop_default",
    CapDrop: ["ALL"],
    ReadonlyRootfs: true,
    Memory: 1024,
    SecurityOpt: ["no-new-privileges"],
    LogConfig: { Type: "syslog", Config: { "syslog-address": "tcp://logs" } },
  },
  Mounts: [
    { Type: "bind", Source: "/srv", Destination: "/srv", RW: true, Propagation: "rshared" },
    { Type: "volume", Name: "named", Destination: "/data", RW: true },
    { Type: "volume", Name: volume, Destination: "/own", RW: true },
    { Type: "bind", Source: "/etc", Destination: "/host-etc", RW: false },
  ],
};
const request = {
  image: "sha256:1",
  user: "app",
  hostConfig: inspect.HostConfig,
  view: containerFromInspect(inspect),
  label: ["bulkhead.prove", "x"] as const,
};

describe("a twin", () => {
  const body = twinBody(request);
  const host = recordAt(body, "HostConfig");

  it("is confined as the subject is", () => {
    expect(body).toMatchObject({ Image: "sha256:1", User: "app" });
    expect(host).toMatchObject({
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
      Memory: 1024,
      NetworkMode: "shop_default",
      SecurityOpt: ["no-new-privileges"],
      Tmpfs: { "/tmp": "size=1m" },
    });
  });

  it("takes nothing along that is secret or would be taken for the subject", () => {
    expect(JSON.stringify(body)).not.toMatch(/hunter2|traefik|"web"|syslog|db:db|NetworkingConfig|"always"/);
    expect(host).toMatchObject({ PortBindings: {}, PublishAllPorts: false, VolumesFrom: null, Links: null });
  });

  it("writes to nothing that others share, and mounts nothing back into the host", () => {
    const byTarget = new Map(
      (host.Mounts as readonly Record<string, unknown>[]).map((mount) => [mount.Target, mount]),
    );
    expect(byTarget.get("/srv")).toMatchObject({ ReadOnly: true, BindOptions: { Propagation: "rslave" } });
    expect(byTarget.get("/data")).toMatchObject({ Source: "named", ReadOnly: true });
    expect(byTarget.get("/host-etc")).toMatchObject({ Source: "/etc", ReadOnly: true });
    expect(byTarget.get("/own")).toEqual({ Type: "volume", Target: "/own" });
    expect(byTarget.get("/cache")).toMatchObject({ Type: "tmpfs" });
    expect(host.Binds).toBeNull();
  });

  it("is gone when its input ends", () => {
    expect(body).toMatchObject({ OpenStdin: true, StdinOnce: true, Labels: { "bulkhead.prove": "x" } });
    expect(host).toMatchObject({ AutoRemove: true, RestartPolicy: { Name: "no" } });
  });

  it("is kept only where its end is to be read", () => {
    expect(recordAt(sacrificeBody(request), "HostConfig").AutoRemove).toBe(false);
  });
});

describe("a looser container", () => {
  it("is open on namespaces of its own, or on the host's without more rights", () => {
    expect(openBody(request)).toMatchObject({
      User: "0:0",
      HostConfig: { Privileged: true, NetworkMode: "none", AutoRemove: true },
    });
    expect(recordAt(openBody(request), "HostConfig").PidMode).toBeUndefined();
    const shared = recordAt(
      hostNamespacesBody(request, { socket: "/run/docker.sock", ipc: true }),
      "HostConfig",
    );
    expect(shared).toMatchObject({ NetworkMode: "host", PidMode: "host", AutoRemove: true });
    expect(shared.Privileged).toBeUndefined();
    const less = hostNamespacesBody(request, { socket: undefined, ipc: false });
    expect(JSON.stringify(less)).not.toContain("engine.sock");
    expect(recordAt(less, "HostConfig")).toMatchObject({ PidMode: "host", UTSMode: "host" });
    expect(recordAt(less, "HostConfig")).not.toHaveProperty("IpcMode", "host");
  });
});
