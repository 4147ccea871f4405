import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardRules } from "../../src/guard/decide/rules.ts";
import { routeGroups } from "../../src/guard/routes/route.ts";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, type Ran, spawnDocker, startGuard } from "../support/guard-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";

/** A request of the API, and what the policy says beside the rule for it to be met. */
interface Meeting {
  readonly ask: readonly [method: string, path: string, body?: unknown];
  readonly words?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const create = (HostConfig: object, more: object = {}): Meeting["ask"] => [
  "POST",
  "/containers/create",
  { Image: busybox, ...more, HostConfig },
];
const open = "groups: { rootEquivalent: allow }";
const upgrade = {
  Connection: "Upgrade",
  Upgrade: "h2c",
  "X-Docker-Expose-Session-Uuid": "abc",
  "X-Docker-Expose-Session-Name": "x",
};
const archive = { "Content-Type": "application/x-tar" };

/** For each rule of the guard's own a request that meets it, and nothing else. */
const meetings: Readonly<Record<string, Meeting>> = {
  "guard-override": { ask: create({ UTSMode: "host" }), words: "override: deny" },
  "guard-image": { ask: create({}), words: "allow: { images: [other] }" },
  "guard-registry": {
    ask: ["POST", "/images/create?fromImage=localhost:5000/app&tag=1"],
    words: "allow: { registries: [ghcr.io] }",
  },
  "guard-user": { ask: create({}), words: "allow: { users: [1000] }" },
  "guard-network": { ask: create({}), words: "allow: { networks: [other] }" },
  "guard-label": { ask: create({}, { Labels: { a: "b" } }), words: "allow: { labels: [other] }" },
  "guard-bind-mount": { ask: create({ Binds: ["/srv:/x"] }) },
  "guard-mount-type": { ask: create({ Mounts: [{ Type: "npipe", Source: "x", Target: "/x" }] }) },
  "guard-volume-options": {
    ask: [
      "POST",
      "/volumes/create",
      { Name: "share", DriverOpts: { type: "nfs", o: "addr=192.0.2.1", device: ":/x" } },
    ],
  },
  "guard-volume-driver": { ask: ["POST", "/volumes/create", { Name: "plugged", Driver: "rexray" }] },
  "guard-log-driver": { ask: create({ LogConfig: { Type: "syslog", Config: {} } }) },
  "guard-sysctl": { ask: create({ Sysctls: { "kernel.msgmax": "8192" } }) },
  "guard-runtime": { ask: create({ Runtime: "other" }) },
  "guard-security-option": { ask: create({ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'] }) },
  "guard-annotation": { ask: create({ Annotations: { a: "b" } }) },
  "guard-oom-score": { ask: create({ OomScoreAdj: -500 }) },
  "guard-group": { ask: create({ GroupAdd: ["0"] }) },
  "guard-realtime": { ask: create({ CpuRealtimeRuntime: 1000 }) },
  "guard-storage-option": { ask: create({ StorageOpt: { a: "b" } }) },
  "guard-cgroup": { ask: create({ Cgroup: "container:web" }) },
  "guard-link": { ask: create({ Links: ["web:w"] }) },
  "guard-endpoint": {
    ask: create({}, { NetworkingConfig: { EndpointsConfig: { bridge: { DriverOpts: { a: "b" } } } } }),
  },
  "guard-exec-privileged": {
    ask: ["POST", "/containers/web/exec", { Cmd: ["true"], Privileged: true }],
    words: "controls: { privileged-exec: off }",
  },
  "guard-exec-root": { ask: ["POST", "/containers/user/exec", { Cmd: ["true"], User: "root" }] },
  "guard-unsafe-container": { ask: ["POST", "/containers/dangerous/exec", { Cmd: ["true"] }] },
  "guard-update": { ask: ["POST", "/containers/web/update", { PidsLimit: -1 }] },
  "guard-checkpoint": { ask: ["GET", "/containers/web/checkpoints"] },
  "guard-commit": { ask: ["POST", "/commit?container=web&repo=committed", {}] },
  "guard-image-load": { ask: ["POST", "/images/load", ""], headers: archive },
  "guard-image-import": { ask: ["POST", "/images/create?fromSrc=-&repo=imported", ""], headers: archive },
  "guard-image-tag": { ask: ["POST", `/images/${busybox}/tag?repo=localhost:5000/app&tag=1`] },
  "guard-image-push": { ask: ["POST", "/images/localhost:5000/app/push?tag=1"] },
  "guard-outgoing": {
    ask: ["POST", "/auth", { username: "a", password: "b", serveraddress: "localhost:1" }],
  },
  "guard-build-network": { ask: ["POST", "/build?networkmode=host", ""], headers: archive },
  "guard-build-privilege": { ask: ["POST", "/build?cgroupparent=x", ""], headers: archive },
  "guard-build-output": {
    ask: ["POST", `/build?outputs=${encodeURIComponent('[{"Type":"local","Attrs":{"dest":"/x"}}]')}`, ""],
    headers: archive,
  },
  "guard-buildkit": { ask: ["POST", "/build?version=2", ""], headers: archive },
  "guard-tunnel": { ask: ["POST", "/session"], words: open, headers: upgrade },
  "guard-network-driver": { ask: ["POST", "/networks/create", { Name: "lan", Driver: "nonesuch" }] },
  "guard-network-options": {
    ask: [
      "POST",
      "/networks/create",
      { Name: "named", Options: { "com.docker.network.bridge.name": "named0" } },
    ],
  },
  "guard-plugin": { ask: ["GET", "/plugins/privileges?remote=localhost:5000/none"], words: open },
  "guard-swarm": { ask: ["POST", "/swarm/leave"], words: open },
  "guard-service": {
    ask: ["POST", "/services/create", { Name: "s", TaskTemplate: { ContainerSpec: { Image: busybox } } }],
  },
  "guard-secret": { ask: ["POST", "/secrets/create", { Name: "s", Data: "" }] },
};

/** What no request of this suite meets: why. */
const elsewhere: Readonly<Record<string, string>> = {
  "guard-route": "by groups and routes, below",
  "guard-missing": "below",
  "guard-owner": "below",
  "guard-owner-label": "below",
  "guard-unknown": "an Engine that does not answer: src/guard/decide/decide.test.ts",
  "guard-harden": "a patch without a place: src/guard/decide/laws.test.ts",
  "guard-hidden-form": "in the plugin alone: guard-authz.test.ts",
  "guard-answer": "in the plugin alone: guard-authz.test.ts",
};

const isShut = (rule: string) => guardRules.find(({ id }) => id === rule)?.default === "deny";

/** Lists of what is allowed: the words, what passes by them, what does not and by which rule. */
const lists: readonly {
  readonly label: string;
  readonly words: string;
  readonly passes: readonly (readonly string[])[];
  readonly fails: readonly (readonly [rule: string, ...flags: readonly string[]])[];
}[] = [
  {
    label: "mounts, over what a control denies",
    words: "allow: { mounts: [/etc/alternatives, { source: '/etc/ssl/**', readOnly: true }] }",
    passes: [
      ["-v", "/etc/alternatives:/x"],
      ["-v", "/etc/ssl/certs:/x:ro"],
    ],
    fails: [
      ["sensitive-host-mount", "-v", "/etc/ssl/certs:/x"],
      ["sensitive-host-mount", "-v", "/etc:/x:ro"],
    ],
  },
  {
    label: "mounts, and no others",
    words: "rules: { guard-bind-mount: deny }, allow: { mounts: [/srv/**] }",
    passes: [
      ["-v", "/srv:/x"],
      ["-v", "named:/x"],
    ],
    fails: [["guard-bind-mount", "-v", "/opt:/x"]],
  },
  {
    label: "capabilities",
    words: "allow: { capabilities: [NET_ADMIN] }",
    passes: [["--cap-add=NET_ADMIN"]],
    fails: [["capabilities-dangerous", "--cap-add=SYS_ADMIN"]],
  },
  {
    label: "users",
    words: "allow: { users: [1000, '2000:2000'] }",
    passes: [["--user=1000"], ["--user=1000:5"], ["--user=2000:2000"]],
    fails: [["guard-user"], ["guard-user", "--user=1001"], ["guard-user", "--user=2000:1"]],
  },
  {
    label: "networks",
    words: "allow: { networks: [listed] }",
    passes: [["--network=listed"], ["--network=none"], ["--network=container:on-listed"]],
    fails: [
      ["guard-network"],
      ["guard-network", "--network=bridge"],
      ["guard-network", "--network=container:web"],
    ],
  },
  {
    label: "runtimes",
    words: "allow: { runtimes: [other] }",
    passes: [["--runtime=other"], ["--runtime=runc"]],
    fails: [["guard-runtime", "--runtime=third"]],
  },
  {
    label: "labels",
    words: "allow: { labels: [com.example.*, team=web] }",
    passes: [[], ["--label=com.example.a=b", "--label=team=web"]],
    fails: [
      ["guard-label", "--label=traefik.enable=true"],
      ["guard-label", "--label=team=db"],
    ],
  },
  {
    label: "devices",
    words: "allow: { devices: [/dev/null] }",
    passes: [["--device=/dev/null:/dev/xnull"]],
    fails: [["device-access", "--device=/dev/mem"]],
  },
  {
    label: "sysctls",
    words: "allow: { sysctls: [net.ipv4.tcp_*] }",
    passes: [["--sysctl=net.ipv4.tcp_rmem=4096 87380 6291456"]],
    fails: [["guard-sysctl", "--sysctl=net.ipv4.ip_forward=1"]],
  },
  {
    label: "log drivers",
    words: "allow: { logDrivers: [syslog] }",
    passes: [["--log-driver=syslog", "--log-opt=syslog-address=udp://127.0.0.1:9"]],
    fails: [["guard-log-driver", "--log-driver=gelf", "--log-opt=gelf-address=udp://127.0.0.1:9"]],
  },
];

describeWithEngine("the guard's policy, word by word", () => {
  let engine: TestEngine;
  let registry: TestRegistry;
  let guard: GuardProcess;
  let folder = "";

  /** Clients by name, each with its own socket and words. */
  function clients(digest: string): Readonly<Record<string, string>> {
    return {
      ...Object.fromEntries(
        Object.entries(meetings).flatMap(([rule, { words }]) => [
          [`deny-${rule}`, `${words ? `${words}, ` : ""}rules: { ${rule}: deny }`],
          [`allow-${rule}`, `${words ? `${words}, ` : ""}rules: { ${rule}: allow }`],
          [`usual-${rule}`, words ?? ""],
        ]),
      ),
      ...Object.fromEntries(lists.map(({ words }, at) => [`list-${at}`, words])),
      ...Object.fromEntries(routeGroups.map((group) => [`without-${group}`, `groups: { ${group}: deny }`])),
      ...Object.fromEntries(routeGroups.map((group) => [`only-${group}`, onlyGroup(group)])),
      "one-route": "groups: { read: deny }, routes: { image-list: allow, container-create: deny }",
      plain: "",
      digests: `allow: { images: ['localhost:5000/app@${digest}', 'busybox:*'] }`,
      "deny-uts": "controls: { host-uts: deny }",
      "no-uts": "controls: { host-uts: off, no-new-privileges: off }",
      rootfs: "controls: { read-only-rootfs: harden }, limits: { memory: 64m, cpus: 0.5, pids: 77 }",
      "free-privileged": "controls: { privileged: off, host-cgroup-namespace: off }",
      refusing: "override: deny",
      warning: "mode: warn",
      redacted: "redact: true",
      ann: "owner: true",
      bob: "owner: true",
      traefik: "preset: traefik",
      ci: "preset: ci-runner",
    };
  }

  beforeAll(async () => {
    engine = await startEngine({ bridge: true, flags: ["--add-runtime=other=/usr/sbin/runc"] });
    ({ folder } = engine);
    registry = await startRegistry(engine);
    await importBusybox(engine);
    await importImage(engine, "second:1", { changes: ["ENV TOKEN=image-secret"] });
    await engine.docker(["pull", "-q", "localhost:5000/app:1"]);
    await engine.docker(["network", "create", "listed"]);
    const safe = ["--security-opt=no-new-privileges", "--pids-limit=100"];
    await engine.docker([
      "run",
      "-d",
      "--name=web",
      ...safe,
      "-e",
      "PASSWORD=hunter2",
      busybox,
      "sleep",
      "1d",
    ]);
    await engine.docker(["run", "-d", "--name=user", ...safe, "--user=1000", busybox, "sleep", "1d"]);
    await engine.docker([
      "run",
      "-d",
      "--name=on-listed",
      "--network=listed",
      ...safe,
      busybox,
      "sleep",
      "1d",
    ]);
    await engine.docker(["run", "-d", "--name=dangerous", "--privileged", busybox, "sleep", "1d"]);
    const all = Object.entries(clients(registry.digest));
    const lines = all.map(
      ([name, words]) =>
        `    ${name}: { listen: "unix://${folder}/c-${name}.sock"${words ? `, ${words}` : ""} }`,
    );
    const config = join(folder, "bulkhead.yaml");
    writeFileSync(config, `guard:\n  clients:\n${lines.join("\n")}\n`);
    guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  }, 240_000);
  afterAll(async () => {
    await guard?.stop();
    registry?.stop();
    await engine?.stop();
  });

  const socketOf = (client: string) => `${folder}/c-${client}.sock`;

  function docker(client: string, args: readonly string[]): Promise<Ran> {
    return guard.docker(args, { env: { DOCKER_HOST: `unix://${socketOf(client)}` } });
  }

  async function passes(client: string, args: readonly string[]): Promise<string> {
    const ran = await docker(client, args);
    expect(ran, `${client}: docker ${args.join(" ")}`).toMatchObject({ status: 0 });
    return ran.stdout.trim();
  }

  async function fails(client: string, args: readonly string[], words: string): Promise<void> {
    const ran = await docker(client, args);
    expect(ran.status, `${client}: docker ${args.join(" ")}`).not.toBe(0);
    expect(ran.stderr).toContain(words);
  }

  /** What a container is made with, as the Engine itself says it. */
  async function made(client: string, flags: readonly string[]): Promise<Record<string, unknown>> {
    const id = await passes(client, ["create", ...flags, busybox, "true"]);
    const [document] = JSON.parse(await engine.docker(["inspect", id]));
    await engine.docker(["rm", id]);
    return document.HostConfig;
  }

  function call(client: string, { ask, headers = {} }: Pick<Meeting, "ask" | "headers">) {
    const [method, path, content] = ask;
    const body = typeof content === "string" || content === undefined ? content : JSON.stringify(content);
    return new Promise<{ readonly status: number; readonly rules: readonly string[]; readonly text: string }>(
      (resolve, reject) => {
        const type = typeof content === "object" ? { "Content-Type": "application/json" } : {};
        const sent = request({
          socketPath: socketOf(client),
          method,
          path: path === "/session" ? path : `/v1.45${path}`,
          headers: { ...type, ...headers },
          agent: false,
        });
        sent.on("response", (answer) => {
          let text = "";
          const rules = String(answer.headers["x-bulkhead-rules"] ?? "")
            .split(", ")
            .filter(Boolean);
          answer.on("data", (chunk: Buffer) => {
            text += chunk.toString();
          });
          answer.on("close", () => resolve({ status: answer.statusCode ?? 0, rules, text }));
        });
        sent.on("upgrade", (_, socket) => {
          socket.destroy();
          resolve({ status: 101, rules: [], text: "" });
        });
        sent.on("error", reject);
        sent.end(body);
      },
    );
  }

  describe("the guard's own rules", () => {
    it("each has a request here that meets it, or a reason", () => {
      expect([...Object.keys(meetings), ...Object.keys(elsewhere)].sort()).toEqual(
        guardRules.map(({ id }) => id).sort(),
      );
    });

    it.each(Object.entries(meetings))(
      "%s denies, and lets pass where it is told to",
      async (rule, meeting) => {
        const denied = await call(`deny-${rule}`, meeting);
        expect(denied.rules, denied.text).toEqual([rule]);
        expect(denied.status).toBe(403);
        expect(denied.text).toContain(`(${rule})`);
        expect((await call(`usual-${rule}`, meeting)).rules.includes(rule)).toBe(isShut(rule));
        const allowed = await call(`allow-${rule}`, meeting);
        expect(allowed.rules, allowed.text).toEqual([]);
      },
    );
  });

  describe("groups and routes", () => {
    const member: Readonly<Record<(typeof routeGroups)[number], Meeting["ask"]>> = {
      safe: ["GET", "/version"],
      read: ["GET", "/containers/json"],
      secretRead: ["GET", "/containers/web/json"],
      lifecycle: ["POST", "/containers/web/wait?condition=not-created"],
      judged: ["POST", "/containers/web/exec", { Cmd: ["true"] }],
      rootEquivalent: ["POST", "/swarm/leave"],
    };
    it.each(routeGroups)("%s closes by itself, and is open alone", async (group) => {
      for (const other of routeGroups) {
        const asked =
          other === "lifecycle" ? (["POST", "/containers/web/resize?h=1&w=1"] as const) : member[other];
        const without = await call(`without-${group}`, { ask: asked });
        const isClosed = other === group || other === "rootEquivalent";
        expect([other, without.rules.includes("guard-route")]).toEqual([other, isClosed]);
        const only = await call(`only-${group}`, { ask: asked });
        expect([other, only.rules.includes("guard-route")]).toEqual([other, other !== group]);
      }
    });

    it("a route's own word counts before its group's", async () => {
      expect((await call("one-route", { ask: ["GET", "/images/json"] })).status).toBe(200);
      expect((await call("one-route", { ask: ["GET", "/containers/json"] })).rules).toEqual(["guard-route"]);
      expect((await call("one-route", { ask: create({}) })).rules).toEqual(["guard-route"]);
      expect((await call("one-route", { ask: member.judged })).status).toBe(201);
    });
  });

  describe("controls", () => {
    it("deny, replace or leave what somebody asks for", async () => {
      await fails("deny-uts", ["create", "--uts=host", busybox], "(host-uts)");
      expect(await made("plain", ["--uts=host"])).toMatchObject({
        UTSMode: "",
        SecurityOpt: ["no-new-privileges"],
      });
      expect(await made("no-uts", ["--uts=host"])).toMatchObject({ UTSMode: "host", SecurityOpt: null });
      await fails("plain", ["create", "--privileged", busybox], "(privileged)");
      expect(await made("free-privileged", ["--privileged"])).toMatchObject({ Privileged: true });
    });

    it("harden for every image where that is said, with the limits that are said", async () => {
      expect(await made("plain", [])).toMatchObject({ ReadonlyRootfs: false, PidsLimit: 2048, Memory: 0 });
      expect(await made("rootfs", [])).toMatchObject({
        ReadonlyRootfs: true,
        PidsLimit: 77,
        Memory: 64 * 1024 ** 2,
        NanoCpus: 5e8,
      });
    });

    it("under override: deny set what is unset, and refuse what is asked for", async () => {
      await fails("refusing", ["create", "--uts=host", busybox], "(guard-override)");
      expect(await made("refusing", [])).toMatchObject({ SecurityOpt: ["no-new-privileges"] });
    });
  });

  describe("what is allowed by name", () => {
    it.each(lists.map((list, at) => [list.label, at, list] as const))("%s", async (_, at, list) => {
      for (const flags of list.passes) await made(`list-${at}`, flags);
      for (const [rule, ...flags] of list.fails) {
        await fails(`list-${at}`, ["create", ...flags, busybox, "true"], `(${rule})`);
      }
    });

    it("images by pattern and by digest", async () => {
      // Another test has moved the tag.
      await engine.docker(["pull", "-q", "localhost:5000/app:1"]);
      const pinned = `localhost:5000/app@${registry.digest}`;
      for (const image of [busybox, pinned, "localhost:5000/app:1"]) {
        const id = await passes("digests", ["create", image]);
        await engine.docker(["rm", id]);
      }
      await fails("digests", ["create", "second:1"], "(guard-image)");
      await engine.docker(["tag", "second:1", "localhost:5000/app:moved"]);
      await fails("digests", ["create", "localhost:5000/app:moved"], "(guard-image)");
      await passes("digests", ["pull", "-q", pinned]);
      await fails("digests", ["pull", "-q", "localhost:5000/app:1"], "(guard-image)");
    });
  });

  describe("what is blanked", () => {
    it("values of variables, of containers, images and their history", async () => {
      const seen = [
        await passes("redacted", ["inspect", "web"]),
        await passes("redacted", ["image", "inspect", "second:1"]),
        await passes("redacted", ["history", "--no-trunc", "second:1"]),
      ].join("\n");
      expect(seen).toContain("PASSWORD=***");
      expect(seen).toContain("TOKEN=***");
      expect(seen).not.toMatch(/hunter2|image-secret/);
      expect(await passes("plain", ["inspect", "web"])).toContain("PASSWORD=hunter2");
    });

    it("options of volumes that hold a password", async () => {
      const options = [
        "--opt=type=cifs",
        "--opt=device=//192.0.2.1/x",
        "--opt=o=username=me,password=hunter2,ro",
      ];
      await engine.docker(["volume", "create", ...options, "share-with-password"]);
      const seen = [
        await passes("redacted", ["volume", "inspect", "share-with-password"]),
        (await call("redacted", { ask: ["GET", "/volumes"] })).text,
      ];
      for (const each of seen) expect(each).toContain("username=me,password=***,ro");
      expect(seen.join()).not.toContain("hunter2");
    });

    it("what a swarm holds: configs, variables of services and tasks, tokens", async () => {
      await engine.docker(["swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1:2377"]);
      try {
        await engine.docker(["config", "create", "settings", "-"], Buffer.from("config-secret"));
        await engine.docker([
          "service",
          "create",
          "-d",
          "--name=shop",
          "--env=PASSWORD=hunter2",
          "--config=settings",
          busybox,
          "sleep",
          "1d",
        ]);
        for (const path of ["/configs", "/configs/settings", "/services", "/services/shop", "/tasks"]) {
          const plain = await call("plain", { ask: ["GET", path] });
          const { status, text } = await call("redacted", { ask: ["GET", path] });
          expect([path, status], text).toEqual([path, 200]);
          const secret = new RegExp(`hunter2|${btoa("config-secret")}`);
          expect(plain.text, path).toMatch(path === "/tasks" ? /PASSWORD|^\[\]/ : secret);
          expect(text, path).not.toMatch(secret);
        }
      } finally {
        await engine.docker(["swarm", "leave", "--force"]);
      }
    }, 120_000);
  });

  describe("two clients with an owner's label", () => {
    it("each sees and touches its own, and nothing else is there", async () => {
      for (const client of ["ann", "bob"]) {
        await passes(client, ["network", "create", `${client}-net`]);
        await passes(client, ["volume", "create", `${client}-data`]);
        const flags = ["--name", `${client}-box`, "--network", `${client}-net`, "-v", `${client}-data:/data`];
        await passes(client, ["run", "-d", ...flags, "-v", `${client}-new:/new`, busybox, "sleep", "1d"]);
      }
      const events = spawnDocker({ ...guard, host: `unix://${socketOf("ann")}` }, [
        "events",
        "--since=1h",
        "--format={{.Actor.Attributes.name}}",
      ]);
      expect(await passes("ann", ["ps", "-a", "--format={{.Names}}"])).toBe("ann-box");
      expect(await passes("ann", ["network", "ls", "--format={{.Name}}"])).toBe("ann-net");
      expect((await passes("ann", ["volume", "ls", "--format={{.Name}}"])).split("\n")).toEqual([
        "ann-data",
        "ann-new",
      ]);
      expect(await passes("ann", ["ps", "-aq", "--filter=label=bulkhead.owner=bob"])).toBe("");
      expect(await passes("ann", ["ps", "-aq", "--filter=name=bob-box"])).toBe("");
      expect(await passes("ann", ["exec", "ann-box", "echo", "mine"])).toBe("mine");
      expect(await passes("ann", ["stats", "--no-stream", "--format={{.Name}}"])).toBe("ann-box");
      const usage = JSON.parse((await call("ann", { ask: ["GET", "/system/df"] })).text);
      expect(usage.Containers.map(({ Names }: { readonly Names: readonly string[] }) => Names)).toEqual([
        ["/ann-box"],
      ]);
      await events.until("ann-box");
      events.child.kill("SIGINT");
      await events.ended;
      expect(events.output()).not.toMatch(/bob|web|dangerous/);
    });

    it.each([
      ["inspect", "bob-box"],
      ["logs", "bob-box"],
      ["top", "bob-box"],
      ["stats", "--no-stream", "bob-box"],
      ["port", "bob-box"],
      ["diff", "bob-box"],
      ["exec", "bob-box", "true"],
      ["attach", "--no-stdin", "bob-box"],
      ["cp", "bob-box:/etc/passwd", "-"],
      ["export", "bob-box"],
      ["start", "bob-box"],
      ["stop", "bob-box"],
      ["restart", "bob-box"],
      ["kill", "bob-box"],
      ["pause", "bob-box"],
      ["wait", "bob-box"],
      ["rename", "bob-box", "mine"],
      ["update", "--cpus=1", "bob-box"],
      ["rm", "bob-box"],
      ["network", "inspect", "bob-net"],
      ["network", "connect", "bob-net", "ann-box"],
      ["network", "connect", "ann-net", "bob-box"],
      ["network", "disconnect", "bob-net", "bob-box"],
      ["network", "rm", "bob-net"],
      ["volume", "inspect", "bob-data"],
      ["volume", "rm", "bob-data"],
      ["ps", "--filter=before=bob-box"],
      ["create", "--network=bob-net", busybox],
      ["create", "--network=container:bob-box", busybox],
      ["create", "--volumes-from=bob-box", busybox],
      ["create", "--link=bob-box", busybox],
    ])("docker %s %s: as if it were not there, and nothing happens", async (...args) => {
      const id = await engine.docker(["inspect", "--format={{.Id}}", "bob-box"]);
      const ran = await docker("ann", args);
      const said = ran.stdout + ran.stderr;
      expect(ran.status, said).not.toBe(0);
      expect(said).toMatch(/no such|not found/i);
      expect(said).not.toMatch(/guard-owner|Unable to find image/);
      expect(said).not.toContain(id.slice(0, 12));
      const nobody = await docker(
        "ann",
        args.map((word) => word.replaceAll("bob-", "nobody-")),
      );
      expect(said.replaceAll("bob-", "nobody-")).toBe(nobody.stdout + nobody.stderr);
      const state = ["inspect", "--format={{.State.Status}} {{.State.Running}} {{.Name}}", "bob-box"];
      expect(await engine.docker(state)).toBe("running true /bob-box");
    });

    it("nor an exec's id, nor the name of a volume that is taken, nor who else is on everybody's bridge", async () => {
      const { text } = await call("bob", { ask: ["POST", "/containers/bob-box/exec", { Cmd: ["true"] }] });
      const { Id } = JSON.parse(text);
      for (const ask of [
        ["GET", `/exec/${Id}/json`],
        ["POST", `/exec/${Id}/start`, { Detach: true }],
        ["POST", `/exec/${Id}/resize?h=1&w=1`],
      ] satisfies Meeting["ask"][]) {
        expect((await call("ann", { ask })).status).toBe(404);
      }
      expect((await call("bob", { ask: ["GET", `/exec/${Id}/json`] })).status).toBe(200);
      const taken = await call("ann", { ask: ["POST", "/volumes/create", { Name: "bob-data" }] });
      expect(taken).toMatchObject({ status: 403, rules: ["guard-owner"] });
      for (const flags of [["-v", "bob-data:/x"], ["--mount=type=volume,src=bob-data,dst=/x"]]) {
        await fails("ann", ["run", "--rm", ...flags, busybox, "true"], "the name bob-data is taken");
      }
      expect(await passes("ann", ["network", "inspect", "--format={{len .Containers}}", "bridge"])).toBe("0");
      expect(await engine.docker(["network", "inspect", "--format={{len .Containers}}", "bridge"])).not.toBe(
        "0",
      );
      await fails("ann", ["create", "--label=bulkhead.owner=bob", busybox], "(guard-owner-label)");
    });

    it("prunes its own alone", async () => {
      await passes("bob", ["stop", "-t", "0", "bob-box"]);
      await passes("ann", ["stop", "-t", "0", "ann-box"]);
      for (const kind of ["container", "network"]) await passes("ann", [kind, "prune", "-f"]);
      await passes("ann", ["volume", "prune", "-af"]);
      const left = await engine.docker(["ps", "-a", "--format={{.Names}}"]);
      expect(left).toContain("bob-box");
      expect(left).not.toContain("ann-box");
      expect(await engine.docker(["volume", "ls", "-q"])).toMatch(/bob-data\nbob-new/);
      expect(await engine.docker(["volume", "ls", "-q"])).not.toContain("ann-");
      expect(await engine.docker(["network", "ls", "--format={{.Name}}"])).toMatch(/bob-net/);
      await passes("bob", ["rm", "bob-box"]);
    });
  });

  describe("modes and presets", () => {
    it("warn lets through as it is, and tells what it would have done", async () => {
      expect(await made("warning", ["--privileged", "--uts=host"])).toMatchObject({
        Privileged: true,
        UTSMode: "host",
      });
      const entry = guard.entries().findLast(({ route }) => route === "container-create");
      expect(entry).toMatchObject({
        client: "warning",
        mode: "warn",
        verdict: "allow",
        reasons: [],
        changes: [],
      });
      expect(entry?.controls).toEqual(
        expect.arrayContaining(["privileged", "host-uts", "no-new-privileges"]),
      );
    });

    it("learn writes the policy that lets the same through, and nothing else", async () => {
      const learnt = join(folder, "learnt.yaml");
      const traffic = [
        ["ps", "-aq"],
        [
          "run",
          "--rm",
          "--pid=host",
          "--cap-add=NET_ADMIN",
          "-v",
          "/etc/alternatives:/x:ro",
          busybox,
          "true",
        ],
      ];
      const learning = await startGuard(builtCommand(), engine.host, [
        "--no-config",
        "--mode=learn",
        "--learn",
        learnt,
      ]);
      for (const args of traffic) expect(await learning.docker(args)).toMatchObject({ status: 0 });
      learning.signal("SIGTERM");
      await learning.ended();
      await learning.stop();
      expect(readFileSync(learnt, "utf8")).toContain("NET_ADMIN");
      const taught = await startGuard(builtCommand(), engine.host, ["--config", learnt]);
      for (const args of traffic) expect(await taught.docker(args)).toMatchObject({ status: 0 });
      for (const args of [
        ["images"],
        ["create", "--privileged", busybox],
        ["create", "--cap-add=SYS_ADMIN", busybox],
        ["create", "-v", "/etc:/x", busybox],
        ["create", "--network=host", busybox],
      ]) {
        expect((await taught.docker(args)).stderr).toContain("bulkhead: ");
      }
      await taught.stop();
    });

    it("a preset lets its tool see what it needs, blanked, and nothing else", async () => {
      expect(await passes("traefik", ["ps", "-q", "--filter=name=web"])).not.toBe("");
      expect(await passes("traefik", ["inspect", "web"])).toContain("PASSWORD=***");
      for (const args of [
        ["logs", "web"],
        ["stop", "web"],
        ["exec", "web", "true"],
        ["create", busybox],
        ["images"],
      ]) {
        await fails("traefik", args, "(guard-route)");
      }
    });

    it("a CI runner's job builds, runs and composes, and sees nothing but its own", async () => {
      const project = join(folder, "job");
      mkdirSync(project);
      writeFileSync(join(project, "Dockerfile"), `FROM ${busybox}\nRUN echo built > /built\n`);
      writeFileSync(
        join(project, "compose.yaml"),
        `name: job
services:
  one: { build: ., init: true, command: sleep 1d, volumes: ["data:/data"], networks: [own] }
  two: { image: ${busybox}, command: echo two, depends_on: [one], networks: [own] }
volumes: { data: {} }
networks: { own: {} }
`,
      );
      const env = { DOCKER_HOST: `unix://${socketOf("ci")}`, DOCKER_BUILDKIT: "0" };
      const compose = async (...args: readonly string[]) => {
        const ran = await guard.docker(["compose", "--project-directory", project, ...args], { env });
        expect(ran, `compose ${args.join(" ")}`).toMatchObject({ status: 0 });
        return ran.stdout;
      };
      await compose("up", "-d");
      expect(await compose("exec", "-T", "one", "cat", "/built")).toBe("built\n");
      expect(await compose("logs", "two")).toContain("two");
      const seen = await passes("ci", ["ps", "-a", "--format={{.Names}}"]);
      expect(seen.split("\n").sort()).toEqual(["job-one-1", "job-two-1"]);
      const [made] = JSON.parse(await engine.docker(["inspect", "job-one-1"]));
      expect(made.Config.Labels).toMatchObject({ "bulkhead.owner": "ci" });
      expect(made.HostConfig.SecurityOpt).toEqual(["no-new-privileges"]);
      await fails("ci", ["create", "--privileged", busybox], "(privileged)");
      await fails("ci", ["exec", "web", "true"], "No such container: web");
      await compose("down", "-v", "-t", "1");
      expect(await passes("ci", ["volume", "ls", "-q"])).toBe("");
    }, 120_000);

    it("each line of the log has its keys and says whose it is; none has a value, a secret or a command", async () => {
      await docker("plain", [
        "create",
        "--privileged",
        "-e",
        "TOKEN=env-secret",
        "--log-opt=labels=opt-secret",
        busybox,
        "argument-secret",
      ]);
      await docker("plain", ["exec", "-e", "TOKEN=env-secret", "web", "echo", "argument-secret"]);
      const text = readFileSync(guard.logPath, "utf8");
      expect(text).not.toMatch(/env-secret|argument-secret|hunter2|image-secret|config-secret/);
      const names = new Set<string>();
      for (const line of text.trim().split("\n")) {
        const entry = JSON.parse(line);
        expect(Object.keys(entry)).toEqual(
          "time client listener policy mode method route object verdict controls reasons changes warnings".split(
            " ",
          ),
        );
        names.add(entry.client);
        expect(entry.listener).toBe(`unix://${socketOf(entry.client)}`);
      }
      expect(names.size).toBeGreaterThan(100);
    });
  });
});

function onlyGroup(group: (typeof routeGroups)[number]): string {
  return `groups: { ${routeGroups.map((each) => `${each}: ${each === group ? "allow" : "deny"}`).join(", ")} }`;
}
