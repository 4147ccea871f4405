import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bareContext } from "../../src/controls/control.ts";
import { controls } from "../../src/controls/registry.ts";
import { containerFromInspect } from "../../src/engine/documents/inspect.ts";
import { readCreateRequest } from "../../src/formats/create-request/read.ts";
import { writeCreateRequest } from "../../src/formats/create-request/write.ts";
import type { Container } from "../../src/model/container.ts";
import { mount } from "../../src/model/mount.ts";
import type { ContainerPatch } from "../../src/model/patch.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

/** Sends a body as a client would, and gives the answer. */
function post(engine: TestEngine, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json" };
    const call = request({ socketPath: engine.socketPath, method: "POST", path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What a view says of these facts, without where. */
function said(view: Container, fields: readonly (keyof Container)[]): unknown {
  return Object.fromEntries(
    fields.map((field) => {
      const fact: unknown = view[field];
      return [field, Array.isArray(fact) ? fact.map(value).toSorted() : value(fact)];
    }),
  );
}

function value(fact: unknown): string | undefined {
  return typeof fact === "object" && fact !== null && "value" in fact
    ? JSON.stringify(fact.value)
    : undefined;
}

describeWithEngine("the Engine takes what was written into a create request", () => {
  let engine: TestEngine;
  let made = 0;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
  }, 120_000);

  afterAll(async () => {
    await engine?.stop();
  });

  /** Creates and starts a container by the API, and inspects it. */
  async function run(body: unknown): Promise<Container> {
    made += 1;
    const name = `written-${made}`;
    const created = await post(engine, `/containers/create?name=${name}`, body);
    expect(created.status, created.text).toBe(201);
    const started = await post(engine, `/containers/${name}/start`);
    expect(started.status, started.text).toBe(204);
    const [document]: unknown[] = JSON.parse(await engine.docker(["inspect", name]));
    expect(document).toMatchObject({ State: { Running: true } });
    return containerFromInspect(document);
  }

  it.each<[string, Readonly<Record<string, unknown>>, readonly ContainerPatch[]]>([
    [
      "privileges",
      {
        HostConfig: {
          Privileged: true,
          SecurityOpt: ["seccomp=unconfined", "label=disable"],
          CapAdd: ["CAP_SYS_ADMIN"],
        },
      },
      [
        { op: "set", field: "privileged", value: false },
        { op: "set", field: "noNewPrivileges", value: true },
        { op: "unset", field: "seccomp" },
        { op: "unset", field: "selinux" },
        { op: "remove", field: "capAdd", value: "SYS_ADMIN" },
        { op: "add", field: "capDrop", value: "ALL" },
        { op: "add", field: "capAdd", value: "NET_BIND_SERVICE" },
        { op: "set", field: "user", value: "1000:1000" },
      ],
    ],
    ["another seccomp profile", {}, [{ op: "set", field: "seccomp", value: { profile: "default" } }]],
    ["no paths hidden", {}, [{ op: "set", field: "pathProtection", value: { mode: "unconfined" } }]],
    [
      "limits",
      { HostConfig: { PidsLimit: -1 } },
      [
        { op: "set", field: "memory", value: 64 * 1024 ** 2 },
        { op: "set", field: "memorySwap", value: 64 * 1024 ** 2 },
        { op: "set", field: "nanoCpus", value: 5e8 },
        { op: "set", field: "pidsLimit", value: 50 },
        { op: "add", field: "ulimits", value: { name: "nofile", soft: 64, hard: 128 } },
        { op: "set", field: "logDriver", value: "json-file" },
        { op: "add", field: "logOptions", value: { name: "max-size", value: "1m" } },
        { op: "add", field: "logOptions", value: { name: "max-file", value: "2" } },
      ],
    ],
    [
      "mounts",
      {
        HostConfig: {
          Binds: ["/etc:/e:rshared", "data:/d", "/usr:/u"],
          Mounts: [{ Type: "bind", Source: "/var", Target: "/v" }],
        },
      },
      [
        { op: "set", field: "readonlyRootfs", value: true },
        {
          op: "remove",
          field: "mounts",
          value: mount({ type: "bind", source: "/usr", target: "/u", hostPath: "/usr" }),
        },
        {
          op: "replace",
          field: "mounts",
          value: mount({
            type: "bind",
            source: "/etc",
            target: "/e",
            hostPath: "/etc",
            propagation: "rshared",
          }),
          with: mount({ type: "bind", source: "/etc", target: "/e", hostPath: "/etc", readOnly: true }),
        },
        {
          op: "replace",
          field: "mounts",
          value: mount({ type: "bind", source: "/var", target: "/v", hostPath: "/var" }),
          with: mount({ type: "bind", source: "/var", target: "/v", hostPath: "/var", readOnly: true }),
        },
        {
          op: "add",
          field: "mounts",
          value: mount({
            type: "tmpfs",
            target: "/tmp",
            tmpfs: { size: 1024 ** 2, mode: 0o1777, exec: false, suid: false, dev: false },
          }),
        },
        { op: "add", field: "mounts", value: mount({ type: "volume", target: "/anonymous" }) },
      ],
    ],
    [
      "namespaces, as the docker CLI asks for them",
      {
        HostConfig: { NetworkMode: "host", PidMode: "host", IpcMode: "host", UTSMode: "host" },
        NetworkingConfig: { EndpointsConfig: { host: {} } },
      },
      [
        { op: "unset", field: "networkMode" },
        { op: "unset", field: "pidMode" },
        { op: "set", field: "ipcMode", value: { mode: "private" } },
        { op: "unset", field: "utsMode" },
        { op: "set", field: "cgroupnsMode", value: { mode: "private" } },
      ],
    ],
    [
      "ports and devices",
      {
        ExposedPorts: { "80/tcp": {} },
        HostConfig: {
          PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "18080" }] },
          Devices: [{ PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "rwm" }],
          DeviceCgroupRules: ["c 1:3 mr"],
        },
      },
      [
        {
          op: "replace",
          field: "ports",
          value: { hostIp: undefined, hostPort: "18080", containerPort: "80", protocol: "tcp" },
          with: { hostIp: "127.0.0.1", hostPort: "18080", containerPort: "80", protocol: "tcp" },
        },
        {
          op: "add",
          field: "ports",
          value: { hostIp: "127.0.0.1", hostPort: "18081", containerPort: "81", protocol: "tcp" },
        },
        {
          op: "remove",
          field: "devices",
          value: { hostPath: "/dev/zero", containerPath: "/dev/z", permissions: "rwm" },
        },
        { op: "remove", field: "deviceCgroupRules", value: "c 1:3 mr" },
        {
          op: "add",
          field: "devices",
          value: { hostPath: "/dev/null", containerPath: "/dev/n", permissions: "r" },
        },
      ],
    ],
    [
      "names and values",
      { Env: ["SECRET=x"], Labels: { old: "1" } },
      [
        { op: "remove", field: "environment", value: { name: "SECRET", value: "x" } },
        { op: "add", field: "environment", value: { name: "A", value: "b=c" } },
        {
          op: "replace",
          field: "labels",
          value: { name: "old", value: "1" },
          with: { name: "new", value: "2" },
        },
        { op: "add", field: "sysctls", value: { name: "kernel.msgmax", value: "1000" } },
        { op: "add", field: "groupAdd", value: "5" },
        { op: "set", field: "healthcheck", value: "none" },
      ],
    ],
  ])("%s", async (_, body, patches) => {
    const given = { Image: busybox, Cmd: ["sleep", "600"], ...body };
    const { document, refused } = writeCreateRequest(given, patches);
    expect(refused).toEqual([]);
    const fields = [...new Set(patches.map(({ field }) => field))].filter(
      (field) => field !== "environment" && field !== "networkMode",
    );
    const live = await run(document);
    const wanted = readCreateRequest(document);
    // An inspect document writes out what a request leaves to the Engine.
    const filledIn = fields.filter(
      (field) => Array.isArray(wanted[field]) || value(wanted[field]) !== undefined,
    );
    expect(said(live, filledIn)).toEqual(said(wanted, filledIn));
    for (const patch of patches) {
      if (patch.op !== "unset") continue;
      expect(value(live[patch.field]) ?? "unset", patch.field).not.toMatch(/host|unconfined/);
    }
    if (patches.some(({ field }) => field === "environment")) {
      expect(live.environment).toContainEqual(
        expect.objectContaining({ value: { name: "A", value: "b=c" } }),
      );
      expect(JSON.stringify(live.environment)).not.toContain("SECRET");
    }
    if (patches.some(({ field }) => field === "networkMode")) {
      expect(live.networkMode).not.toMatchObject({ value: { mode: "host" } });
      expect(JSON.stringify(live.networks)).not.toContain('"host"');
    }
  });

  it("with the remedies of every control", async () => {
    const context = bareContext("engine-api");
    const given = {
      Image: busybox,
      Cmd: ["sleep", "600"],
      User: "root",
      HostConfig: {
        Privileged: true,
        NetworkMode: "host",
        PidMode: "host",
        IpcMode: "host",
        UTSMode: "host",
        CgroupnsMode: "host",
        PidsLimit: 0,
        Binds: ["/var/run/docker.sock:/s", "/etc:/e", "/proc:/p", "/srv:/srv"],
        Tmpfs: { "/run": "exec" },
        CapAdd: ["SYS_ADMIN"],
        SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
        MaskedPaths: [],
        ReadonlyPaths: [],
        OomKillDisable: true,
        LogConfig: { Type: "json-file", Config: { "max-size": "-1" } },
        CgroupParent: "/mine",
      },
      NetworkingConfig: { EndpointsConfig: { host: {} } },
    };
    const failing = (body: unknown) => {
      const view = readCreateRequest(body);
      return controls.flatMap(({ id, check, remedy }) => {
        if (check.container?.(view, context).verdict !== "fail") return [];
        const patches = remedy.container?.(view, context).patches ?? [];
        // Whether the disk can be limited is up to the machine.
        return patches
          .filter(({ field }) => field !== "blkioWeight" && field !== "storageOpt")
          .map((patch) => ({ id, patch }));
      });
    };
    const first = writeCreateRequest(
      given,
      failing(given).map(({ patch }) => patch),
    );
    // Where two controls are about one mount, the first changes it and the second does not find it any more.
    expect(first.refused.every(({ reason }) => reason === "the request does not contain it")).toBe(true);
    const { document } = writeCreateRequest(
      first.document,
      failing(first.document).map(({ patch }) => patch),
    );
    expect(new Set(failing(given).map(({ id }) => id)).size).toBeGreaterThan(15);
    expect(failing(document)).toEqual([]);
    const live = await run(document);
    expect(said(live, ["privileged", "readonlyRootfs", "user", "capAdd", "capDrop"])).toEqual({
      privileged: "false",
      readonlyRootfs: "true",
      user: '"1000:1000"',
      capAdd: [],
      capDrop: ['"ALL"'],
    });
  });
});
