import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineClient } from "../../src/engine/client.ts";
import { connectEngine } from "../../src/engine/connect.ts";
import type { LiveReading, Selection } from "../../src/engine/read/live-reading.ts";
import { readEngine } from "../../src/engine/read/read.ts";
import { readRunLine } from "../../src/formats/run-command/read.ts";
import type { Container } from "../../src/model/container.ts";
import { memoryFiles } from "../support/memory-files.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { hang } from "./hang.ts";
import { busybox, importBusybox, importImage } from "./images.ts";

async function connect(engine: TestEngine): Promise<EngineClient> {
  const client = await connectEngine({ host: engine.host, environment: {}, home: "/nowhere" });
  if (!client.ok) throw new Error(client.reason);
  return client.value;
}

async function read(engine: TestEngine, selection: Selection): Promise<LiveReading> {
  const client = await connect(engine);
  try {
    return await readEngine(client, selection);
  } finally {
    await client.close();
  }
}

function view(reading: LiveReading, name: string): Container {
  const found = reading.containers.find((each) => each.name === name)?.subject.views[0];
  if (!found) throw new Error(`${name} was not read`);
  return found;
}

/** What each fact says, without where, the order of lists, and what only a sight of the host tells. */
function values(container: Container): Readonly<Record<string, unknown>> {
  const said = (fact: unknown): unknown => {
    if (Array.isArray(fact)) return fact.map((item) => JSON.stringify(said(item), withoutHost)).toSorted();
    return typeof fact === "object" && fact !== null && "value" in fact ? fact.value : undefined;
  };
  return Object.fromEntries(Object.entries(container).map(([name, fact]) => [name, said(fact)]));
}

function withoutHost(key: string, value: unknown): unknown {
  return ["resolvedPath", "sockets", "nodes"].includes(key) ? undefined : value;
}

const everything: Selection = { containers: "all", images: [] };

describeWithEngine("reading a live Engine", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
    await importImage(engine, "app:1", {
      changes: ["USER 1000", "ENV TOKEN=hunter2", "HEALTHCHECK NONE", "VOLUME /cache"],
    });
  });

  afterAll(async () => {
    await engine?.stop();
  });

  let made = 0;
  /** Creates a container, runs it unless it is to stay stopped, and gives its name. */
  async function make(flags: readonly string[], { image = busybox, start = true } = {}): Promise<string> {
    made += 1;
    const name = `live-${made}`;
    await engine.docker([
      ...(start ? ["run", "-d"] : ["create"]),
      "--name",
      name,
      ...flags,
      image,
      "sleep",
      "600",
    ]);
    return name;
  }

  describe("a container shows what its docker run line asked for", () => {
    // A docker run line and the container that it makes are the same facts.
    it.each<[string, readonly (keyof Container)[]]>([
      ["--privileged", ["privileged"]],
      ["--read-only --tmpfs /run:size=1m,exec", ["readonlyRootfs", "mounts"]],
      ["-u 1000:1000 --group-add 5", ["user", "groupAdd"]],
      ["--cap-drop all --cap-add net_admin", ["capAdd", "capDrop"]],
      ["--security-opt no-new-privileges --security-opt seccomp=unconfined", ["noNewPrivileges", "seccomp"]],
      ["--security-opt label=level:s0:c100,c200 --security-opt label:type:svirt_t", ["selinux"]],
      ["--security-opt systempaths=unconfined", ["pathProtection"]],
      [
        "-m 64m --memory-swap 128m --memory-reservation 32m --oom-kill-disable",
        ["memory", "memorySwap", "memoryReservation", "oomKillDisable"],
      ],
      ["--cpus 0.5 --cpu-shares 768 --cpuset-cpus 0", ["nanoCpus", "cpuShares", "cpusetCpus"]],
      ["--cpu-period 50000 --cpu-quota 25000", ["cpuPeriod", "cpuQuota"]],
      ["--pids-limit 50 --ulimit nofile=64:128", ["pidsLimit", "ulimits"]],
      ["--device-read-iops /dev/null:100 --device-write-bps /dev/null:1mb", ["blkioDeviceLimits"]],
      ["--device /dev/null:/dev/x:r --device-cgroup-rule='c 1:3 mr'", ["devices", "deviceCgroupRules"]],
      [
        "--pid host --ipc shareable --uts host --network host --cgroupns private",
        ["pidMode", "ipcMode", "utsMode", "networkMode", "cgroupnsMode"],
      ],
      ["--sysctl kernel.msgmax=1000 --label a.b/c=d", ["sysctls", "labels"]],
      ["--log-driver json-file --log-opt max-size=1m", ["logDriver", "logOptions"]],
      [
        "-v /etc:/e:ro -v data:/d --mount type=bind,src=/usr,dst=/u,readonly,bind-propagation=rslave",
        ["mounts"],
      ],
      [
        "--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770 --mount type=volume,src=vol,dst=/v",
        ["mounts"],
      ],
      ["--network none --cgroup-parent /mine", ["networkMode", "cgroupParent"]],
    ])("%s", async (flags, facts) => {
      const name = await make(
        flags.match(/(?:[^\s']|'[^']*')+/g)?.map((word) => word.replaceAll("'", "")) ?? [],
        { start: false },
      );
      const live = values(view(await read(engine, { containers: [name], images: [] }), name));
      const subject = readRunLine(`docker run ${flags} ${busybox}`, "run.sh", memoryFiles()).subjects[0];
      const declared = values(subject?.views[0] as Container);
      for (const fact of facts) expect(live[fact], fact).toEqual(declared[fact]);
    });
  });

  it("keeps what the Engine fills in apart from what was asked for", async () => {
    const plain = view(await read(engine, { containers: [await make([])], images: [] }), `live-${made}`);
    expect(plain).toMatchObject({
      pidsLimit: { state: "unset" },
      memory: { state: "unset" },
      privileged: { value: false },
      cgroupnsMode: { value: { mode: expect.stringMatching(/^(host|private)$/) } },
      ipcMode: { value: { mode: "private" } },
      selinux: { state: "unset" },
    });
    const paths = plain.pathProtection;
    expect(paths).toMatchObject({
      value: { mode: "paths", masked: expect.arrayContaining(["/proc/kcore"]) },
    });
    const hostPid = view(
      await read(engine, { containers: [await make(["--pid=host"])], images: [] }),
      `live-${made}`,
    );
    expect(hostPid.selinux).toMatchObject({ value: { disable: true, implied: true } });
  });

  it("reads stopped containers, names and images", async () => {
    const name = await make(["--entrypoint", "sh"], { image: "app:1", start: false });
    const reading = await read(engine, everything);
    expect(reading.gaps).toEqual([]);
    const container = reading.containers.find((each) => each.name === name);
    expect(container).toMatchObject({ running: false, pid: undefined, subject: { id: `container:${name}` } });
    expect(view(reading, name)).toMatchObject({
      imageUser: { value: "1000" },
      user: { value: "1000" },
      healthcheck: { value: "none" },
    });
    expect(reading.images.find((each) => each.name === "app:1")).toMatchObject({
      views: [{ user: { value: "1000" } }],
    });
    expect(reading.peers.get(name)).toBe(view(reading, name));
    expect(reading.peers.get(container?.id ?? "")).toBe(view(reading, name));
  });

  it("finds the engine's socket behind every way to it", async () => {
    const alias = join(engine.folder, "alias");
    symlinkSync(engine.folder, alias);
    await engine.docker([
      "volume",
      "create",
      "-o",
      "type=none",
      "-o",
      "o=bind",
      "-o",
      `device=${engine.folder}`,
      "bound",
    ]);
    const direct = await make(["-v", `${engine.socketPath}:/harmless.sock:ro`]);
    const harmless = await make(["-v", "/etc:/e"]);
    const others = [
      direct,
      await make(["-v", `${alias}:/x`]),
      await make(["-v", "bound:/x"]),
      await make(["--volumes-from", direct]),
      await make(["-v", "/:/host:ro"], { start: false }),
    ];
    const reading = await read(engine, everything);
    for (const name of others) {
      const sockets = view(reading, name).mounts.flatMap((item) =>
        item.state === "set" ? item.value.sockets : [],
      );
      expect(sockets, name).toContain(engine.socketPath);
    }
    expect(view(reading, harmless).mounts).toMatchObject([{ value: { resolvedPath: "/etc", sockets: [] } }]);
    expect(view(reading, others[1] ?? "").mounts).toMatchObject([
      { value: { hostPath: alias, resolvedPath: engine.folder } },
    ]);
    expect(view(reading, others[3] ?? "").mounts).toMatchObject([{ value: { from: direct } }]);
  });

  it("reads execs that run, and what they may", async () => {
    const name = await make([], { image: "app:1" });
    await engine.docker(["exec", "-d", "--privileged", "-u", "0", name, "sleep", "500"]);
    await engine.docker(["exec", name, "true"]);
    const { execs } = await read(engine, { containers: [name], images: [] });
    expect(execs).toMatchObject([
      {
        pid: expect.any(Number),
        subject: {
          name,
          views: [
            { privileged: { value: true }, user: { value: "0" }, container: { user: { value: "1000" } } },
          ],
        },
      },
    ]);
  });

  it("describes the engine, its process and its configuration", async () => {
    const reading = await read(engine, { containers: [], images: [] });
    expect(reading.host).toMatchObject({
      pid: engine.pid,
      process: "dockerd",
      sameFiles: true,
      configFile: { path: join(engine.folder, "daemon.json"), text: { ok: true } },
      sockets: [engine.socketPath],
    });
    expect(reading.host?.commandLine).toContain("--bridge=none");
    expect(reading.engine?.views[0]).toMatchObject({
      product: { value: "docker" },
      seccompProfile: { value: "builtin" },
      rootless: { value: false },
      usernsRemap: { value: "" },
      icc: { value: false },
      dataRoot: { value: join(engine.folder, "data") },
      socketFiles: expect.arrayContaining([
        expect.objectContaining({
          value: expect.objectContaining({ path: engine.socketPath, mode: 0o660, uid: 0 }),
        }),
      ]),
      logOptions: [],
      defaultUlimits: [],
      listenAddresses: [],
      kernelLsm: { state: "set" },
    });
  });

  it("names what was asked for and is not there, and inspects an image by name", async () => {
    const reading = await read(engine, { containers: ["nosuch"], images: ["app:1", "nosuch:1"] });
    expect(reading.images.map(({ id }) => id)).toEqual(["image:app:1"]);
    expect(reading.gaps.map(({ subject, reason }) => [subject, reason])).toEqual([
      ["container:nosuch", "there is no container nosuch"],
      ["image:nosuch:1", "there is no image nosuch:1"],
    ]);
  });

  it("reads while containers come and go", async () => {
    const names = await Promise.all(Array.from({ length: 6 }, () => make([], { start: false })));
    const client = await connect(engine);
    const removing = Promise.all(names.map((name) => engine.docker(["rm", name])));
    const readings: LiveReading[] = [];
    for (let round = 0; round < 10; round += 1) readings.push(await readEngine(client, everything));
    await removing;
    await client.close();
    expect(readings.flatMap(({ gaps }) => gaps)).toEqual([]);
  });
});

describeWithEngine("an Engine that is set up in another way", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine({
      usernsRemap: true,
      bridge: true,
      daemonJson: {
        hosts: ["tcp://127.0.0.1:2375"],
        "insecure-registries": ["10.0.0.0/8", "registry.example:5000"],
        "no-new-privileges": true,
        "live-restore": true,
        icc: true,
      },
    });
  });

  afterAll(async () => {
    await engine?.stop();
  });

  it("says so", async () => {
    chmodSync(engine.socketPath, 0o666);
    const reading = await read(engine, everything);
    expect(reading.gaps).toEqual([]);
    expect(reading.host?.tcp).toEqual([{ ip: "127.0.0.1", port: 2375 }]);
    const found = reading.engine?.views[0];
    const isOld = found?.version.state === "set" && /^20\./.test(found.version.value);
    expect(found).toMatchObject({
      usernsRemap: { value: expect.stringMatching(/^\d+:\d+$/) },
      // Engine 20.10 does not say it: the audit has it from dockerd's own configuration.
      noNewPrivileges: isOld ? { state: "unresolved" } : { value: true },
      liveRestore: { value: true },
      icc: { value: true },
      listenAddresses: [{ value: { address: "tcp://127.0.0.1:2375", tls: "none" } }],
      socketFiles: expect.arrayContaining([
        expect.objectContaining({ value: expect.objectContaining({ mode: 0o666 }) }),
      ]),
    });
    const registries = found?.insecureRegistries.map((item) =>
      item.state === "set" ? item.value : item.reason,
    );
    expect(registries?.toSorted()).toEqual(["10.0.0.0/8", "registry.example:5000"]);
  });
});

describeWithEngine("an Engine that dies", () => {
  it("leaves what was read and one line", async () => {
    const engine = await startEngine();
    try {
      await importBusybox(engine);
      await engine.docker(["create", "--name", "web", busybox]);
      const client = await connect(engine);
      process.kill(engine.pid, "SIGKILL");
      const reading = await readEngine(client, everything);
      await client.close();
      expect(reading).toMatchObject({ engine: undefined, containers: [] });
      expect(reading.gaps).toMatchObject([
        { subject: "engine", reason: expect.stringMatching(/^the Engine at .* stopped answering/) },
      ]);
    } finally {
      await engine.stop();
    }
  });

  it("cannot hold us up when it hangs", async () => {
    const engine = await startEngine();
    try {
      await hang(engine);
      const start = Date.now();
      const client = await connectEngine({ host: engine.host, environment: {}, home: "/nowhere" });
      expect(client).toMatchObject({ ok: false, reason: expect.stringContaining("does not answer in time") });
      expect(Date.now() - start).toBeLessThan(5_000);
    } finally {
      await engine.stop();
    }
  });
});
